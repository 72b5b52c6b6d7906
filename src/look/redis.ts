import type { Checkout } from '../facts/checkout.ts'
import { dotenvValue } from '../facts/dotenv.ts'
import type { DotenvSurvey } from '../facts/dotenv-survey.ts'
import type { ExaminationOf } from '../facts/examination.ts'
import { hostProblem, redisEndpoint, type RedisEndpoint, type RedisEndpointFact } from '../facts/redis-endpoint.ts'
import { layerEndpoint, showLayerHost } from '../facts/layer-redis.ts'
import { isRedisLayer, redisNow, redisProtocol, type RedisNow } from '../facts/redis-now.ts'
import type { Host } from '../host/host.ts'
import { choosePython } from '../plan/environment.ts'

/** Redis as the project reaches it, and as `.env` alone names it where the shell leads elsewhere. */
export interface RedisLook {
  readonly redis: RedisNow | undefined
  readonly redisOfFile: RedisNow | undefined
}

const variables = ['REDIS_URL', 'REDIS_HOST', 'REDIS_PORT', 'REDIS_DB', 'REDIS_PASSWORD', 'REDIS_USERNAME']

/**
 * Probes the Redis that the settings' layer names, else the one of the
 * variables where Redis is wished for; nothing is asked where none is used.
 * Never throws; a second at most each.
 */
export async function gatherRedis(
  host: Host,
  checkout: Checkout,
  settingsWanted: Promise<ExaminationOf<'settings'> | undefined>,
  dotenv: DotenvSurvey | undefined,
  problems: Record<string, string>,
): Promise<RedisLook> {
  const protocol = protocolOf(checkout)
  const wished = checkout.wish.kind === 'set' && checkout.wish.redis
  // beside the look from inside: mostly it is the same one
  const early = wished ? redisNow(checkout.redis, protocol) : undefined
  const settings = await settingsWanted
  const named = settings === undefined || !isRedisLayer(settings.layer_backend) ? undefined : await layerEndpoint(settings, checkout.redis)
  const uses = settings === undefined ? wished : isRedisLayer(settings.layer_backend)
  // settings that fall back to memory by themselves: the wish stands, and Redis is asked for it
  if (!uses && !wished) return { redis: undefined, redisOfFile: undefined }
  const [first] = settings?.layer_hosts ?? []
  if (named === undefined && first?.sentinels !== undefined) {
    problems['redis'] = `no sentinel tells where ${showLayerHost(first)} is`
    return { redis: undefined, redisOfFile: undefined }
  }
  const same = named === undefined || (checkout.redis.kind === 'endpoint' && isSame(named, checkout.redis.endpoint))
  const [redis, redisOfFile] = await Promise.all([
    same ? (early ?? redisNow(checkout.redis, protocol)) : redisNow(asNamed(named, checkout.redis), protocol),
    redisOfDotenv(host, checkout, dotenv),
  ])
  return { redis, redisOfFile }
}

/** What the settings name: a host that can be none is told as such, with the variable that it comes from where that is known. */
function asNamed(endpoint: RedisEndpoint, known: RedisEndpointFact): RedisEndpointFact {
  const problem = endpoint.socketPath === undefined ? hostProblem(endpoint.host) : undefined
  if (problem === undefined) return { kind: 'endpoint', endpoint }
  if (known.kind === 'malformed') return known
  const evidence = [`The host in CHANNEL_LAYERS is \`${endpoint.host.replace(/.*@/, '***@')}\`: ${problem}`]
  return { kind: 'malformed', id: 'env-value-malformed', name: 'The host', source: 'CHANNEL_LAYERS', evidence }
}

function isSame(one: RedisEndpoint, other: RedisEndpoint): boolean {
  return (
    one.host === other.host &&
    one.port === other.port &&
    one.socketPath === other.socketPath &&
    one.db === other.db &&
    one.tls === other.tls &&
    one.password === other.password
  )
}

function protocolOf({ python, requirements }: Checkout): 2 | 3 {
  const choice = choosePython(python, requirements?.names)
  return 'environment' in choice ? redisProtocol(choice.environment.packages) : 2
}

/** Redis as `.env` alone names it; undefined where no variable of the shell says otherwise. */
export async function redisOfDotenv(host: Host, checkout: Checkout, dotenv: DotenvSurvey | undefined): Promise<RedisNow | undefined> {
  const { fact } = dotenv ?? {}
  if (fact?.kind !== 'present' || !variables.some((name) => host.env[name] !== undefined)) return undefined
  const reader = dotenv?.reader ?? 'decouple'
  const read = (name: string) => {
    const entry = dotenvValue(fact.entries, name, reader)
    return entry === undefined ? undefined : { value: entry.value, source: `${dotenv?.shown ?? '.env'}:${entry.line}` }
  }
  return redisNow(redisEndpoint(read, checkout.project.variables), protocolOf(checkout))
}
