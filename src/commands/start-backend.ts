import { ExitCode, LauncherError } from '../errors.ts'
import type { Judged } from '../checks/diagnosis.ts'
import type { Inspection } from '../facts/inspection.ts'
import { nextFreePort } from '../facts/next-port.ts'
import type { FailedStart } from '../facts/startup.ts'
import { raceStop } from '../host/race-stop.ts'
import { backendService } from '../plan/launch.ts'
import type { AfterEnd } from '../plan/restart.ts'
import type { ReadySummary, SocketState } from '../report/run-event.ts'
import type { Ended, Life } from '../run/life.ts'
import type { RunningServer } from '../run/server.ts'
import { Service, type Next, type Standing } from '../run/service.ts'
import type { Services } from '../run/services.ts'
import type { FixOf } from './start-fixes.ts'
import type { NeedsSetup, Up } from './start-life.ts'
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
  readonly sureOrigin?: () => Promise<string | undefined>
  /** The first proof of a run: gives what the banner says besides the backend. */
  readonly complete?: (summary: ReadySummary, up: Up) => Promise<ReadySummary>
  /** It listens and was tried; the banner is still to come. */
  readonly onUp: (up: Up) => void
  /** The banner, or the line of a restart, is out. */
  readonly onTold: (up: Up) => void
  /** Has its page looked at in a browser, and waits for that. */
  readonly lookAtPage?: (up: Up) => Promise<void>
}

/** What is needed once a server is launched: the WebSocket client and the judgement. Loaded by then, not before. */
const later = () => import('./start-life.ts')

/** A port is lost to another program between the check and the bind at most this often before we give up. */
const races = 5

/** A backend that is kept up: the service whose WebSocket is proven. */
export class Backend extends Service {
  /** What is up, if anything. */
  up: Up | undefined
  /** The socket as it was last seen; a sound one is none while no server has it. */
  websocket: { readonly url: string; readonly state: SocketState | undefined } | undefined
  /** When the code that serves was loaded, on the wall clock. */
  since: Date | undefined
  /** The status that the run ends with, once nothing of the backend is left; or what the setup is to fix before it is started anew. */
  ended: Promise<number | NeedsSetup> = Promise.resolve(ExitCode.ok)
  protected port: number
  readonly #options: BackendOptions
  readonly #prepared: Prepared
  /** What the next life is tried by first. */
  #current: Prepared
  /** What this life is tried by, and how the way before has failed. */
  #tried: Prepared
  #failed: FailedStart | undefined
  #races = 0
  #inspection: Promise<Inspection> | undefined
  #watching: Promise<void> | undefined
  /** It has listened: whatever became of it since, it is kept up, on this port. */
  #isPinned = false
  /** Everything is to be decided anew, on the port that it has: the settings have changed. */
  #isAnew = false
  /** Why the next life begins; undefined: it is the first. */
  #asked: string | undefined
  #askedAt = 0
  /** The id of the cause of its last end. */
  #cause = ''
  #result: number | NeedsSetup = ExitCode.finding

  constructor(prepared: Prepared, services: Services, options: BackendOptions) {
    super(backendService(options.name, prepared.port, prepared.plan, prepared.config), services, prepared.signal)
    this.#prepared = { ...prepared, signal: this.signal }
    this.#current = this.#tried = this.#prepared
    this.#options = options
    this.port = prepared.port
  }

  override get standing(): Standing | undefined {
    return this.#isPinned ? { settled: 'ready', why: undefined } : undefined
  }

  /** What it depends on was waited for before it was made; later on, it goes its own way. */
  protected override get needs(): readonly string[] {
    return []
  }

  /** Starts it as if it had never run, but for its port. */
  override start(): void {
    this.#current = this.#prepared
    this.state = 'starting'
    this.#isPinned = false
    this.why = this.#asked = undefined
    super.start()
    this.ended = this.loop.then(() => (this.state === 'stopped' ? ExitCode.ok : this.#result))
    // whoever ends the run is told
    this.ended.catch(() => {})
  }

  /** Ends the life that is under way and begins the next one; resolves when that one is up or has failed. */
  again(why: string, { prepareAnew = false } = {}): Promise<void> {
    this.#isAnew ||= prepareAnew && !this.isOver
    return this.restart(undefined, why)
  }

  /** Proves its WebSocket anew. Undefined where it isn't up. */
  async verify(): Promise<SocketState | undefined> {
    if (this.up === undefined) return undefined
    const { prover } = this.up
    const { stateOf } = await import('./start-summary.ts')
    const proof = await prover.again(this.#prepared.config.hold)
    proof.socket?.terminate()
    const state = stateOf(proof)
    this.websocket = { url: prover.url, state }
    this.services.told(this.status)
    return state
  }

  protected override asked(why = 'asked for'): void {
    if (this.isOver) return
    this.#asked = why
    this.#askedAt = this.services.host.now()
    this.#prepared.report({ event: 'restarting', why })
    super.asked()
  }

  protected override begin(isNew: boolean, signal: AbortSignal): Promise<void> | undefined {
    if (isNew && this.#isAnew) return this.#decideAnew(signal)
    if (isNew) {
      this.#tried = { ...this.#current, signal }
      this.#failed = undefined
      this.#races = 0
      this.#result = ExitCode.finding
      this.#prepared.report({ event: 'phase', text: `starting ${this.#tried.server.name}` })
    }
    this.plan = backendService(this.plan.name, this.port, this.#tried.plan, this.#tried.config)
    return undefined
  }

  async #decideAnew(signal: AbortSignal): Promise<void> {
    this.#isAnew = false
    const config = { ...this.#prepared.config, port: this.port, strictPort: true, takeover: false }
    this.#current = await prepare({ ...this.#prepared, config, signal }, { anew: true })
    void this.begin(true, signal)
  }

  protected override launched(server: RunningServer): void {
    this.since = new Date()
    this.#options.onLaunch?.()
    this.#inspection = this.#tried.inspect(server)
    // beside the server's start: the banner tells of it, and nothing of the rest is needed before
    void this.#tried.redis()
    void later()
  }

  protected override born(): void {
    this.become(this.#asked === undefined ? 'starting' : 'restarting', this.#asked)
  }

  protected override async prove({ server, isProven, signal, gone }: Life): Promise<boolean> {
    const { extras, fixOf, origin, sureOrigin } = this.#options
    this.#isPinned = true
    this.#options.onListening?.(this.port)
    const [tried, failed] = [this.#tried, this.#failed]
    const told = failed && import('./start-cause.ts').then(({ tellWay }) => tellWay({ ...this.#current, signal }, failed, tried.way))
    const inspection = this.#inspection
    const first = { extras, inspection, origin: origin(), sureOrigin, fixOf: this.#asked === undefined ? fixOf : undefined }
    const found = await (await later()).proveFirst(tried, { server, port: this.port, isProven }, first)
    if (found === undefined) return false
    if (!('kind' in found)) await raceStop(Promise.resolve(told), signal)
    const result = 'kind' in found ? found : await this.#isUp(found, gone)
    this.#result = result ?? this.#result
    return result === undefined
  }

  async #isUp(up: Up, gone: AbortSignal): Promise<number | undefined> {
    this.up = up
    this.plan = { ...this.plan, url: up.summary.backend.url }
    // what has led to it is tried first from now on
    this.#current = up.prepared
    this.#sees(up.state)
    const { said, onUp, onTold } = this.#options
    onUp(up)
    const status = await this.#announce(up)
    onTold(up)
    const onDot = (state: SocketState) => {
      if (this.up !== undefined) this.#sees(state, (websocket) => this.#prepared.report({ event: 'websocket', ...websocket }))
    }
    if (status === undefined) this.#watching = later().then(({ watchUp }) => watchUp(up, { said, onDot, gone }))
    else up.first.socket?.terminate()
    return status
  }

  #sees(state: SocketState, tell?: (websocket: { url: string; state: SocketState }) => void): void {
    if (this.up === undefined) return
    const seen = { url: this.up.prover.url, state }
    this.websocket = seen
    tell?.(seen)
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

  protected override async letGo(): Promise<void> {
    void this.#inspection?.then(({ cancel }) => cancel())
    await this.#watching
    this.#watching = this.up = undefined
    this.plan = { ...this.plan, url: undefined }
    if (this.websocket?.state?.dot !== 'red') this.websocket &&= { ...this.websocket, state: undefined }
  }

  protected override async after(ended: Ended): Promise<Next> {
    const { readyMs, signal } = ended
    const wasUp = readyMs !== undefined
    const end = await (await later()).endOf(ended, this.port, this.#prepared.config)
    if (!wasUp && (await this.#triesOn(end))) return { kind: 'again' }
    const { endCause } = await import('./start-cause.ts')
    const diagnosis = wasUp ? await endCause(this.#tried, end) : await endCause({ ...this.#current, signal }, this.#failed ?? end)
    const fix = wasUp || this.#asked !== undefined ? undefined : await this.#options.fixOf?.(diagnosis)
    if (fix === undefined) return this.#tells(diagnosis, readyMs, signal)
    this.#result = { kind: 'needs-setup', fix }
    return { kind: 'over', state: undefined }
  }

  /** Whether there is another port, where this one was lost in a race, or another way, where the import of the project has ended the server. */
  async #triesOn(end: FailedStart): Promise<boolean> {
    const { config, report } = this.#prepared
    if (end.kind !== 'died') return false
    if (!end.portTaken) {
      const way = (end.exit.exitCode ?? 0) > 0 ? this.#tried.next(end.lines) : undefined
      if (way === undefined) return false
      this.#failed ??= end
      this.#tried = { ...this.#tried, ...way }
      this.#races = 0
      return true
    }
    const next = this.#isPinned || config.strictPort || this.#races++ >= races ? undefined : await nextFreePort(end.port, config.host)
    if (next === undefined) return false
    this.port = next
    const text = `Port ${end.port} was taken by another program in the meantime: using ${next}`
    report({ event: 'warning', id: 'port-in-use', text })
    return true
  }

  /** Decided anew and refused: the settings that were just saved, say. */
  protected override async raised(error: unknown, signal: AbortSignal): Promise<Next> {
    if (!(error instanceof LauncherError) || this.#asked === undefined) throw error
    const { inShape } = await import('../causes/causes.ts')
    return this.#tells(inShape(error), undefined, signal)
  }

  #tells(diagnosis: Judged<string>, readyMs: number | undefined, signal: AbortSignal): AfterEnd {
    if (!signal.aborted) this.#prepared.report({ event: 'diagnosis', diagnosis })
    this.#cause = diagnosis.id
    return this.decide({ why: diagnosis.title, readyMs, isClean: false, isHopeless: false })
  }

  protected override rests(next: Exclude<AfterEnd, { kind: 'over' }>): void {
    this.become('failed', next.why)
    this.settle()
    if (next.kind === 'wait') {
      this.become('failed', `${next.why}; waiting for the next save`)
      return
    }
    const seconds = next.delayMs / 1000
    this.#prepared.report({ event: 'note', text: `the backend is started again in ${seconds} s` })
    this.become('waiting', `${next.why}; started again in ${seconds} s`)
  }

  protected override resumes(): void {
    this.asked(`it ended (${this.#cause})`)
  }
}
