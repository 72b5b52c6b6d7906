/** What runs and listens on this machine, as far as it is of a test: processes are told by a mark in their environment. */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { listenersOn } from '../../src/facts/listener.ts'
import type { Host } from '../../src/host/host.ts'
import { Secrets } from '../../src/host/secrets.ts'

const run = promisify(execFile)

/** A host for stages that are tested on their own: the real machine, and nobody's terminal. */
export const testHost: Host = {
  platform: process.platform,
  give: () => {},
  env: process.env,
  cwd: process.cwd(),
  now: () => performance.now(),
  terminal: {
    out: () => {},
    err: () => {},
    ciCommand: () => {},
    log: () => {},
    json: () => {},
    jsonLog: () => {},
    full: () => false,
    drained: (callback) => callback(),
    interactive: false,
    outIsTerminal: false,
    errIsTerminal: false,
    color: false,
    columns: 80,
    screen: undefined,
  },
  secrets: new Secrets(),
}

/** An environment that every process of one run inherits, with a folder for temporary files of its own. */
export interface Mark {
  readonly env: Readonly<Record<string, string>>
  /** PIDs of all living processes that bear the mark; zombies don't live. */
  readonly processes: () => Promise<number[]>
  /** Those without the guards above them. */
  readonly unguarded: () => Promise<number[]>
  /** What lies in its folder for temporary files. */
  readonly temporary: () => Promise<string[]>
  readonly remove: () => Promise<void>
}

export async function makeMark(): Promise<Mark> {
  const mark = `TEST_MARK=${randomUUID()}`
  const folder = await mkdtemp(join(tmpdir(), 'mark-'))
  return {
    env: { TEST_MARK: mark.slice('TEST_MARK='.length), TMPDIR: folder },
    processes: () => bearing(mark),
    unguarded: async () => {
      const commands = await Promise.all(
        (await bearing(mark)).map(async (pid) => ({ pid, command: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') })),
      )
      return commands.flatMap(({ pid, command }) => (command.includes('guard.py') ? [] : [pid]))
    },
    temporary: () => readdir(folder),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

async function bearing(mark: string): Promise<number[]> {
  if (process.platform !== 'linux') {
    // macOS: `ps e` shows the environment of one's own processes
    const { stdout } = await run('ps', ['-axeww', '-o', 'pid=,command='], { maxBuffer: 64e6 })
    return stdout.split('\n').flatMap((line) => (line.includes(mark) ? [Number.parseInt(line, 10)] : []))
  }
  const found: number[] = []
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    // a zombie's environment is empty
    const environment = await readFile(`/proc/${entry}/environ`, 'utf8').catch(() => '')
    if (environment.split('\0').includes(mark)) found.push(Number(entry))
  }
  return found
}

/** PID of the process that listens on a port; throws where there is none. */
export async function listenerOf(port: number): Promise<number> {
  const [listener] = await listenersOn(testHost, port)
  if (listener?.pid === undefined) throw new Error(`nobody is seen to listen on ${port}`)
  return listener.pid
}

/** True where somebody takes connections. */
export async function listens(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Every file of a folder but the interpreter's own byte code, sorted. */
export async function filesOf(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true })
  return files.filter((file) => !file.includes('__pycache__') && !/[/\\]venv[/\\]/.test(file)).toSorted()
}
