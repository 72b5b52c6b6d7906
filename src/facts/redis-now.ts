import type { Packages } from './packages.ts'
import type { RedisFact } from './redis.ts'
import type { RedisRefusal } from './redis-refusal.ts'
import { showEndpoint, type RedisEndpoint, type RedisEndpointFact } from './redis-endpoint.ts'

/** Redis as it is now, at the endpoint that Django would use. */
export interface RedisNow {
  /** `127.0.0.1:6379`. */
  readonly where: string
  readonly source: string
  /** Whether it was asked with a password. */
  readonly hasPassword: boolean
  readonly fact: RedisFact | undefined
  /** Where the endpoint itself can't be read. */
  readonly malformed: Extract<RedisEndpointFact, { kind: 'malformed' }> | undefined
}

/**
 * The protocol that the project's own client speaks: redis-py 8 logs in with
 * RESP3's HELLO, which Redis 5 doesn't know (measured with redis-py 8.1.0).
 */
export function redisProtocol(packages: Packages | undefined): 2 | 3 {
  const major = Number((packages?.get('redis') ?? '').split('.')[0])
  return major >= 8 ? 3 : 2
}

/** Probes the endpoint that the variables give, within a second. Never throws. */
export async function redisNow(endpoint: RedisEndpointFact, protocol: 2 | 3): Promise<RedisNow> {
  if (endpoint.kind === 'malformed')
    return { where: endpoint.name, source: endpoint.source, hasPassword: false, fact: undefined, malformed: endpoint }
  const fact = await probeNow(endpoint.endpoint, protocol)
  const { source, password } = endpoint.endpoint
  return { where: showEndpoint(endpoint.endpoint), source, hasPassword: password !== undefined, fact, malformed: undefined }
}

/** Why Redis can't carry the layer: a refusal of its own, or an address that can't be read. */
export type RedisTrouble = RedisRefusal | 'env-value-malformed'

/** Whether Redis can carry the layer. */
export type RedisUsability =
  { readonly usable: true } | { readonly usable: false; readonly id: RedisTrouble; readonly evidence: readonly string[] }

/** Whether Redis can carry the layer; undefined where it gave no answer in time. */
export function usabilityOf({ fact, malformed }: RedisNow): RedisUsability | undefined {
  return malformed === undefined ? fact : { usable: false, ...malformed }
}

/** One probe of an endpoint. The client is loaded only now: nothing of it is needed before the server is launched. */
export async function probeNow(endpoint: RedisEndpoint, protocol: 2 | 3): Promise<RedisFact> {
  const { probeRedis } = await import('./redis.ts')
  return probeRedis(endpoint, { protocol })
}

/** True where the layer's backend is one that keeps everything in the process. */
export function isInMemory(backend: string | null | undefined): boolean {
  return /InMemory/i.test(backend ?? '')
}

/** True where the layer's backend is channels_redis. */
export function isRedisLayer(backend: string | null | undefined): boolean {
  return /redis/i.test(backend ?? '')
}
