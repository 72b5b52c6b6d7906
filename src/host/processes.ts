import type { Options } from 'execa'
import { errorCode } from '../errors.ts'
import { programFile, writingUtf8 } from './programs.ts'
import { withoutOurs } from './secret-names.ts'

/** What came of a command that was run to its end. */
export interface Finished {
  /** `missing`: there is no such program (or it can't be executed). `timeout`: it was killed at its deadline. */
  readonly outcome: 'exited' | 'missing' | 'timeout'
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
  /** What it wrote to descriptor 3, where it was given one. */
  readonly answer: string
}

/** Options of `runToEnd`. */
export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly input?: string
  /** Milliseconds; the command and its children are killed then. */
  readonly deadlineMs: number
  /** Killed at the deadline without a word: it has nothing to put in order. */
  readonly now?: true
  /** It answers on descriptor 3, past all that it prints; what it prints to its standard output is passed over. */
  readonly answers?: true
  /** Killed when it is aborted. */
  readonly signal?: AbortSignal
  /** Whose process it is to be; undefined: ours. POSIX alone, and for root. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
}

/** How long the output of a command that has ended is still read, in milliseconds. */
const letGoMs = 1000

/**
 * Runs a short command to its end, without a shell. Never throws: a program
 * that isn't there, or one that outlives its deadline, is an outcome.
 */
export async function runToEnd(file: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  const env = options.env ?? process.env
  const program = programFile(file, env)
  if (program === undefined) return missing('')
  const settings: Options = {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: writingUtf8(withoutOurs(env)),
    extendEnv: false,
    ...(options.answers === true
      ? { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] as const }
      : options.input === undefined
        ? { stdin: 'ignore' as const }
        : { input: options.input }),
    ...options.user,
    reject: false,
    maxBuffer: 8_000_000,
  }
  try {
    // loaded by the first command: none stands before the server's start
    const { execa } = await import('execa')
    const child = execa(program, [...args], settings)
    const letGo = () => {
      child.stdout?.destroy()
      child.stderr?.destroy()
    }
    // what it has started may hold its output open for as long as it likes
    child.once('exit', () => {
      // a loop that was busy runs its timers before it reads
      setTimeout(() => setImmediate(letGo), letGoMs).unref()
    })
    let timedOut = false
    let ending: Promise<void> | undefined
    const end = () => {
      const { pid } = child
      // few commands come to it
      if (pid !== undefined) ending ??= import('./end-tree.ts').then(({ endChild }) => endChild(pid, options.now === true))
    }
    const deadline = setTimeout(() => {
      timedOut = true
      end()
    }, options.deadlineMs)
    if (options.signal?.aborted === true) end()
    options.signal?.addEventListener('abort', end)
    const result = await child
    clearTimeout(deadline)
    options.signal?.removeEventListener('abort', end)
    await ending
    const isMissing = result.exitCode === undefined && ['ENOENT', 'EACCES', 'ENOTDIR', 'ENOEXEC'].includes(result.code ?? '')
    return {
      outcome: timedOut ? 'timeout' : isMissing ? 'missing' : 'exited',
      exitCode: result.exitCode,
      stdout: textOf(result.stdout),
      stderr: textOf(result.stderr),
      answer: textOf(result.stdio[3]),
    }
  } catch (error) {
    // a working folder that isn't there is refused before anything is spawned
    return missing(`${errorCode(error) ?? ''} ${String(error)}`)
  }
}

const missing = (stderr: string): Finished => ({ outcome: 'missing', exitCode: undefined, stdout: '', stderr, answer: '' })

function textOf(output: unknown): string {
  return typeof output === 'string' ? output : ''
}
