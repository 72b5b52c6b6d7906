import type { ServiceState, ServiceStatus } from '../facts/service-status.ts'
import { onAbort } from '../host/race-stop.ts'
import { afterEnd, lastsMs, type AfterEnd, type End } from '../plan/restart.ts'
import type { ServicePlan } from '../plan/service.ts'
import { live, type Ended, type Life } from './life.ts'
import type { RunningServer } from './server.ts'
import type { Services } from './services.ts'

/** How a wait for a service ends. */
export type Settled = 'ready' | 'failed' | 'stopped'

/** How those that depend on a service are to take it. */
export interface Standing {
  readonly settled: Settled
  readonly why: string | undefined
}

/** What follows an end. `again`: at once, as a part of the same life. */
export type Next = AfterEnd | { readonly kind: 'again' } | typeof over

/** Nothing follows, and its state has been told, or is nobody's business. */
const over = { kind: 'over', state: undefined } as const

/**
 * A process of a run that is kept up, whatever its kind: launched, ready,
 * proven, started again after it has ended or when it is asked, until it is
 * stopped. What it is says its plan; what a kind does its own way, its hooks.
 */
export class Service {
  plan: ServicePlan
  protected readonly services: Services
  /** Aborted when it is to end for good. */
  protected readonly signal: AbortSignal
  protected state: ServiceState = 'waiting'
  protected why: string | undefined
  /** It isn't under way: not started yet, or ended for good. */
  protected isOver = true
  /** Settled with that; rejects with a defect. */
  protected loop: Promise<void> = Promise.resolve()
  readonly #quit = new AbortController()
  /** Ends the life, or the pause, that is under way. */
  #turn = new AbortController()
  #running: RunningServer | undefined
  #isPaused = false
  #restarts = 0
  /** It failed because of what it depends on. */
  #blocked = false
  #crashes = 0
  #everReady = false
  /** Until when it has to be ready for the first time. */
  #until: number | undefined
  /** How often the next life was asked for, and by which plan. */
  #asks = 0
  #planned: ServicePlan | undefined
  #waiting: (() => void)[] = []

  /** `signal`: ends it as well, wherever it stands among the others. */
  constructor(plan: ServicePlan, services: Services, signal?: AbortSignal) {
    this.plan = plan
    this.services = services
    this.signal = signal === undefined ? this.#quit.signal : AbortSignal.any([signal, this.#quit.signal])
  }

  /** Undefined while it isn't decided. */
  get standing(): Standing | undefined {
    const { state, why } = this
    // a job has done its work; a server that is gone can't be used
    if (state === 'done' && this.plan.ready !== undefined) return { settled: 'failed', why: 'it has ended' }
    if (state === 'ready' || state === 'done') return { settled: 'ready', why }
    return state === 'failed' || state === 'stopped' ? { settled: state, why } : undefined
  }

  get status(): ServiceStatus {
    const { state, why } = this
    const { name, kind, url } = this.plan
    return { name, kind, state, pid: this.#running?.pid, url, restarts: this.#restarts, why }
  }

  /** It failed because of what it depends on, and may be started when that is fixed. */
  get isBlocked(): boolean {
    return this.#blocked && this.state === 'failed'
  }

  /** It is about to be started again: nobody takes it for failed any more. */
  unblock(): void {
    this.#blocked = false
    this.become('waiting')
  }

  /** Starts it, once what it needs is ready, and again as its policy says. */
  start(): void {
    this.isOver = false
    this.#blocked = false
    this.#everReady = false
    this.#until = undefined
    this.loop = this.#run()
  }

  /** Ends the life that is under way and begins the next one, by another plan where one is given; resolves when it is ready, has failed or was stopped. */
  async restart(plan?: ServicePlan, why?: string): Promise<void> {
    if (this.services.isStopping) return
    const settled = this.settled()
    this.#planned = plan ?? this.#planned
    this.#asks++
    this.#crashes = 0
    this.#until = undefined
    this.asked(why)
    if (this.isOver) this.start()
    else this.#turn.abort()
    await settled
  }

  /** Resolves when it is ready, has failed or was stopped. */
  settled(): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push(resolve))
  }

  /** Ends it with all that it started, within its stopTimeout. */
  async stop(): Promise<void> {
    this.#quit.abort()
    await this.loop
  }

  /** Ends it by force, at once; a `stop` under way goes over to force. */
  kill(): void {
    this.#quit.abort()
    this.#running?.kill()
  }

  /** Holds up its output; it waits where it writes, and no line is lost. */
  pause(): void {
    this.#isPaused = true
    this.#running?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#running?.resume()
  }

  /** What has to be ready before each life. */
  protected get needs(): readonly string[] {
    return this.plan.dependsOn
  }

  /** Decides what is launched; `isNew`: by a new life. */
  protected begin(_isNew: boolean, _signal: AbortSignal): Promise<void> | undefined {
    return undefined
  }

  /** It was launched; nothing that this does may take long. `over`: aborted when it has ended, or is to. */
  protected launched(_server: RunningServer, _over: AbortSignal): void {}

  protected born(): void {
    this.become('starting')
  }

  /** Tells what it is worth, now that it is ready. False: it has done its work, and ends for good. */
  protected async prove(_life: Life): Promise<boolean> {
    this.become('ready')
    return true
  }

  /** It ends, or has ended: lets go of what was held for the sake of it. */
  protected async letGo(): Promise<void> {}

  /** What follows the end of a process. */
  protected async after({ server, exit, outcome, readyMs }: Ended): Promise<Next> {
    if (outcome.kind === 'late' || outcome.kind === 'lost') return { kind: 'over', state: 'failed', why: outcome.why }
    const lines = server.lastLines()
    const hopeless = readyMs === undefined ? this.plan.hopeless : undefined
    const known = hopeless?.find(({ line: pattern }) => lines.some((line) => pattern.test(line)))
    const why = known?.why ?? this.services.host.secrets.mask(await (await import('./why-ended.ts')).whyEnded(this.plan, exit, lines))
    return this.decide({
      why,
      readyMs,
      isClean: exit.exitCode === 0,
      isHopeless: exit.spawnError !== undefined || known !== undefined,
    })
  }

  /** What follows an error on the way; thrown on, it is a defect. */
  protected async raised(error: unknown, _signal: AbortSignal): Promise<Next> {
    throw error
  }

  /** The next life is asked for. */
  protected asked(_why?: string): void {
    this.become('restarting')
  }

  /** The pause after a crash, or the wait for whoever asks, begins. */
  protected rests(next: Exclude<AfterEnd, { kind: 'over' }>): void {
    const when = next.kind === 'pause' ? `; it starts again in ${next.delayMs / 1000} s` : ''
    this.become('restarting', `${next.why}${when}`)
  }

  /** The pause is over. */
  protected resumes(): void {}

  protected decide(end: End): AfterEnd {
    const leftMs = (this.#until ?? Number.POSITIVE_INFINITY) - this.services.clock.now()
    return afterEnd(end, { crashes: this.#crashes, everReady: this.#everReady, leftMs }, this.plan)
  }

  protected become(state: ServiceState, why?: string): void {
    this.state = state
    this.why = why
    this.services.told(this.status)
  }

  /** Answers whoever waits, but not those who have asked for the next life. */
  protected settle(): void {
    if (this.#turn.signal.aborted && !this.signal.aborted) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  async #run(): Promise<void> {
    try {
      for (let isNew = true; ;) {
        this.#restarts += this.#asks
        this.#asks = 0
        this.plan = this.#planned ?? this.plan
        this.#planned = undefined
        this.#turn = new AbortController()
        const turn = AbortSignal.any([this.signal, this.#turn.signal])
        const next: Next = await this.#life(isNew, turn).catch((error: unknown) => this.raised(error, turn))
        if (!turn.aborted && next.kind === 'over') {
          if (next.state !== undefined) this.become(next.state, next.why)
          return
        }
        if (!turn.aborted && next.kind !== 'over' && next.kind !== 'again') await this.#rest(next, turn)
        if (this.signal.aborted) {
          this.become('stopped')
          return
        }
        isNew = turn.aborted || next.kind !== 'again'
      }
    } finally {
      this.isOver = true
      this.settle()
    }
  }

  async #rest(next: Exclude<AfterEnd, { kind: 'over' }>, turn: AbortSignal): Promise<void> {
    if (next.kind === 'pause') this.#crashes = next.crashes
    this.rests(next)
    if (next.kind === 'pause') await this.services.clock.wait(next.delayMs, turn)
    else await untilAborted(turn)
    if (turn.aborted) return
    this.#restarts++
    this.resumes()
  }

  /** Runs one process to its end; nothing of it is left then. */
  async #life(isNew: boolean, signal: AbortSignal): Promise<Next> {
    const blocked = this.needs.length === 0 ? undefined : await this.services.dependencies(this.needs, signal)
    // its turn to be stopped comes once those have ended that depend on it
    if (this.services.isStopping) await untilAborted(signal)
    if (signal.aborted) return over
    this.#blocked = blocked !== undefined
    if (blocked !== undefined) return { kind: 'over', state: 'failed', why: blocked }
    const { host, clock, events } = this.services
    this.#until ??= clock.now() + this.plan.readyTimeoutMs
    // nothing is waited for where nothing has to be: the launch comes first
    const beginning = this.begin(isNew, signal)
    if (beginning !== undefined) await beginning
    if (signal.aborted) return over
    const { name } = this.plan
    const ended = await live(host, this.plan, {
      signal,
      now: clock.now,
      // one that has nothing to wait for is ready as it is; one that has crashed is so once it lasts
      lasts: (gone) => (this.#crashes === 0 ? undefined : clock.wait(lastsMs, gone)),
      onLine: (line) => events.onLine(name, line),
      launched: (server, gone) => {
        this.#running = server
        if (this.#isPaused) server.pause()
        this.launched(server, gone)
      },
      born: () => this.born(),
      ready: async (life) => {
        this.#everReady = true
        this.#until = Number.POSITIVE_INFINITY
        const goesOn = await this.prove(life)
        if (goesOn) this.settle()
        return goesOn
      },
      ending: () => this.letGo(),
    }).finally(() => (this.#running = undefined))
    return ended === undefined || signal.aborted ? over : this.after(ended)
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => void onAbort(signal, resolve))
}
