import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import type { DotenvReader } from '../../src/facts/dotenv.ts'
import { pythonOf, root } from './tools.ts'

/** What a library answers for a whole file; null is python-dotenv's key without `=`. */
export type Reading = Readonly<Record<string, string | null>>

/** One Python process with the real libraries, which lives until `close`. */
export interface DotenvReaders {
  readonly read: (reader: DotenvReader | 'dotenv-interpolated', texts: readonly string[]) => Promise<readonly Reading[]>
  readonly booleans: (reader: DotenvReader, values: readonly string[]) => Promise<readonly (boolean | null)[]>
  readonly close: () => Promise<void>
}

/** Starts test/support/dotenv_readers.py with the interpreter that has the three libraries. */
export function startDotenvReaders(): DotenvReaders {
  const child = spawn(pythonOf('main'), [join(root, 'test', 'support', 'dotenv_readers.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const ask = async (question: object): Promise<string> => {
    child.stdin.write(`${JSON.stringify(question)}\n`)
    const answer = await lines.next()
    if (answer.done === true) throw new Error('the Python process ended')
    return answer.value
  }
  return {
    read: async (reader, texts) => {
      const answer: Reading[] = JSON.parse(await ask({ reader, texts }))
      return answer
    },
    booleans: async (reader, values) => {
      const answer: (boolean | null)[] = JSON.parse(await ask({ reader, booleans: values }))
      return answer
    },
    close: async () => {
      child.stdin.end()
      await ended
    },
  }
}
