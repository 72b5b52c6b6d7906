/** The built command line, run as a user runs it. */
import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { transcript } from './secrets.ts'
import { basePython, root } from './tools.ts'

export const bin = join(root, 'bin', 'election-dev.js')

export interface CliOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Another user, which only root may be. */
  readonly uid?: number
  /** Another build than that of these sources. */
  readonly bin?: string
}

export interface CliResult {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that goes on until it is stopped. */
export interface RunningCli {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** Waits until standard output and error together match; throws with all of it when the command ends first. */
  readonly waitFor: (pattern: RegExp) => Promise<RegExpExecArray>
  /** Sends the signal, if any, and waits for the end. */
  readonly end: (signal?: NodeJS.Signals) => Promise<CliResult>
}

/** The environment of a user's shell: nothing of the test runner's, no colours. What is about a page looks at it where it says so. */
export function cliEnvironment(extra: CliOptions['env'] = {}): NodeJS.ProcessEnv {
  const keep = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'USER', 'SYSTEMROOT', 'PATHEXT', 'COMSPEC', 'APPDATA', 'LOCALAPPDATA']
  const base = Object.fromEntries(keep.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))
  return { ...base, NO_COLOR: '1', ELECTION_DEV_BROWSER: 'false', ...extra }
}

/** Starts a command. Its process is the caller's to end. */
export function startCli(args: readonly string[], options: CliOptions): RunningCli {
  return follow(
    args,
    spawn(process.execPath, [options.bin ?? bin, ...args], {
      cwd: options.cwd,
      env: cliEnvironment(options.env),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.uid === undefined ? {} : { uid: options.uid }),
    }),
  )
}

/** A program that gives a terminal of its own to the command behind it. */
export const onTerminal = join(root, 'test', 'support', 'on_terminal.py')

/** Starts a command on a terminal; all that it says is standard output. What is written to `child.stdin` is typed. */
export function startOnTerminal(args: readonly string[], options: CliOptions): RunningCli {
  const env = cliEnvironment({ TERM: 'xterm', ...options.env })
  return follow(
    args,
    spawn(basePython(), [onTerminal, process.execPath, bin, ...args], { cwd: options.cwd, env, stdio: ['pipe', 'pipe', 'pipe'] }),
  )
}

function follow(args: readonly string[], child: ChildProcessByStdio<Writable | null, Readable, Readable>): RunningCli {
  let [stdout, stderr] = ['', '']
  const watchers = new Set<() => void>()
  // a character may be parted between two pieces
  child.stdout.setEncoding('utf8').on('data', (data: string) => {
    stdout += data
    for (const look of watchers) look()
  })
  child.stderr.setEncoding('utf8').on('data', (data: string) => {
    stderr += data
    for (const look of watchers) look()
  })
  const closed = (async () => {
    await once(child, 'close')
    transcript(args.join(' '), `${stdout}\n${stderr}`)
    for (const look of watchers) look()
  })()
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    waitFor: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(`${stdout}\n${stderr}`)
          if (match !== null) resolve(match)
          else if (child.exitCode !== null || child.signalCode !== null)
            reject(new Error(`${args.join(' ')} ended (${child.exitCode ?? child.signalCode}) without ${pattern}:\n${stdout}\n${stderr}`))
          else return
          watchers.delete(look)
        }
        watchers.add(look)
        look()
      }),
    end: async (signal) => {
      if (signal !== undefined && child.exitCode === null) child.kill(signal)
      await closed
      return { status: child.exitCode, signal: child.signalCode, stdout, stderr }
    },
  }
}

/** Runs a command to its end. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return startCli(args, options).end()
}
