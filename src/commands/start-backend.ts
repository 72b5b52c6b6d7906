import { setTimeout as delay } from 'node:timers/promises'
import { ExitCode, LauncherError } from '../errors.ts'
import { onAbort, raceStop } from '../host/race-stop.ts'
import { afterFailure } from '../plan/restart.ts'
import type { ReadySummary, SocketState } from '../report/run-event.ts'
import type { Services } from '../run/services.ts'
import { Supervised, type Standing } from '../run/supervised.ts'
import type { FixOf } from './start-fixes.ts'
import { live, type LifeEnd, type NeedsSetup, type Up } from './start-life.ts'
import { prepare, type Prepared } from './start-prepare.ts'
import type { StartExtras } from './start.ts'

export interface BackendOptions {
  /** `backend`; further instances have names of their own. */
  readonly name: string
  readonly extras: StartExtras
  /** How the setup fixes a cause; only the first backend of a run has it, whose project is set up: the others are of the same code. */
  readonly fixOf?: FixOf
  /** The ids that the run has warned of; undefined: nothing more is looked for, another backend of the same code does it. */
  readonly said?: ReadonlySet<string>
  /** It was launched; nothing that this does may take long. */
  readonly onLaunch?: () => void
  /** It listens. */
  readonly onListening?: (port: number) => void
  /** The Origin that the browser will have, where a frontend of this run decides it; waited for before the proof. */
  readonly origin: () => Promise<string | undefined>
  /** The first proof of a run: gives what the banner says besides the backend. */
  readonly complete?: (summary: ReadySummary, up: Up) => Promise<ReadySummary>
  /** It listens and was tried; the banner is still to come. */
  readonly onUp: (up: Up) => void
  /** The banner, or the line of a restart, is out. */
  readonly onTold: (up: Up) => void
  /** Has its page looked at in a browser, and waits for that. */
  readonly lookAtPage?: (up: Up) => Promise<void>
}

/** A backend that is kept up: started again when it crashes, and whenever it is asked. */
export class Backend extends Supervised {
  /** What is up, if anything. */
  up: Up | undefined
  /** The socket as it was last seen. */
  websocket: { readonly url: string; readonly state: SocketState } | undefined
  /** When the code that serves was loaded, on the wall clock. */
  since: Date | undefined
  /** The status that the run ends with, once nothing of the backend is left; or what the setup is to fix before it is started anew. */
  ended: Promise<number | NeedsSetup> = Promise.resolve(ExitCode.ok)
  protected port: number
  readonly #options: BackendOptions
  readonly #prepared: Prepared
  readonly #quit = new AbortController()
  #current: Prepared
  #isOver = false
  #pinned = false
  #everUp = false
  #crashes = 0
  /** Everything is to be decided anew, on the port that it has: the settings have changed. */
  #anew = false
  /** Why the next life begins; undefined: it is the first. */
  #asked: string | undefined
  #askedAt = 0
  /** Ends the life, or the pause, that is under way. */
  #turn = new AbortController()
  #waiting: (() => void)[] = []

  constructor(prepared: Prepared, services: Services, options: BackendOptions) {
    super(services)
    this.#prepared = { ...prepared, signal: AbortSignal.any([prepared.signal, this.#quit.signal]) }
    this.#current = this.#prepared
    this.#options = options
    this.port = prepared.port
  }

  get plan() {
    const { config } = this.#prepared
    return { name: this.#options.name, kind: 'backend', dependsOn: config.dependsOn, url: this.up?.summary.backend.url } as const
  }

  /** It has listened: whatever became of it since, it is kept up. */
  get standing(): Standing | undefined {
    return this.#pinned ? { settled: 'ready', why: undefined } : undefined
  }

  /** Starts it as if it had never run, but for its port. */
  start(): void {
    this.#current = this.#prepared
    this.state = 'starting'
    this.why = undefined
    this.restarts = 0
    this.#isOver = false
    this.#pinned = false
    this.#everUp = false
    this.#crashes = 0
    this.#asked = undefined
    this.ended = this.#run().finally(() => {
      this.#isOver = true
      this.#settle()
    })
    // whoever ends the run is told
    this.ended.catch(() => {})
  }

  restart(): Promise<void> {
    return this.again('asked for')
  }

  /** Ends the life that is under way and begins the next one; resolves when that one is up or has failed. */
  again(why: string, { prepareAnew = false } = {}): Promise<void> {
    const settled = this.settled()
    if (this.#isOver) {
      if (!this.services.isStopping) this.start()
      return settled
    }
    this.#anew ||= prepareAnew
    this.#ask(why)
    this.#crashes = 0
    this.#turn.abort()
    return settled
  }

  /** Resolves when it is up or has failed. */
  settled(): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push(resolve))
  }

  async stop(): Promise<void> {
    this.#quit.abort()
    await this.ended
  }

  /** Proves its WebSocket anew. Undefined where it isn't up. */
  async verify(): Promise<SocketState | undefined> {
    if (this.up === undefined) return undefined
    const { prover } = this.up
    const { stateOf } = await import('./start-later.ts')
    const proof = await prover.again(this.#prepared.config.hold)
    proof.socket?.terminate()
    const state = stateOf(proof)
    this.websocket = { url: prover.url, state }
    this.services.told(this.status)
    return state
  }

  #ask(why: string): void {
    this.#asked = why
    this.#askedAt = this.services.host.now()
    this.#prepared.report({ event: 'restarting', why })
  }

  #settle(): void {
    // whoever has asked for the next life isn't answered by this one
    if (this.#turn.signal.aborted && !this.#prepared.signal.aborted) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  async #run(): Promise<number | NeedsSetup> {
    for (;;) {
      const end = await this.#life().catch(async (error: unknown): Promise<LifeEnd> => {
        // decided anew and refused: the settings that were just saved, say
        if (!(error instanceof LauncherError) || this.#asked === undefined) throw error
        const { inShape } = await import('../causes/causes.ts')
        return { kind: 'failed', diagnosis: inShape(error), wasUp: false, livedMs: 0 }
      })
      const wasTurned = this.#turn.signal.aborted
      this.#turn = new AbortController()
      this.up = undefined
      this.running = undefined
      if (this.#prepared.signal.aborted) {
        this.become('stopped')
        return ExitCode.ok
      }
      if (end.kind === 'needs-setup') return end
      if (end.kind === 'status') return end.status
      if (end.kind === 'failed' && !wasTurned && !(await this.#recovers(end))) return ExitCode.finding
      this.restarts++
    }
  }

  async #life(): Promise<LifeEnd> {
    const { config, report } = this.#prepared
    const { fixOf, onLaunch, onListening } = this.#options
    const signal = AbortSignal.any([this.#prepared.signal, this.#turn.signal])
    if (this.#anew) {
      this.#anew = false
      const anew = { ...config, port: this.port, strictPort: true, takeover: false }
      this.#current = await prepare({ ...this.#prepared, config: anew, signal }, { anew: true })
    }
    const isFirst = this.#asked === undefined
    return live(
      { ...this.#current, signal },
      {
        ...this.#options,
        port: this.port,
        strictPort: this.#pinned || config.strictPort,
        mayNeedSetup: fixOf !== undefined && isFirst,
        fixOf: async (cause) => (isFirst ? fixOf?.(cause) : undefined),
        onLaunch: (server) => {
          this.runs(server)
          this.since = new Date()
          // told with its PID
          void server.born.then(() => this.become(isFirst ? 'starting' : 'restarting', this.#asked))
          onLaunch?.()
        },
        onPortLost: (lost, next) => {
          this.port = next
          report({ event: 'warning', id: 'port-in-use', text: `Port ${lost} was taken by another program in the meantime: using ${next}` })
        },
        onListening: (port) => {
          this.port = port
          this.#pinned = true
          onListening?.(port)
        },
        onUp: (up) => this.#isUp(up),
        onDot: (state) => {
          if (this.up !== undefined) this.#sees(state, (websocket) => report({ event: 'websocket', ...websocket }))
        },
      },
    )
  }

  async #isUp(up: Up): Promise<number | undefined> {
    this.up = up
    // what has led to it is tried first from now on
    this.#current = { ...up.prepared, signal: this.#current.signal }
    this.#everUp = true
    this.#sees(up.state)
    this.#options.onUp(up)
    const status = await this.#announce(up)
    this.#options.onTold(up)
    this.#settle()
    return status
  }

  #sees(state: SocketState, tell?: (websocket: { url: string; state: SocketState }) => void): void {
    if (this.up === undefined) return
    this.websocket = { url: this.up.prover.url, state }
    tell?.(this.websocket)
    this.become(state.dot === 'red' ? 'failed' : 'ready', state.dot === 'green' ? undefined : state.diagnosis.title)
  }

  async #announce(up: Up): Promise<number | undefined> {
    const { prover, state, summary } = up
    const { report, signal } = this.#prepared
    if (this.#asked !== undefined) {
      const elapsedMs = this.services.host.now() - this.#askedAt
      report({ event: 'restarted', why: this.#asked, elapsedMs, url: prover.url, state })
      return undefined
    }
    const { extras, complete, lookAtPage } = this.#options
    const whole = complete === undefined ? summary : await raceStop(complete(summary, up), signal)
    if (whole === undefined) return undefined
    report({ event: 'ready', ...whole })
    return extras.whenReady?.(whole, signal, { last: prover.last, again: prover.again, look: async () => lookAtPage?.(up) })
  }

  /** Says what has happened and waits for whatever may help; false: the run ends. */
  async #recovers(end: Extract<LifeEnd, { kind: 'failed' }>): Promise<boolean> {
    const { config, report } = this.#prepared
    const { title, id } = end.diagnosis
    report({ event: 'diagnosis', diagnosis: end.diagnosis })
    this.become('failed', title)
    this.#settle()
    const next = afterFailure(end, { everUp: this.#everUp, crashes: this.#crashes }, config)
    if (next.kind === 'end') return false
    const pause = AbortSignal.any([this.#prepared.signal, this.#turn.signal])
    if (next.kind === 'pause') {
      this.#crashes = next.crashes
      const seconds = next.delayMs / 1000
      report({ event: 'note', text: `the backend is started again in ${seconds} s` })
      this.become('waiting', `${title}; started again in ${seconds} s`)
      await delay(next.delayMs, undefined, { signal: pause }).catch(() => {})
    } else {
      this.become('failed', `${title}; waiting for the next save`)
      await new Promise<void>((resolve) => void onAbort(pause, resolve))
    }
    if (!pause.aborted) this.#ask(`it ended (${id})`)
    this.#turn = new AbortController()
    return true
  }
}
