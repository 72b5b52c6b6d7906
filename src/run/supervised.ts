import type { ServiceState, ServiceStatus } from '../facts/service-status.ts'
import type { ServicePlan } from '../plan/service.ts'
import type { RunningServer } from './server.ts'
import type { Services } from './services.ts'

/** How a wait for something that is supervised ends. */
export type Settled = 'ready' | 'failed' | 'stopped'

/** How those that depend on something are to take it. */
export interface Standing {
  readonly settled: Settled
  readonly why: string | undefined
}

/** One process of a run that is kept up: a service or a backend. */
export abstract class Supervised {
  abstract readonly plan: Pick<ServicePlan, 'name' | 'kind' | 'url' | 'dependsOn'>
  /** Undefined while it isn't decided. */
  abstract readonly standing: Standing | undefined
  protected readonly services: Services
  protected state: ServiceState = 'waiting'
  protected why: string | undefined
  protected restarts = 0
  protected running: RunningServer | undefined
  #paused = false

  constructor(services: Services) {
    this.services = services
  }

  /** Starts it, and again as its policy says. */
  abstract start(): void
  /** Ends it and starts it again, with another plan where one is given; resolves when it is ready or has failed. */
  abstract restart(plan?: ServicePlan): Promise<void>
  /** Ends it with all that it started. */
  abstract stop(): Promise<void>

  get status(): ServiceStatus {
    const { state, restarts, why } = this
    const { name, kind, url } = this.plan
    return { name, kind, state, pid: this.running?.pid, url, restarts, why }
  }

  /** Ends it by force, at once; a `stop` under way goes over to force. */
  kill(): void {
    this.running?.kill()
  }

  /** Holds up its output; it waits where it writes, and no line is lost. */
  pause(): void {
    this.#paused = true
    this.running?.pause()
  }

  resume(): void {
    this.#paused = false
    this.running?.resume()
  }

  protected runs(server: RunningServer): void {
    this.running = server
    if (this.#paused) server.pause()
  }

  protected become(state: ServiceState, why?: string): void {
    this.state = state
    this.why = why
    this.services.told(this.status)
  }
}
