import { setTimeout as delay } from 'node:timers/promises'
import type { Judged } from '../checks/diagnosis.ts'
import { ExitCode, LauncherError } from '../errors.ts'
import type { ServiceState, ServiceStatus } from '../facts/service-status.ts'
import { raceStop } from '../host/race-stop.ts'
import { afterFailure } from '../plan/restart.ts'
import type { ReadySummary, SocketState } from '../report/run-event.ts'
import type { RunningServer } from '../run/server.ts'
import type { FixOf } from './start-fixes.ts'
import { live, type LifeEnd, type NeedsSetup, type Up } from './start-life.ts'
import type { Prepared } from './start-prepare.ts'
import type { StartExtras } from './start.ts'

/** A backend that is kept up: started again when it crashes, and whenever it is asked. */
export interface Backend {
  /** The status that the run ends with, once nothing of the backend is left; or what the setup is to fix before it is started anew. */
  readonly ended: Promise<number | NeedsSetup>
  /** Ends the life that is under way and begins the next one; resolves when that one is up or has failed. */
  readonly restart: (why: string, options?: { readonly prepareAnew?: boolean }) => Promise<void>
  /** Proves its WebSocket anew. Undefined where it isn't up. */
  readonly verify: () => Promise<SocketState | undefined>
  readonly status: () => ServiceStatus
  /** The socket as it was last seen. */
  readonly websocket: () => { readonly url: string; readonly state: SocketState } | undefined
  /** What is up, if anything. */
  readonly up: () => Up | undefined
  /** When the code that serves was loaded, on the wall clock. */
  readonly since: () => Date | undefined
  /** Ends it by force, at once. */
  readonly kill: () => void
  /** Holds up its output; it waits where it writes, and no line is lost. */
  readonly pause: () => void
  readonly resume: () => void
}

export interface BackendOptions {
  /** `backend`; further instances have names of their own. */
  readonly name: string
  readonly extras: StartExtras
  /** Of the backends of a run the one whose project is set up: the others are of the same code. */
  readonly isFirst: boolean
  readonly fixOf: FixOf
  /** The ids that the run has warned of; undefined: nothing more is looked for. */
  readonly said: ReadonlySet<string> | undefined
  /** Decides everything anew, on the port that it has: the settings have changed. */
  readonly prepareAnew: (port: number, signal: AbortSignal) => Promise<Prepared>
  /** It was launched for this port; nothing that this does may take long. */
  readonly onLaunch: (server: RunningServer, port: number) => void
  /** It listens. */
  readonly onListening: (port: number) => void
  /** The Origin that the browser will have, where a frontend of this run decides it. */
  readonly origin: () => Promise<string | undefined>
  /** The first proof of a run: gives what the banner says besides the backend. */
  readonly complete: (summary: ReadySummary, up: Up) => Promise<ReadySummary>
  readonly onChange: () => void
  /** It listens and was tried; the banner is still to come. */
  readonly onUp: (up: Up) => void
  /** The banner, or the line of a restart, is out. */
  readonly onTold: (up: Up) => void
}

/** Starts the backend and keeps it up until `prepared.signal` is aborted. */
export function keepUp(prepared: Prepared, options: BackendOptions): Backend {
  const { host, config, report, signal } = prepared
  const { name, extras } = options
  let current = prepared
  let { port } = prepared
  let pinned = false
  let everUp = false
  let crashes = 0
  let restarts = 0
  let anew = false
  let server: RunningServer | undefined
  let up: Up | undefined
  let since: Date | undefined
  let socket: { readonly url: string; readonly state: SocketState } | undefined
  let state: ServiceState = 'starting'
  let why: string | undefined
  /** Why the next life begins; undefined: it is the first. */
  let asked: string | undefined
  let askedAt = host.now()
  /** Ends the life, or the pause, that is under way. */
  let turn = new AbortController()
  let waiting: (() => void)[] = []

  const become = (next: ServiceState, reason?: string) => {
    state = next
    why = reason
    options.onChange()
  }
  const settle = () => {
    // whoever has asked for the next life isn't answered by this one
    if (turn.signal.aborted && !signal.aborted) return
    const settled = waiting
    waiting = []
    for (const resolve of settled) resolve()
  }
  const tell = (cause: Judged<string>) => {
    report({ event: 'diagnosis', diagnosis: cause })
    become('failed', cause.title)
    settle()
  }

  const life = async (): Promise<LifeEnd> => {
    const lifeSignal = AbortSignal.any([signal, turn.signal])
    if (anew) {
      anew = false
      current = await options.prepareAnew(port, lifeSignal)
    }
    return live(
      { ...current, signal: lifeSignal },
      {
        port,
        strictPort: pinned || config.strictPort,
        mayNeedSetup: options.isFirst && asked === undefined,
        fixOf: async (cause) => (asked === undefined ? options.fixOf(cause) : undefined),
        name,
        said: options.said,
        extras,
        origin: options.origin,
      },
      {
        onLaunch: (running) => {
          server = running
          since = new Date()
          become(asked === undefined ? 'starting' : 'restarting', asked)
          options.onLaunch(running, port)
        },
        onPortLost: (lost, next) => {
          port = next
          report({ event: 'warning', id: 'port-in-use', text: `Port ${lost} was taken by another program in the meantime: using ${next}` })
        },
        onListening: (listening) => {
          port = listening
          pinned = true
          options.onListening(listening)
        },
        onUp: async (now) => {
          up = now
          // what has led to it is tried first from now on
          current = { ...now.prepared, signal: current.signal }
          everUp = true
          socket = { url: now.prover.url, state: now.state }
          become(now.state.dot === 'red' ? 'failed' : 'ready', now.state.dot === 'green' ? undefined : now.state.diagnosis.title)
          options.onUp(now)
          const status = await announce(now)
          options.onTold(now)
          settle()
          return status
        },
        onDot: (dot) => {
          if (up === undefined) return
          socket = { url: up.prover.url, state: dot }
          report({ event: 'websocket', url: up.prover.url, state: dot })
          become(dot.dot === 'red' ? 'failed' : 'ready', dot.dot === 'green' ? undefined : dot.diagnosis.title)
        },
      },
    )
  }

  const announce = async (now: Up): Promise<number | undefined> => {
    if (asked !== undefined) {
      report({ event: 'restarted', why: asked, elapsedMs: host.now() - askedAt, url: now.prover.url, state: now.state })
      return undefined
    }
    const summary = await raceStop(options.complete(now.summary, now), signal)
    if (summary === undefined) return undefined
    report({ event: 'ready', ...summary })
    return extras.whenReady?.(summary, signal, { last: now.prover.last, again: now.prover.again })
  }

  const loop = async (): Promise<number | NeedsSetup> => {
    for (;;) {
      const end = await life().catch(async (error: unknown): Promise<LifeEnd> => {
        // decided anew and refused: the settings that were just saved, say
        if (!(error instanceof LauncherError) || asked === undefined) throw error
        const { inShape } = await import('../causes/of-error.ts')
        return { kind: 'failed', diagnosis: inShape(error), wasUp: false, livedMs: 0 }
      })
      const wasTurned = turn.signal.aborted
      turn = new AbortController()
      up = undefined
      server = undefined
      if (signal.aborted) {
        become('stopped')
        settle()
        return ExitCode.ok
      }
      if (end.kind === 'needs-setup' || end.kind === 'status') return end.kind === 'status' ? end.status : end
      if (end.kind === 'stopped' || wasTurned) {
        restarts++
        continue
      }
      if (!(await recovers(end))) {
        settle()
        return ExitCode.finding
      }
    }
  }

  /** Says what has happened and waits for whatever may help; false: the run ends. */
  const recovers = async (end: Extract<LifeEnd, { kind: 'failed' }>): Promise<boolean> => {
    tell(end.diagnosis)
    const next = afterFailure(end, { everUp, crashes }, { restart: config.restart, reload: config.reload })
    if (next.kind === 'end') return false
    const pause = AbortSignal.any([signal, turn.signal])
    if (next.kind === 'pause') {
      crashes = next.crashes
      report({ event: 'note', text: `the backend is started again in ${next.delayMs / 1000} s` })
      become('waiting', `${end.diagnosis.title}; started again in ${next.delayMs / 1000} s`)
      await delay(next.delayMs, undefined, { signal: pause }).catch(() => {})
    } else {
      become('failed', `${end.diagnosis.title}; waiting for the next save`)
      await new Promise<void>((resolve) => {
        pause.addEventListener('abort', () => resolve(), { once: true })
        if (pause.aborted) resolve()
      })
    }
    if (!turn.signal.aborted && !signal.aborted) {
      asked = `it ended (${end.diagnosis.id})`
      askedAt = host.now()
      report({ event: 'restarting', why: asked })
    }
    turn = new AbortController()
    restarts++
    return true
  }

  return {
    // not before the caller has this object: what happens is told by way of it
    ended: Promise.resolve().then(loop),
    restart: (reason, { prepareAnew = false } = {}) => {
      anew ||= prepareAnew
      asked = reason
      askedAt = host.now()
      crashes = 0
      report({ event: 'restarting', why: reason })
      const done = new Promise<void>((resolve) => void waiting.push(resolve))
      turn.abort()
      return done
    },
    verify: async () => {
      if (up === undefined) return undefined
      const { prover } = up
      const { stateOf } = await import('./start-later.ts')
      const proof = await prover.again(config.hold)
      proof.socket?.terminate()
      const seen = stateOf(proof)
      socket = { url: prover.url, state: seen }
      options.onChange()
      return seen
    },
    status: () => ({
      name,
      kind: 'backend',
      state,
      pid: server?.pid,
      url: up === undefined ? undefined : up.summary.backend.url,
      restarts,
      why,
    }),
    websocket: () => socket,
    up: () => up,
    since: () => since,
    kill: () => server?.kill(),
    pause: () => server?.pause(),
    resume: () => server?.resume(),
  }
}
