/** What kind of process a service is. */
export type ServiceKind = 'backend' | 'frontend' | 'redis' | 'database' | 'service'

/**
 * `waiting`: for what it depends on, or for its restart. `done`: it ended by
 * itself with 0 and isn't started again. `failed`: it ended otherwise and isn't
 * started again, or it didn't get ready.
 */
export type ServiceState = 'waiting' | 'starting' | 'ready' | 'restarting' | 'failed' | 'done' | 'stopped'

/** A service as `status`, the status line and the events show it. */
export interface ServiceStatus {
  readonly name: string
  readonly kind: ServiceKind
  readonly state: ServiceState
  /** Undefined while no process runs. */
  readonly pid: number | undefined
  /** Where it answers, where that is known. */
  readonly url: string | undefined
  /** How often it was started again. */
  readonly restarts: number
  /** Why it is in this state, in a sentence, where there is something to say. */
  readonly why: string | undefined
}
