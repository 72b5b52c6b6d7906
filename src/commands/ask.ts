import { createInterface } from 'node:readline'
import type { Host } from '../host/host.ts'

/** Asks a question that yes alone answers with yes. False where nobody can answer. */
export async function ask(host: Host, question: string): Promise<boolean> {
  if (!host.terminal.interactive) return false
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await new Promise<string | undefined>((resolve) => {
      prompt.question(`  ${host.secrets.mask(question)} [y/N] `, resolve)
      // the end of the input is no yes
      prompt.once('close', () => resolve(undefined))
      // the line editor takes Ctrl+C for itself: it goes to where every other one goes
      prompt.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    })
    return answer !== undefined && /^y(?:es)?$/i.test(answer.trim())
  } finally {
    prompt.close()
  }
}
