import { createInterface, type Interface } from 'node:readline'
import { Writable } from 'node:stream'
import { onlyColours } from './escape-codes.ts'
import type { Host } from './host.ts'

/** Asks for a text. Undefined where nobody can answer. `hidden`: it isn't shown as it is typed. */
export async function askText(
  host: Host,
  question: string,
  { hidden = false, signal }: { hidden?: boolean; signal?: AbortSignal } = {},
): Promise<string | undefined> {
  if (!host.terminal.interactive) return undefined
  let isHidden = false
  // the line editor echoes what is typed to where it writes the question
  const output = new Writable({
    write: (chunk: Buffer, _, done) => {
      if (!isHidden) process.stderr.write(chunk)
      done()
    },
  })
  const prompt = createInterface({ input: process.stdin, output, terminal: true })
  try {
    const answered = answerTo(prompt, `  ${onlyColours(host.secrets.mask(question))} `, signal)
    isHidden = hidden
    return (await answered)?.trim()
  } finally {
    prompt.close()
    if (hidden) process.stderr.write('\n')
  }
}

async function answerTo(prompt: Interface, question: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  return new Promise((resolve) => {
    prompt.question(question, resolve)
    // the end of the input is no yes, and neither is a request to stop
    prompt.once('close', () => resolve(undefined))
    signal?.addEventListener('abort', () => resolve(undefined), { once: true })
    // the line editor takes Ctrl+C for itself: it goes to where every other one goes
    prompt.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  })
}

/** Asks a question. False where nobody can answer; `enter`: what Enter alone means. */
export async function ask(
  host: Host,
  question: string,
  { enter = false, signal }: { enter?: boolean; signal?: AbortSignal } = {},
): Promise<boolean> {
  if (!host.terminal.interactive) return false
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await answerTo(prompt, `  ${onlyColours(host.secrets.mask(question))} ${enter ? '[Y/n]' : '[y/N]'} `, signal)
    const words = answer?.trim()
    return words === '' ? enter : /^y(?:es)?$/i.test(words ?? '')
  } finally {
    prompt.close()
  }
}
