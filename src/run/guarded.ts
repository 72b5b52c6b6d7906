import { accessSync, constants } from 'node:fs'
import { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { constants as system } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { fileURLToPath } from 'node:url'
import type { ChildProcess } from 'node:child_process'
import spawn from 'cross-spawn'
import { attempt } from '../errors.ts'
import { readBytesSync } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { LineSplitter } from '../host/lines.ts'
import { programFile, writingUtf8 } from '../host/programs.ts'
import { markName, ownMark } from '../host/run-mark.ts'
import type { ServicePlan } from '../plan/service.ts'
import { killedMs, ProcessTree } from './process-tree.ts'

/** A command to run, without a shell. */
export interface Launch extends Pick<ServicePlan, 'file' | 'args' | 'cwd' | 'env' | 'user'> {
  /** Where it sees by itself that we are gone: how long it may take to end then before it is asked, in milliseconds. */
  readonly endsItselfMs?: number
}

/** How a process ended. */
interface Exit {
  readonly exitCode?: number | undefined
  readonly signal?: string | undefined
}

/** What becomes of a launch. Each is told once. */
export interface LaunchEvents {
  readonly born: (pid: number) => void
  /** It could not be started: `ENOENT spawn node ENOENT`. */
  readonly unborn: (error: string) => void
  readonly ended: (exit: Exit) => void
}

const guardFile = (platform: NodeJS.Platform): string =>
  fileURLToPath(new URL(platform === 'win32' ? '../guard_windows.py' : '../guard.py', import.meta.url))

/**
 * Starts a command in a process group of its own, under a guard that ends it
 * with all that it has started when we are gone, however that comes about.
 * Without one where no Python is seen. Throws what the system refuses at once.
 */
export function spawnGuarded(
  host: Host,
  launch: Launch,
  streams: readonly ('ignore' | 'pipe' | 'inherit' | 'ipc' | number)[],
  events: LaunchEvents,
) {
  const tree = new ProcessTree(host, undefined)
  const { cwd, user } = launch
  const file = programFile(launch.file, launch.env)
  if (file === undefined) throw Object.assign(new Error(`spawn ${launch.file} ENOENT`), { code: 'ENOENT' })
  const python = guardPython({ ...launch, file }, host.platform)
  const options = {
    cwd,
    env: writingUtf8({ ...launch.env, [markName]: ownMark }),
    // on Windows a guard has no console and outlives us; another detached child would get a console window of its own
    detached: host.platform !== 'win32' || python !== undefined,
    windowsHide: true,
  }
  // not execa: loading it takes some 30 ms, and the server would wait for them
  const child =
    python === undefined
      ? spawn(file, [...launch.args], { ...options, ...user, stdio: [...streams] })
      : spawn(python, ['-I', '-S', guardFile(host.platform), String(streams.length)], { ...options, stdio: [...streams, 'pipe'] })
  const control = python === undefined ? undefined : child.stdio[streams.length]
  if (control instanceof Socket) underGuard(child, control, launch, tree, events)
  else plain(child, launch, tree, events)
  return { child, tree }
}

function plain(child: ChildProcess, launch: Launch, tree: ProcessTree, events: LaunchEvents): void {
  tree.pid = child.pid
  refusals(child, launch, tree, events)
  if (child.pid !== undefined) events.born(child.pid)
  child.once('exit', (code, signal) => {
    tree.ended = true
    // as Windows' shells show it: a code below zero, such as libuv's -4058, comes as 4294963238
    events.ended({ exitCode: code === null ? undefined : code | 0, signal: signal ?? undefined })
  })
}

function refusals(child: ChildProcess, { file }: Launch, tree: ProcessTree, events: LaunchEvents): void {
  child.on('error', (error) => {
    // a signal that could not be sent is an error, too
    if (!('syscall' in error && String(error.syscall).startsWith('spawn'))) return
    tree.ended = true
    tree.guard = undefined
    const code = 'code' in error ? String(error.code) : 'unknown'
    events.unborn(`${code} spawn ${file} ${code}`)
  })
}

function underGuard(child: ChildProcess, control: Socket, launch: Launch, tree: ProcessTree, events: LaunchEvents): void {
  refusals(child, launch, tree, events)
  control.on('error', () => {})
  control.unref()
  const words = Buffer.from([programFile(launch.file, launch.env) ?? launch.file, ...launch.args].map((word) => `${word}\0`).join(''))
  control.write(`${words.length} ${launch.user?.uid ?? -1} ${launch.user?.gid ?? -1} ${launch.endsItselfMs ?? 0}\n`)
  control.write(words)
  let isOver = false
  const over = (exit: Exit) => {
    if (isOver) return
    isOver = true
    tree.ended = true
    // one that waits for what is left holds nobody up
    child.unref()
    events.ended(exit)
  }
  const splitter = new LineSplitter((line) => {
    const [word, value] = line.split(' ')
    const number = Number(value)
    if (word === 'pid') {
      tree.pid = number
      events.born(number)
    } else if (word === 'exit') over({ exitCode: number | 0 })
    else if (word === 'signal') over({ signal: Object.entries(system.signals).find(([, each]) => each === number)?.[0] ?? String(number) })
    else if (word === 'error') {
      isOver = true
      const code = getSystemErrorName(-number)
      events.unborn(`${code} spawn ${launch.file} ${code}`)
    }
  })
  control.on('data', (chunk: Buffer) => splitter.push(chunk))
  let isGone = false
  const gone = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      isGone = true
      resolve()
      // what it has said last is read first, unless an order that came too late has closed the socket over it
      const finish = () => over(code === null || code === 0 ? { signal: signal ?? 'SIGKILL' } : { exitCode: code })
      if (control.closed) finish()
      else control.once('close', finish)
    })
  })
  tree.guard = {
    end: async (timeoutMs) => {
      if (isGone) return child.signalCode === null
      control.write(`end ${Math.ceil(timeoutMs)}\n`)
      child.ref()
      const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs + 3 * killedMs)
      await gone
      clearTimeout(timer)
      return child.signalCode === null
    },
    hurry: () => void control.write('end 0\n'),
  }
}

/** The interpreter that the guard runs by: one that starts in some 10 ms, which no shim of a version manager does. */
function guardPython({ file, env }: Launch, platform: NodeJS.Platform): string | undefined {
  const { VIRTUAL_ENV: environment } = env
  const pythons =
    platform === 'win32'
      ? windowsPythons(file, environment)
      : [
          // on macOS it may be one that offers to install itself
          ...(platform === 'darwin'
            ? ['/opt/homebrew/bin/python3', '/usr/local/bin/python3']
            : ['/usr/bin/python3', '/usr/local/bin/python3']),
          ...(environment === undefined ? [] : [`${environment}/bin/python`]),
          ...(/\/bin\/python3?(?:\.\d+)?$/.test(file) ? [file] : []),
        ]
  return pythons.find((path) => isProgram(path))
}

/** Those behind the environments, whose own only start them and wait (PEP 405), before these. */
function windowsPythons(file: string, environment: string | undefined): string[] {
  // a batch file takes cmd.exe, whose quoting cross-spawn knows
  if (!/\.exe$/i.test(file)) return []
  const isPython = /[\\/]python\.exe$/i.test(file)
  const folders = [...(isPython ? [dirname(dirname(file))] : []), ...(environment === undefined ? [] : [environment])]
  const homes = folders.flatMap((folder) => {
    const text = attempt(() => readBytesSync(join(folder, 'pyvenv.cfg')).toString()) ?? ''
    const home = /^home\s*=\s*(.+)$/m.exec(text)?.[1]?.trim()
    return home === undefined ? [] : [join(home, 'python.exe')]
  })
  return [...homes, ...(isPython ? [file] : []), ...folders.map((folder) => join(folder, 'Scripts', 'python.exe'))]
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
