import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { errorCode } from '../errors.ts'
import { deferred } from '../host/deferred.ts'
import type { Host } from '../host/host.ts'
import { programFile } from '../host/programs.ts'
import { spawnGuarded } from './guarded.ts'
import { ProcessTree } from './process-tree.ts'

/** How long what the command has left behind may take to end, in milliseconds. */
const graceMs = 2000

/** The program that ends the command when the launcher is gone on Windows (guard.ts). */
const guardFile = fileURLToPath(new URL('../guard.js', import.meta.url))

/** How a command ended. */
export interface CommandExit {
  readonly exitCode: number | undefined
  readonly signal: string | undefined
  /** The system's code (`ENOENT`) where it could not be started. */
  readonly code: string | undefined
  /** Milliseconds since its start. */
  readonly afterMs: number
}

/** What to run, without a shell. */
export interface GuardedLaunch {
  readonly words: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where its standard output goes: to ours, or to standard error where ours is a document. */
  readonly output: 'out' | 'err'
}

/**
 * Runs a command in a process group of its own, its output straight to ours.
 * A guard ends it, with all that it has started, when this process is gone, however that
 * comes about. Never throws: what can't be started is an exit with a `code`.
 */
export function runGuarded(host: Host, launch: GuardedLaunch) {
  const started = host.now()
  const end = deferred<Omit<CommandExit, 'afterMs'>>()
  const { tree } = host.platform === 'win32' ? onWindows(host, launch, end.resolve) : onPosix(host, launch, end.resolve)
  const exited = (async () => {
    const exit = { ...(await end.promise), afterMs: host.now() - started }
    // what it has left behind is ended before its end is told: who reads that expects nothing more of it
    await tree.end(graceMs)
    return exit
  })()
  return {
    exited,
    /** Ends it with all that it started; by force when `timeoutMs` milliseconds are over. */
    stop: async (timeoutMs: number): Promise<void> => {
      await tree.end(timeoutMs)
      await exited
    },
    /** Ends it by force, at once. */
    kill: () => tree.kill(),
  }
}

type Ended = (exit: Omit<CommandExit, 'afterMs'>) => void

function onPosix(host: Host, { words: [file = '', ...args], cwd, env, output }: GuardedLaunch, ended: Ended) {
  const unborn = (code: string) => ended({ exitCode: undefined, signal: undefined, code })
  try {
    return spawnGuarded(host, { file, args, cwd, env }, ['ignore', output === 'out' ? 'inherit' : 2, 'inherit'], {
      born: () => {},
      unborn: (error) => unborn(error.split(' ')[0] ?? error),
      ended: ({ exitCode, signal }) => ended({ exitCode, signal, code: undefined }),
    })
  } catch (error) {
    unborn(errorCode(error) ?? 'unknown')
    return { tree: new ProcessTree(host, undefined) }
  }
}

function onWindows(host: Host, launch: GuardedLaunch, ended: Ended) {
  const [name = '', ...args] = launch.words
  const file = programFile(name, launch.env)
  if (file === undefined) {
    ended({ exitCode: undefined, signal: undefined, code: 'ENOENT' })
    return { tree: new ProcessTree(host, undefined) }
  }
  const child = spawn(process.execPath, [guardFile, file, ...args], {
    cwd: launch.cwd,
    env: launch.env,
    stdio: ['ignore', launch.output === 'out' ? 'inherit' : 2, 'inherit', 'ipc'],
    windowsHide: true,
  })
  const tree = new ProcessTree(host, child.pid)
  let told: Omit<CommandExit, 'afterMs'> | undefined
  child.on('message', (message) => {
    told = parseExit(message)
  })
  const finish: Ended = (exit) => {
    tree.ended = true
    ended(exit)
  }
  child.once('error', (error) => {
    if (child.pid === undefined)
      finish({ exitCode: undefined, signal: undefined, code: 'code' in error ? String(error.code) : error.message })
  })
  // a guard that was killed tells nothing: its own end stands for the command's
  child.once('exit', (exitCode, signal) =>
    finish(told ?? { exitCode: exitCode ?? undefined, signal: signal ?? undefined, code: undefined }),
  )
  return { tree }
}

function parseExit(message: unknown): Omit<CommandExit, 'afterMs'> | undefined {
  if (typeof message !== 'object' || message === null || !('exitCode' in message) || !('signal' in message) || !('code' in message))
    return undefined
  const { exitCode, signal, code } = message
  return {
    exitCode: typeof exitCode === 'number' ? exitCode | 0 : undefined,
    signal: typeof signal === 'string' ? signal : undefined,
    code: typeof code === 'string' ? code : undefined,
  }
}
