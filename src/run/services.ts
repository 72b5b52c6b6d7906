import { setTimeout as delay } from 'node:timers/promises'
import { usageError, type LauncherError } from '../errors.ts'
import type { ServiceStatus } from '../facts/service-status.ts'
import type { Host } from '../host/host.ts'
import { onAbort, raceStop } from '../host/race-stop.ts'
import type { ServicePlan } from '../plan/service.ts'
import { Service, type Settled, type Standing } from './service.ts'

/** What is told of the services while they run. */
export interface ServiceEvents {
  readonly onLine: (name: string, line: string) => void
  readonly onStatus: (status: ServiceStatus) => void
}

/** What time it is for the waits before restarts; tests have their own. */
export interface Clock {
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number
  /** Resolves after so many milliseconds, or at once when the signal is aborted. Never throws. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
}

const realClock = (host: Host): Clock => ({
  now: host.now,
  wait: async (ms, signal) => {
    await delay(ms, undefined, { signal }).catch(() => undefined)
  },
})

/**
 * All that a run keeps up. Each is started as soon as what it depends on is
 * ready, and again as its policy says; aborting the signal stops them all. A
 * name in a `dependsOn` that isn't there yet is waited for.
 */
export class Services {
  readonly host: Host
  readonly events: ServiceEvents
  readonly clock: Clock
  readonly #members = new Map<string, Service>()
  readonly #watchers = new Set<() => void>()
  #stopping: Promise<void> | undefined
  #isOver = false

  constructor(host: Host, events: ServiceEvents, signal: AbortSignal, clock = realClock(host)) {
    this.host = host
    this.events = events
    this.clock = clock
    // whoever waits for the end is told of a defect
    onAbort(signal, () => void this.stop().catch(() => {}))
  }

  /** The run is being ended: nothing is started any more. */
  get isStopping(): boolean {
    return this.#stopping !== undefined
  }

  /** The backends first, then in the order in which they came. */
  get statuses(): ServiceStatus[] {
    const all = [...this.#members.values()].map(({ status }) => status)
    return [...all.filter(({ kind }) => kind === 'backend'), ...all.filter(({ kind }) => kind !== 'backend')]
  }

  /** Starts a service of this plan. Throws LauncherError `service-name-taken`. */
  add(plan: ServicePlan): void {
    this.take(new Service(plan, this))
  }

  /** Starts one more. Throws LauncherError `service-name-taken`. */
  take(member: Service): void {
    const { name } = member.plan
    if (this.#members.has(name)) throw usageError('service-name-taken', `There is a service called ${name} already`)
    this.#members.set(name, member)
    if (!this.isStopping) member.start()
  }

  /** Resolves once it is ready (or has done its work), failed, or was stopped. Throws LauncherError `service-unknown`. */
  async wait(name: string): Promise<Settled> {
    const isNamed = () => [...this.#members.values()].some(({ plan }) => plan.dependsOn.includes(name))
    if (!this.#members.has(name) && !isNamed()) throw this.#unknown(name)
    return (await this.#settled(name)).settled
  }

  /** Ends one and starts it again, with another plan where one is given; resolves when it is ready, has failed or was stopped. */
  async restart(name: string, plan?: ServicePlan): Promise<void> {
    const member = this.#members.get(name)
    if (member === undefined) throw this.#unknown(name)
    if (this.isStopping) return
    await member.restart(plan)
    if (member.standing?.settled === 'ready') this.isWell()
  }

  /** Something that was waited for is well: what has failed for the sake of it is started. */
  isWell(): void {
    this.#changed()
    if (this.isStopping) return
    const blocked = [...this.#members.values()].filter(({ isBlocked }) => isBlocked)
    // all of them first: one that waits for another must not find it failed
    for (const service of blocked) service.unblock()
    for (const service of blocked) service.start()
  }

  /** Tells how one of them stands now. */
  told(status: ServiceStatus): void {
    this.events.onStatus(status)
    this.#changed()
  }

  /** Holds up the output of all; its writers wait, and no line is lost. */
  pause(): void {
    for (const member of this.#members.values()) member.pause()
  }

  resume(): void {
    for (const member of this.#members.values()) member.resume()
  }

  /**
   * Ends all, each before what it depends on, in parallel where that allows it.
   * Resolves when nothing of them is left; rejects with a defect of one of them.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  /** Ends all by force, at once; a `stop` under way goes over to force. */
  kill(): void {
    void this.stop().catch(() => {})
    for (const member of this.#members.values()) member.kill()
  }

  /** Resolves when all are ready: undefined, or why they never will be. Waits for ever where nothing is told; the signal ends that. */
  async dependencies(names: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    for (const name of names) {
      const standing = await raceStop(this.#settled(name), signal)
      if (standing === undefined) return undefined
      const { settled, why } = standing
      if (settled === 'failed') return `it needs ${name}, which failed${why === undefined ? '' : `: ${why}`}`
      if (settled === 'stopped') return `it needs ${name}, which was stopped`
    }
    return undefined
  }

  /** Each is ended once all that depend on it have ended. */
  async #stopAll(): Promise<void> {
    const ends = new Map<Service, Promise<void>>()
    const members = [...this.#members.values()]
    const end = (member: Service): Promise<void> => {
      const known = ends.get(member)
      if (known !== undefined) return known
      const dependants = members.filter((other) => other !== member && other.plan.dependsOn.includes(member.plan.name))
      const ending = (async () => {
        // whoever still waits to be started isn't held up by those after it
        await Promise.allSettled(dependants.map((other) => end(other)))
        await member.stop()
      })()
      ends.set(member, ending)
      return ending
    }
    const outcomes = await Promise.allSettled(members.map((member) => end(member)))
    this.#isOver = true
    this.#changed()
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  async #settled(name: string): Promise<Standing> {
    return new Promise((resolve) => {
      const look = () => {
        // nobody tells anything any more
        const over: Standing | undefined = this.#isOver ? { settled: 'stopped', why: undefined } : undefined
        const standing = this.#members.get(name)?.standing ?? over
        if (standing === undefined) return
        this.#watchers.delete(look)
        resolve(standing)
      }
      this.#watchers.add(look)
      look()
    })
  }

  #changed(): void {
    for (const look of this.#watchers) look()
  }

  #unknown(name: string): LauncherError {
    return usageError('service-unknown', `There is no service called ${name}`, {
      // the backend is no service yet while what it depends on is waited for
      evidence: [`there are ${[...new Set([...this.#members.keys(), 'backend'])].join(', ')}`],
    })
  }
}
