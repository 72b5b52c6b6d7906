import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Host } from '../host/host.ts'
import { ProcessTree } from './process-tree.ts'

/** The program that ends the command when the launcher is gone (guard.ts). */
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
 * A guard leads the group, which ends it when this process is gone, however that
 * comes about. Never throws: what can't be started is an exit with a `code`.
 */
export function runGuarded(host: Host, launch: GuardedLaunch) {
  const started = host.now()
  const child = spawn(process.execPath, [guardFile, ...launch.words], {
    cwd: launch.cwd,
    env: launch.env,
    stdio: ['ignore', launch.output === 'out' ? 'inherit' : 2, 'inherit', 'ipc'],
    detached: host.platform !== 'win32',
    windowsHide: true,
  })
  const tree = new ProcessTree(host, child.pid)
  let told: Omit<CommandExit, 'afterMs'> | undefined
  child.on('message', (message) => {
    told = parseExit(message)
  })
  const exited = new Promise<CommandExit>((resolve) => {
    const finish = (exit: Omit<CommandExit, 'afterMs'>) => {
      tree.ended = true
      resolve({ ...exit, afterMs: host.now() - started })
    }
    child.once('error', (error) => {
      if (child.pid === undefined)
        finish({ exitCode: undefined, signal: undefined, code: 'code' in error ? String(error.code) : error.message })
    })
    // a guard that was killed tells nothing: its own end stands for the command's
    child.once('exit', (exitCode, signal) =>
      finish(told ?? { exitCode: exitCode ?? undefined, signal: signal ?? undefined, code: undefined }),
    )
  })
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

function parseExit(message: unknown): Omit<CommandExit, 'afterMs'> | undefined {
  if (typeof message !== 'object' || message === null || !('exitCode' in message) || !('signal' in message) || !('code' in message))
    return undefined
  const { exitCode, signal, code } = message
  return {
    exitCode: typeof exitCode === 'number' ? exitCode : undefined,
    signal: typeof signal === 'string' ? signal : undefined,
    code: typeof code === 'string' ? code : undefined,
  }
}
