import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Readable, Writable } from 'node:stream'
import { errorCode, errorMessage } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { isRedrawn, withoutEscapes } from '../host/escape-codes.ts'
import { LineSplitter } from '../host/lines.ts'
import { Flow } from './flow.ts'
import { observe } from './observer.ts'
import { spawnGuarded, type Launch, type LaunchEvents } from './guarded.ts'
import { ProcessTree } from './process-tree.ts'
import { deferred } from '../host/deferred.ts'
import type { ServerExit } from '../facts/startup.ts'
import type { ServicePlan } from '../plan/service.ts'

/** A command whose output is read. */
export type ServerLaunch = Launch & Pick<ServicePlan, 'observed' | 'input'>

/** A server under way, with all that it started. */
export type RunningServer = ReturnType<typeof launchServer>

/** The observer takes back what was made for us, and ends its server; a server that hangs doesn't. In milliseconds. */
const observerMs = 3000

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
export function launchServer(host: Host, launch: ServerLaunch, onLine: (line: string) => void) {
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
  const born = deferred<number | undefined>()
  const end = deferred<Omit<ServerExit, 'afterMs'>>()
  const unborn = (spawnError: string) => {
    born.resolve(undefined)
    end.resolve({ exitCode: undefined, signal: undefined, spawnError })
  }
  const { child, tree } = spawnChild(host, launch, {
    born: (pid) => born.resolve(pid),
    unborn,
    ended: ({ exitCode, signal }) => {
      // a guard that could not run has told nothing of a birth
      born.resolve(undefined)
      end.resolve({ exitCode, signal, spawnError: undefined })
    },
  })
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
  const observer =
    launch.observed === true && toObserver instanceof Writable && fromObserver instanceof Readable
      ? observe(toObserver, fromObserver, host.secrets.add(randomBytes(16).toString('hex')))
      : undefined

  const exited = (async (): Promise<ServerExit> => {
    const exit = { ...(await end.promise), afterMs: host.now() - started }
    if (exit.spawnError === undefined) await untilRead(host, flow, [stdout, stderr])
    await new Promise<void>((resolve) => flow.whenOpen(resolve))
    splitters.out.end()
    splitters.err.end()
    return exit
  })()

  let stopping: Promise<void> | undefined
  return {
    /** Undefined until it is born. */
    get pid() {
      return tree.pid
    },
    /** Its PID, once it is there; undefined where it could not be started, as `exited` tells. */
    born: born.promise,
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

/** The child, where there is one: some of the system's errors are thrown, others come as an event. */
function spawnChild(host: Host, launch: ServerLaunch, events: LaunchEvents) {
  // the observer's pipes are descriptors 3 and 4: one for each direction, since Windows lets a read hold up a write on the same one
  const pipes = launch.observed === true ? (['pipe', 'pipe'] as const) : []
  const streams = [launch.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...pipes] as const
  try {
    return spawnGuarded(host, launch.observed === true ? { ...launch, endsItselfMs: observerMs } : launch, streams, events)
  } catch (error) {
    events.unborn(`${errorCode(error) ?? ''} ${errorMessage(error)}`.trim())
    return { child: undefined, tree: new ProcessTree(host, undefined) }
  }
}

/** Until the streams are closed, or nothing more comes on them though they aren't. */
function untilRead(host: Host, flow: Flow, streams: readonly Readable[]): Promise<void> {
  return new Promise((finish) => {
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
    void (async () => {
      await Promise.all(streams.map((stream) => (stream.closed ? undefined : once(stream, 'close'))))
      clearTimeout(timer)
      finish()
    })()
  })
}
