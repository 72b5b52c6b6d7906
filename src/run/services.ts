import { setTimeout as delay } from 'node:timers/promises'
import { LauncherError, usageError } from '../errors.ts'
import type { ServiceStatus } from '../facts/service-status.ts'
import type { Host } from '../host/host.ts'
import type { ServicePlan } from '../plan/service.ts'
import { Service, type Clock, type ServiceWorld } from './service.ts'
import { whenAborted } from '../host/race-stop.ts'

/** What is told of the services while they run. */
export interface ServiceEvents {
  readonly onLine: (name: string, line: string, stream: 'out' | 'err') => void
  readonly onStatus: (status: ServiceStatus) => void
}

/** How a wait for a service ends. */
type Settled = 'ready' | 'failed' | 'stopped'

/** Something that is supervised elsewhere, such as the backend: its readiness is told by `tell`. */
interface External {
  readonly name: string
  /** It is stopped before these. */
  readonly dependsOn: readonly string[]
  /** Ends it, in its place among the others. */
  readonly stop?: () => Promise<void>
}

export interface SuperviseOptions {
  readonly externals?: readonly External[]
  /** For tests. */
  readonly clock?: Clock
}

/** The services of a run, under way. */
export interface Services {
  /** Resolves once it is ready (or has done its work), failed, or was stopped. Throws LauncherError `service-unknown`. */
  readonly wait: (name: string) => Promise<Settled>
  /** Tells how something stands that is supervised elsewhere. */
  readonly tell: (name: string, settled: Settled, why?: string) => void
  /** Ends a service and starts it again, with another plan where one is given. Resolves as `wait` does. */
  readonly restart: (name: string, plan?: ServicePlan) => Promise<Settled>
  /** Starts one more. Throws LauncherError `service-name-taken`. */
  readonly add: (plan: ServicePlan) => void
  /** In the order of the plans. */
  readonly statuses: () => ServiceStatus[]
  /** Holds up the output of one service, or of all; its writers wait, and no line is lost. */
  readonly pause: (name?: string) => void
  readonly resume: (name?: string) => void
  /**
   * Ends all, each before what it depends on, in parallel where that allows it,
   * each within its stopTimeout. Resolves when nothing of them is left.
   */
  readonly stop: () => Promise<void>
  /** Ends all by force, at once; a `stop` under way goes over to force. */
  readonly kill: () => void
}

/**
 * Starts each service as soon as what it depends on is ready, and starts it
 * again as its policy says. Aborting the signal stops them all. A name in a
 * `dependsOn` that is in no plan is something outside, which is waited for
 * until `tell` says how it stands.
 */
export function superviseServices(
  host: Host,
  plans: readonly ServicePlan[],
  events: ServiceEvents,
  signal: AbortSignal,
  options: SuperviseOptions = {},
): Services {
  const supervisor = new Supervisor(host, events, options)
  for (const plan of plans) supervisor.take(plan)
  const stop = () => void supervisor.stop()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  else supervisor.startAll()
  return {
    wait: (name) => supervisor.wait(name),
    tell: (name, settled, why) => supervisor.tell(name, settled, why),
    restart: (name, plan) => supervisor.restart(name, plan),
    add: (plan) => supervisor.add(plan),
    statuses: () => supervisor.statuses(),
    pause: (name) => supervisor.each(name, (service) => service.pause()),
    resume: (name) => supervisor.each(name, (service) => service.resume()),
    stop: async () => {
      signal.removeEventListener('abort', stop)
      await supervisor.stop()
    },
    kill: () => supervisor.kill(),
  }
}

const realClock = (host: Host): Clock => ({
  now: host.now,
  wait: async (ms, signal) => {
    await delay(ms, undefined, { signal }).catch(() => undefined)
  },
})

class Supervisor {
  readonly #services = new Map<string, Service>()
  readonly #externals: ReadonlyMap<string, External>
  readonly #told = new Map<string, { readonly settled: Settled; readonly why: string | undefined }>()
  readonly #watchers = new Set<() => void>()
  readonly #host: Host
  readonly #events: ServiceEvents
  readonly #clock: Clock
  #stopping: Promise<void> | undefined
  #isOver = false

  constructor(host: Host, events: ServiceEvents, options: SuperviseOptions) {
    this.#host = host
    this.#events = events
    this.#clock = options.clock ?? realClock(host)
    this.#externals = new Map((options.externals ?? []).map((external) => [external.name, external]))
  }

  take(plan: ServicePlan): Service {
    if (this.#services.has(plan.name) || this.#externals.has(plan.name)) {
      throw usageError('service-name-taken', `There is a service called ${plan.name} already`)
    }
    const world: ServiceWorld = {
      host: this.#host,
      clock: this.#clock,
      onLine: (line, stream) => this.#events.onLine(plan.name, line, stream),
      onStatus: (status) => {
        this.#events.onStatus(status)
        this.#changed()
      },
      dependencies: (names, signal) => this.#dependencies(names, signal),
      isStopping: () => this.#stopping !== undefined,
    }
    const service = new Service(plan, world)
    this.#services.set(plan.name, service)
    return service
  }

  startAll(): void {
    for (const service of this.#services.values()) service.start()
  }

  add(plan: ServicePlan): void {
    const service = this.take(plan)
    if (this.#stopping === undefined) service.start()
  }

  statuses(): ServiceStatus[] {
    return [...this.#services.values()].map(({ status }) => status)
  }

  each(name: string | undefined, act: (service: Service) => void): void {
    for (const [key, service] of this.#services) if (name === undefined || name === key) act(service)
  }

  tell(name: string, settled: Settled, why?: string): void {
    this.#told.set(name, { settled, why })
    this.#changed()
    if (settled === 'ready') this.#revive()
  }

  async wait(name: string): Promise<Settled> {
    if (!this.#services.has(name) && !this.#isOutside(name)) throw this.#unknown(name)
    const never = new AbortController()
    const { settled } = await this.#settled(name, never.signal)
    return settled
  }

  async restart(name: string, plan?: ServicePlan): Promise<Settled> {
    const service = this.#services.get(name)
    if (service === undefined) throw this.#unknown(name)
    if (this.#stopping !== undefined) return 'stopped'
    await service.restart(plan)
    if (this.#stopping !== undefined) return 'stopped'
    const settled = await this.wait(name)
    if (settled === 'ready') this.#revive()
    return settled
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  kill(): void {
    this.#stopping ??= this.#stopAll()
    for (const service of this.#services.values()) service.kill()
  }

  /** Each is ended once all that depend on it have ended. */
  async #stopAll(): Promise<void> {
    const ends = new Map<string, Promise<void>>()
    const names = [...this.#services.keys(), ...this.#externals.keys()]
    const end = (name: string): Promise<void> => {
      const known = ends.get(name)
      if (known !== undefined) return known
      const dependants = names.filter((other) => other !== name && this.#dependsOn(other).includes(name))
      const ending = (async () => {
        // whoever still waits to be started isn't held up by those after it
        await Promise.all(dependants.map((other) => end(other)))
        await (this.#services.get(name)?.stop() ?? this.#externals.get(name)?.stop?.())
      })()
      ends.set(name, ending)
      return ending
    }
    await Promise.all(names.map((name) => end(name)))
    this.#isOver = true
    this.#changed()
  }

  #dependsOn(name: string): readonly string[] {
    return this.#services.get(name)?.plan.dependsOn ?? this.#externals.get(name)?.dependsOn ?? []
  }

  /** Starts what failed for the sake of another that is well now. */
  #revive(): void {
    if (this.#stopping !== undefined) return
    const blocked = [...this.#services.values()].filter(({ isBlocked }) => isBlocked)
    // all of them first: one that waits for another must not find it failed
    for (const service of blocked) service.unblock()
    for (const service of blocked) service.start()
  }

  async #dependencies(names: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    for (const name of names) {
      const { settled, why } = await this.#settled(name, signal)
      if (signal.aborted) return undefined
      if (settled === 'failed') return `it needs ${name}, which failed${why === undefined ? '' : `: ${why}`}`
      if (settled === 'stopped') return `it needs ${name}, which was stopped`
    }
    return undefined
  }

  async #settled(name: string, signal: AbortSignal): Promise<{ settled: Settled; why: string | undefined }> {
    const now = () => this.#standing(name)
    return new Promise((resolve) => {
      const finish = (standing: { settled: Settled; why: string | undefined }) => {
        this.#watchers.delete(look)
        resolve(standing)
      }
      const look = () => {
        const standing = now()
        if (standing !== undefined) finish(standing)
      }
      this.#watchers.add(look)
      look()
      void (async () => {
        await whenAborted(signal)
        finish({ settled: 'stopped', why: undefined })
      })()
    })
  }

  /** Undefined while it isn't decided. */
  #standing(name: string): { settled: Settled; why: string | undefined } | undefined {
    const service = this.#services.get(name)
    // nobody tells anything any more
    if (service === undefined) return this.#told.get(name) ?? (this.#isOver ? { settled: 'stopped', why: undefined } : undefined)
    const { state, why } = service.status
    switch (state) {
      case 'ready':
        return { settled: 'ready', why }
      case 'done':
        // a job has done its work; a server that is gone can't be used
        return service.plan.ready === undefined ? { settled: 'ready', why } : { settled: 'failed', why: 'it has ended' }
      case 'failed':
      case 'stopped':
        return { settled: state, why }
      default:
        return undefined
    }
  }

  #isOutside(name: string): boolean {
    return (
      this.#externals.has(name) || this.#told.has(name) || [...this.#services.keys()].some((other) => this.#dependsOn(other).includes(name))
    )
  }

  #changed(): void {
    for (const look of this.#watchers) look()
  }

  #unknown(name: string): LauncherError {
    return usageError('service-unknown', `There is no service called ${name}`, {
      evidence: [`there are ${[...this.#services.keys(), ...this.#externals.keys()].join(', ')}`],
    })
  }
}
