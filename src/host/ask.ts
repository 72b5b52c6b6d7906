import { createInterface } from 'node:readline'
import type { Host } from './host.ts'

/** Asks a question. False where nobody can answer; `enter`: what Enter alone means. */
export async function ask(
  host: Host,
  question: string,
  { enter = false, signal }: { enter?: boolean; signal?: AbortSignal } = {},
): Promise<boolean> {
  if (!host.terminal.interactive) return false
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await new Promise<string | undefined>((resolve) => {
      prompt.question(`  ${host.secrets.mask(question)} ${enter ? '[Y/n]' : '[y/N]'} `, resolve)
      // the end of the input is no yes, and neither is a request to stop
      prompt.once('close', () => resolve(undefined))
      signal?.addEventListener('abort', () => resolve(undefined), { once: true })
      // the line editor takes Ctrl+C for itself: it goes to where every other one goes
      prompt.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    })
    const words = answer?.trim()
    return words === '' ? enter : /^y(?:es)?$/i.test(words ?? '')
  } finally {
    prompt.close()
  }
}
