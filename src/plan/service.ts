import type { ReadyConfig, RestartPolicy } from '../config/stack-schema.ts'
import type { RedisEndpoint } from '../facts/redis-endpoint.ts'
import type { WantedPage } from '../facts/served-page.ts'
import type { ServiceKind } from '../facts/service-status.ts'

/** How a service shows that it is ready; the first of these that is given counts. */
type Readiness = Omit<ReadyConfig, 'timeout' | 'command'> & {
  /** Program and arguments, found already. */
  readonly command?: readonly string[]
  /** Ready when channels_redis can work with the Redis there. */
  readonly redis?: RedisEndpoint
  /** Ready when the database server takes work there. */
  readonly database?: { readonly kind: 'postgresql' | 'mysql'; readonly port: number; readonly user: string; readonly name: string }
  /** Ready when a page answers where its processes listen. */
  readonly page?: WantedPage
  /** Ready when one of its processes listens there; it is of no use where another program does. */
  readonly listening?: { readonly host: string; readonly port: number }
}

/** One process that is kept up, ready to be run without a shell. */
export interface ServicePlan {
  readonly name: string
  readonly kind: ServiceKind
  readonly file: string
  readonly args: readonly string[]
  /** Absolute. */
  readonly cwd: string
  /** The whole environment: nothing is added to it. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** What it reads from its standard input, which is closed after it; undefined: nothing can be read there. Never shown: a place for a password. */
  readonly input?: string
  /** Whose process it is; undefined: ours. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** It runs under the observer, which gets pipes of its own. */
  readonly observed?: boolean
  /** Undefined: it is ready as soon as it runs. */
  readonly ready: Readiness | undefined
  readonly readyTimeoutMs: number
  /** Names of services, `backend` among them, that must be ready before it starts. */
  readonly dependsOn: readonly string[]
  readonly restart: RestartPolicy
  /**
   * What becomes of one that ends before it was ready; undefined: it is started
   * again until its time is over. `fails`: what it is made of has to be edited
   * first. `ends`: so it does unless it was ready earlier in this run, since the
   * cause may pass then (a Redis that restarts). `waits`: for somebody to ask for
   * it, since only a change of its sources can help.
   */
  readonly unready?: 'fails' | 'ends' | 'waits'
  /** Lines of its output with which it ends however often it is started, and why that is. */
  readonly hopeless?: readonly { readonly line: RegExp; readonly why: string }[]
  readonly stopTimeoutMs: number
  /** Where it answers, where that is known before it runs. */
  readonly url: string | undefined
  /** As a person would type it. */
  readonly shown: string
}
