import type { ServerExit } from '../facts/startup.ts'
import { lastsMs, restartDelayMs, settledMs } from '../plan/restart.ts'
import type { ServicePlan } from '../plan/service.ts'
import { launchServer, type RunningServer } from './server.ts'
import { raceStop } from '../host/race-stop.ts'
import type { Services } from './services.ts'
import { Supervised, type Standing } from './supervised.ts'

/** One process of a plan, started again as its policy says, until it is stopped. */
export class Service extends Supervised {
  plan: ServicePlan
  /** Restarts since it was well for the last time. */
  #row = 0
  /** It failed because of what it depends on. */
  #blocked = false
  #quit = new AbortController()
  #loop: Promise<void> = Promise.resolve()
  #restarting: Promise<void> = Promise.resolve()
  readonly #listeners = new Set<(line: string) => void>()

  constructor(plan: ServicePlan, services: Services) {
    super(services)
    this.plan = plan
  }

  get standing(): Standing | undefined {
    const { state, why } = this
    // a job has done its work; a server that is gone can't be used
    if (state === 'done' && this.plan.ready !== undefined) return { settled: 'failed', why: 'it has ended' }
    if (state === 'ready' || state === 'done') return { settled: 'ready', why }
    return state === 'failed' || state === 'stopped' ? { settled: state, why } : undefined
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

  /** Starts it, once what it depends on is ready. */
  start(): void {
    this.#blocked = false
    this.#quit = new AbortController()
    this.#loop = this.#run(this.#quit.signal)
  }

  /** One restart after the other. */
  async restart(plan: ServicePlan = this.plan): Promise<void> {
    const before = this.#restarting
    this.#restarting = (async () => {
      await before
      if (this.services.isStopping) return
      this.become('restarting')
      await this.#end()
      if (this.services.isStopping) return
      this.plan = plan
      this.#row = 0
      this.restarts++
      this.start()
    })()
    await this.#restarting
    await this.services.wait(this.plan.name)
  }

  /** Within its stopTimeout. */
  async stop(): Promise<void> {
    await this.#end()
    // a restart under way may have started it once more
    await this.#restarting
    await this.#end()
    if (this.state !== 'failed' && this.state !== 'done') this.become('stopped')
  }

  override kill(): void {
    this.#quit.abort()
    super.kill()
  }

  async #end(): Promise<void> {
    this.#quit.abort()
    await this.#loop
  }

  async #run(signal: AbortSignal): Promise<void> {
    /** Until when it has to be ready for the first time, however often it crashes before. */
    let deadline: number | undefined
    while (!signal.aborted) {
      const blocked = await this.services.dependencies(this.plan.dependsOn, signal)
      if (signal.aborted || this.services.isStopping) return
      if (blocked !== undefined) {
        this.#blocked = true
        this.become('failed', blocked)
        return
      }
      deadline ??= this.services.clock.now() + this.plan.readyTimeoutMs
      const end = await this.#once(signal)
      if (end === undefined) return
      if (end.wasReady) deadline = Number.POSITIVE_INFINITY
      const pause = restartDelayMs(this.#row++)
      if (this.services.clock.now() + pause > deadline) {
        this.become('failed', `${end.why}; it was never ready in ${this.#row} starts`)
        return
      }
      this.become('restarting', `${end.why}; it starts again in ${pause / 1000} s`)
      await this.services.clock.wait(pause, signal)
      if (!signal.aborted) this.restarts++
    }
  }

  /** Runs it to its end. Gives why it is to be started again, or undefined where it isn't. */
  async #once(signal: AbortSignal): Promise<{ why: string; wasReady: boolean } | undefined> {
    const plan = this.plan
    const { host, clock } = this.services
    const { file, args, cwd, env, input, user } = plan
    const launch = { file, args, cwd, env, ...(input === undefined ? {} : { input }), ...(user === undefined ? {} : { user }) }
    const server = launchServer(host, launch, (line) => {
      for (const listener of this.#listeners) listener(line)
      this.services.events.onLine(plan.name, line)
    })
    this.runs(server)
    // one that was never born has no state of its own
    const isBorn = (await server.born) !== undefined
    if (isBorn && !signal.aborted) this.become('starting')
    const over = new AbortController()
    const ended = server.exited.finally(() => over.abort())
    const outcome = await this.#untilReady(server, AbortSignal.any([over.signal, signal]))
    const readyAt = outcome.kind === 'ready' && isBorn ? clock.now() : undefined
    if (readyAt !== undefined && !signal.aborted) this.become('ready')
    if (outcome.kind !== 'late') await raceStop(ended, signal)
    // what is left of its tree goes with it, whichever way it ended
    await server.stop(plan.stopTimeoutMs)
    const exit = await ended
    this.running = undefined
    if (signal.aborted) return undefined
    if (outcome.kind === 'late') {
      this.become('failed', outcome.why)
      return undefined
    }
    if (readyAt !== undefined && clock.now() - readyAt >= settledMs) this.#row = 0
    return this.#after(exit, server, readyAt !== undefined || plan.ready === undefined)
  }

  async #untilReady(server: RunningServer, over: AbortSignal) {
    const listen = (callback: (line: string) => void) => {
      this.#listeners.add(callback)
      // what it said while the looks were loaded counts as well
      queueMicrotask(() => {
        for (const line of server.lastLines()) callback(line)
      })
      return () => void this.#listeners.delete(callback)
    }
    // without a process, its end is told in a moment, and why
    if (server.pid === undefined) return { kind: 'over' } as const
    if (this.plan.ready === undefined) {
      // one that has nothing to wait for is ready as it is: it may be done before the looks are loaded
      if (this.#row === 0) return { kind: 'ready' } as const
      // one that has crashed is so once it lasts
      await this.services.clock.wait(lastsMs, over)
      return over.aborted ? ({ kind: 'over' } as const) : ({ kind: 'ready' } as const)
    }
    const { untilReady } = await import('./readiness.ts')
    return untilReady(this.services.host, this.plan, { pid: server.pid, listen, over })
  }

  /** What its policy says after it ended by itself. */
  async #after(exit: ServerExit, server: RunningServer, wasReady: boolean): Promise<{ why: string; wasReady: boolean } | undefined> {
    const { restart, hopeless, startsOnce } = this.plan
    const known = wasReady ? undefined : hopeless?.find(({ line: pattern }) => server.lastLines().some((line) => pattern.test(line)))
    const why =
      known?.why ??
      this.services.host.secrets.mask(await (await import('./why-ended.ts')).whyEnded(this.plan, exit, server.lastLines().at(-1)))
    // what isn't there doesn't come by trying again
    if (exit.spawnError !== undefined || known !== undefined || (startsOnce === true && !wasReady)) this.become('failed', why)
    else if (restart === 'always') return { why, wasReady }
    else if (exit.exitCode === 0) this.become(wasReady ? 'done' : 'failed', wasReady ? undefined : `${why}, before it was ready`)
    else if (restart === 'no') this.become('failed', why)
    else return { why, wasReady }
    return undefined
  }
}
