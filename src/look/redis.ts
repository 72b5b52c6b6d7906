import type { Evidence } from '../checks/evidence.ts'
import type { Checkout } from '../facts/checkout.ts'
import { inFile, type DotenvSurvey } from '../facts/dotenv-survey.ts'
import type { ExaminationOf } from '../facts/examination.ts'
import { hostProblem, redisEndpoint, redisVariables, type RedisEndpoint, type RedisEndpointFact } from '../facts/redis-endpoint.ts'
import { layerEndpoint, showLayerHost } from '../facts/layer-redis.ts'
import { isRedisLayer, redisNow, redisProtocol, type RedisNow } from '../facts/redis-now.ts'
import type { Host } from '../host/host.ts'
import type { Config } from '../config/config.ts'
import { choosePython } from '../plan/environment.ts'
import { triedRedis } from '../plan/managed-redis.ts'
import { landedIn, type PlaceVariables } from '../plan/tried-values.ts'
import { lookAtSettings } from './database.ts'

const none = { redis: undefined, redisOfFile: undefined }

/**
 * Probes the Redis that the settings' layer names, else the one of the
 * variables where Redis is wished for; nothing is asked where none is used.
 * Never throws; a second at most each.
 */
export async function gatherRedis(
  host: Host,
  config: Config,
  checkout: Checkout,
  settingsWanted: Promise<ExaminationOf<'settings'> | undefined>,
  dotenv: DotenvSurvey | undefined,
  problems: Record<string, string>,
): Promise<Pick<Evidence, 'redis' | 'redisOfFile' | 'redisPlace'>> {
  const protocol = protocolOf(checkout)
  const wished = checkout.wish.kind === 'set' && checkout.wish.redis
  // beside the look from inside: mostly it is the same one
  const early = wished ? redisNow(checkout.redis, protocol) : undefined
  const settings = await settingsWanted
  const named = settings === undefined || !isRedisLayer(settings.layer_backend) ? undefined : await layerEndpoint(settings, checkout.redis)
  const uses = settings === undefined ? wished : isRedisLayer(settings.layer_backend)
  // settings that fall back to memory by themselves: the wish stands, and Redis is asked for it
  if (!uses && !wished) return none
  const [first] = settings?.layer_hosts ?? []
  if (named === undefined && first?.sentinels !== undefined) {
    problems['redis'] = `no sentinel tells where ${showLayerHost(first)} is`
    return none
  }
  const same = named === undefined || (checkout.redis.kind === 'endpoint' && isSame(named, checkout.redis.endpoint))
  const [redis, redisOfFile] = await Promise.all([
    same ? (early ?? redisNow(checkout.redis, protocol)) : redisNow(asNamed(named, checkout.redis), protocol),
    redisOfDotenv(host, checkout, dotenv),
  ])
  const { variables } = checkout.project
  const python = choosePython(checkout.python, checkout.requirements?.names).environment?.python
  const isGone = redis.fact?.usable === false && redis.fact.id === 'redis-unreachable'
  // the usual names tell it by themselves
  const isAsked = isGone && python !== undefined && !variables.has('REDIS_URL') && !variables.has('REDIS_PORT')
  return { redis, redisOfFile, redisPlace: isAsked ? await redisPlace(host, config, checkout, python) : undefined }
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
  return redisProtocol(choosePython(python, requirements?.names).environment?.packages)
}

/** Redis as `.env` alone names it; undefined where no variable of the shell says otherwise. */
export async function redisOfDotenv(host: Host, checkout: Checkout, dotenv: DotenvSurvey | undefined): Promise<RedisNow | undefined> {
  if (dotenv?.fact.kind !== 'present' || !redisVariables.some((name) => host.env[name] !== undefined)) return undefined
  const read = (name: string) => {
    const found = inFile({ dotenv }, name)
    return found && { value: found.value, source: found.shown }
  }
  return redisNow(redisEndpoint(read, checkout.project.variables), protocolOf(checkout))
}

/** By which variables the settings come to the layer's Redis: tried, since no reading of their text is as sure. Never throws. */
export async function redisPlace(host: Host, config: Config, checkout: Checkout, python: string): Promise<PlaceVariables> {
  const { layerVariable, project } = checkout
  const chosen = layerVariable === undefined ? {} : { [layerVariable]: 'True' }
  for (const env of triedRedis(project.variables)) {
    const seen = await lookAtSettings(host, config, checkout, python, { tell: ['settings'], env: { ...env, ...chosen } })
    const [first] = seen.get('settings')?.layer_hosts ?? []
    const found = first === undefined ? {} : landedIn(env, first)
    if (Object.keys(found).length > 0) return found
  }
  return {}
}
