import { randomBytes } from 'node:crypto'
import { Socket } from 'node:net'
import { Readable, Writable } from 'node:stream'
import type { ChildProcess } from 'node:child_process'
import spawn from 'cross-spawn'
import { errorCode, errorMessage } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { isRedrawn, withoutEscapes } from '../host/escape-codes.ts'
import { LineSplitter } from '../host/lines.ts'
import { Flow } from './flow.ts'
import { observe } from './observer.ts'
import { ProcessTree } from './process-tree.ts'
import type { ServerExit } from '../facts/startup.ts'

/** A command to run, without a shell. */
export interface Launch {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** It runs under the observer, which gets pipes of its own. */
  readonly observed?: boolean
  /** What it reads from its standard input, which is closed after it; nothing can be read there without it. Never shown: a place for a password. */
  readonly input?: string
  /** It has no way of its own to see that the launcher is gone: a watcher in its process group ends it then. POSIX alone. */
  readonly tied?: boolean
  /** Whose process it is; undefined: ours. POSIX alone, and for root. */
  readonly user?: { readonly uid: number; readonly gid: number }
}

/** A server under way, with all that it started. */
export type RunningServer = ReturnType<typeof launchServer>

const keptLines = 200
/** The last lines of an ended server are read until nothing has come for so long, in milliseconds. */
const quietMs = 200
/** And no longer than this: a grandchild may hold the streams open and go on writing. */
const lastLinesMs = 2000

/**
 * Starts the server in a process group of its own, so that the terminal's Ctrl+C
 * reaches it once, through us, and so that all that it starts can be ended with it.
 * `onLine` gets every line of its output; lines of the two streams never mix.
 */
export function launchServer(host: Host, launch: Launch, onLine: (line: string) => void) {
  const started = host.now()
  const kept: string[] = []
  let count = 0
  const keep = (line: string) => {
    if (isRedrawn(line)) return
    kept.push(withoutEscapes(line))
    count++
    if (kept.length > keptLines) kept.shift()
    onLine(line)
  }
  const { child, refusal } = spawnChild(launch, host.platform)
  // a process that isn't there, or for which no descriptor was left, has no streams
  const stdout = child?.stdout ?? Readable.from([])
  const stderr = child?.stderr ?? Readable.from([])
  const splitters = { out: new LineSplitter(keep), err: new LineSplitter(keep) }
  const flow = new Flow([stdout, stderr])
  stdout.on('data', (chunk: Buffer) => flow.take(() => splitters.out.push(chunk)))
  stderr.on('data', (chunk: Buffer) => flow.take(() => splitters.err.push(chunk)))
  // one that ends before it has read everything has said why
  child?.stdin?.on('error', () => {})
  child?.stdin?.end(launch.input)

  const [, , , toObserver, fromObserver]: readonly unknown[] = child?.stdio ?? []
  const lifeline = launch.tied === true && toObserver instanceof Socket ? toObserver.unref() : undefined
  lifeline?.on('error', () => {})
  const observer =
    lifeline === undefined && toObserver instanceof Writable && fromObserver instanceof Readable
      ? observe(toObserver, fromObserver, host.secrets.add(randomBytes(16).toString('hex')))
      : undefined

  const tree = new ProcessTree(host, child?.pid)
  const exited = new Promise<ServerExit>((resolve) => {
    const finish = (exit: ServerExit) =>
      flow.whenOpen(() => {
        splitters.out.end()
        splitters.err.end()
        resolve(exit)
      })
    const unborn = (error: unknown) => {
      tree.ended = true
      const spawnError = `${errorCode(error) ?? ''} ${errorMessage(error)}`.trim()
      finish({ exitCode: undefined, signal: undefined, afterMs: host.now() - started, spawnError })
    }
    if (child === undefined) {
      unborn(refusal)
      return
    }
    child.on('error', (error) => {
      // a signal that could not be sent is an error, too
      if ('syscall' in error && String(error.syscall).startsWith('spawn')) unborn(error)
    })
    child.once('exit', (code, signal) => {
      tree.ended = true
      lifeline?.destroy()
      const exit: ServerExit = {
        exitCode: code ?? undefined,
        signal: signal ?? undefined,
        afterMs: host.now() - started,
        spawnError: undefined,
      }
      untilRead(
        host,
        flow,
        (done) => child.once('close', done),
        () => finish(exit),
      )
    })
  })

  let stopping: Promise<void> | undefined
  return {
    pid: child?.pid,
    exited,
    /** What speaks with the observer, where it runs under one. */
    observer,
    /** The last lines of its output, both streams in the order of arrival, colours taken out. */
    lastLines: (): readonly string[] => kept,
    /** How many lines it has written so far. */
    lineCount: () => count,
    /** What is still kept of the lines after the first `since`. */
    linesSince: (since: number): readonly string[] => kept.slice(Math.max(0, kept.length - (count - since))),
    /**
     * Reads nothing more of its output until `resume`: its writes wait once the
     * pipe is full, and no line is lost. The lines of the piece that was just read
     * (64 KiB) still come. `exited` waits for `resume`; a `stop` lets everything go on.
     */
    pause: () => flow.pause(),
    resume: () => flow.resume(),
    /** Ends the whole tree: gracefully, and by force when `timeoutMs` is over. Resolves when nothing of it is left. */
    stop: (timeoutMs: number): Promise<void> => {
      stopping ??= (async () => {
        await observer?.takeBack()
        await tree.end(timeoutMs)
        // no more than the pipes hold is left now, and whoever paused may be gone
        flow.openForGood()
        await exited
        // what has left the tree may hold the other ends for ever, and would hold us with them
        stdout.destroy()
        stderr.destroy()
        observer?.close()
      })()
      return stopping
    },
    /** Ends the whole tree by force, at once; a `stop` under way goes over to force. */
    kill: () => tree.kill(),
  }
}

/**
 * Becomes the command that its arguments are. A process that is nobody's child reads descriptor 3 until its other end,
 * the launcher's, is closed, and ends the group then; while it is there, no other process can be given the group's number.
 */
const untilLauncherGone = `( (
  read -r _ <&3; trap "" TERM; kill -TERM -$$
  for _ in 1 2 3 4 5; do kill -0 $$ || exit; sleep 1; done; kill -KILL -$$
) </dev/null >/dev/null 2>&1 & )
exec 3<&-; exec "$@"`

/** The child, or why there is none: some of the system's errors are thrown, others come as an event. */
function spawnChild(launch: Launch, platform: NodeJS.Platform): { readonly child?: ChildProcess; readonly refusal?: unknown } {
  const isTied = launch.tied === true && platform !== 'win32'
  const [file, ...args] = isTied
    ? ['/bin/sh', '-c', untilLauncherGone, 'election-dev', launch.file, ...launch.args]
    : [launch.file, ...launch.args]
  try {
    return {
      // not execa: loading it takes some 30 ms, and the server would wait for them
      child: spawn(file, args, {
        cwd: launch.cwd,
        env: { ...launch.env },
        ...launch.user,
        // the observer's pipes are descriptors 3 and 4: one for each direction, since Windows lets a read hold up a write on the same one
        stdio: [
          launch.input === undefined ? 'ignore' : 'pipe',
          'pipe',
          'pipe',
          ...(launch.observed === true ? (['pipe', 'pipe'] as const) : isTied ? (['pipe'] as const) : []),
        ],
        // on Windows a detached child gets a console window of its own
        detached: platform !== 'win32',
        windowsHide: true,
      }),
    }
  } catch (error) {
    return { refusal: error }
  }
}

/** Calls `finish` once the streams are closed, or nothing more comes on them though they aren't. */
function untilRead(host: Host, flow: Flow, onClose: (done: () => void) => void, finish: () => void): void {
  let deadline = host.now() + lastLinesMs
  let seen = flow.chunks
  const timer = setTimeout(() => {
    // a loop that was busy runs its timers before it reads: what waits in the pipe is read first
    setImmediate(() => {
      if (!flow.paused && (flow.chunks === seen || host.now() > deadline)) {
        finish()
        return
      }
      // time in which nothing may be read doesn't count
      if (flow.paused) deadline = host.now() + lastLinesMs
      seen = flow.paused ? -1 : flow.chunks
      timer.refresh()
    })
  }, quietMs)
  onClose(() => {
    clearTimeout(timer)
    finish()
  })
}
