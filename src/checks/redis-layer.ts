import { raisedText } from '../facts/examination.ts'
import { isInMemory, isRedisLayer } from '../facts/redis-now.ts'
import { refusalsOfLogin, type RedisRefusal } from '../facts/redis-refusal.ts'
import { withSeen, type Diagnosis } from './diagnosis.ts'
import { judgeMalformed, judgeReversed } from './dotenv.ts'
import { judgeSources } from './dotenv-sources.ts'
import { pythonOf, type Evidence } from './evidence.ts'
import { redisDiagnosis, redisRefusalIn } from './redis.ts'
import { raisedLine } from './settings.ts'

/** What the layer over publish and subscribe does without. */
const ofQueues: ReadonlySet<RedisRefusal> = new Set(['redis-no-bzpopmin', 'redis-no-eval', 'redis-acl-denied', 'redis-cluster'])

/** True where the settings' default layer is channels_redis, or, where they can't be read, where Redis is wished for. */
function wantsRedis({ examination, checkout }: Pick<Evidence, 'examination' | 'checkout'>): boolean {
  const settings = examination?.get('settings')
  if (settings !== undefined) return isRedisLayer(settings.layer_backend)
  return checkout?.wish.kind === 'set' && checkout.wish.redis
}

/**
 * What is wrong with the Redis that the layer uses; nothing where it uses none.
 * A message that came through the project's own layer outweighs every probe, and
 * so does what that layer raises of a login, which only the settings may know. Pure.
 */
export function judgeRedis(evidence: Evidence): Diagnosis[] {
  if (!wantsRedis(evidence)) return []
  const { redis, examination } = evidence
  // one message finds its way through a node that has all slots; a group's don't, whose keys lie in several
  const isCluster = redis?.fact?.usable === false && redis.fact.id === 'redis-cluster' && isTold(evidence, 'redis-cluster')
  return examination?.get('trip')?.received === true && !isCluster ? [] : redisCauses(evidence)
}

/** Nothing serves yet: where nothing chooses the layer, a run would have no other one. Pure. */
export function judgeRedisUnready(evidence: Evidence): Diagnosis[] {
  return evidence.checkout?.layerVariable === undefined ? judgeRedis(evidence) : []
}

/** Redis is wished for and can't be used, and the settings went over to memory by themselves: sockets work, and broadcasts stay in their process. */
export function judgeFallback(evidence: Evidence): Diagnosis[] {
  const { checkout } = evidence
  const wished = checkout?.wish.kind === 'set' && checkout.wish.redis
  if (!wished || wantsRedis(evidence) || !isInMemory(evidence.examination?.get('settings')?.layer_backend)) return []
  return redisCauses(evidence).map((cause) => withSeen(cause, 'The settings fell back to the in-memory layer by themselves'))
}

/** What is worth a word beside another cause: the same, or what waits behind a refusal that comes before the layer is used. Pure. */
export function judgeRedisNote(evidence: Evidence): Diagnosis[] {
  return evidence.wire.handshake?.result === 'refused' ? [...judgeFallback(evidence), ...judgeRedis(evidence)] : judgeFallback(evidence)
}

/** Why the Redis that is asked for can't be used, the nearest to the root first. Pure. */
export function redisCauses(evidence: Evidence): Diagnosis[] {
  const { checkout } = evidence
  if (evidence.redis === undefined) return []
  const reversed = judgeReversed(evidence).filter(({ evidence: [first = ''] }) => first.includes(checkout?.layerVariable ?? 'USE_REDIS'))
  const malformed = judgeMalformed(evidence, undefined, [])
  if (malformed !== undefined) return [...reversed, malformed]
  const cause = refusal(evidence)
  if (cause === undefined) return []
  return [...reversed, ...judgeSources(evidence, cause), cause]
}

/** The refusal itself: what the probe was answered, or what the layer raised where that knows more. */
function refusal(evidence: Evidence): Diagnosis | undefined {
  const { redis, examination, checkout } = evidence
  if (redis === undefined) return undefined
  const error = examination?.errorOf('trip')
  const text = error === undefined ? '' : raisedText(error)
  const raised = redisRefusalIn(text)
  const probed = redis.fact?.usable === false && isTold(evidence, redis.fact.id) ? redis.fact : undefined
  const wish = checkout?.wish
  const asked =
    wish?.kind === 'set' && checkout?.layerVariable !== undefined && wish.redis
      ? [`${checkout.layerVariable}=True in ${wish.source} asks for this Redis`]
      : []
  const python = pythonOf(evidence)
  if (error !== undefined && raised !== undefined && (probed === undefined || (refusalsOfLogin.has(raised) && raised !== probed.id)))
    return redisDiagnosis(raised, {
      where: redis.where,
      evidence: [`A message through the project's own layer: ${raisedLine(error)}`, `It asks Redis at ${redis.where}`, ...asked],
      python,
    })
  if (probed === undefined) return undefined
  const { id, version, evidence: seen } = probed
  return redisDiagnosis(id, { where: redis.where, evidence: [...seen, ...asked], version, python })
}

/** Whether the probe may say so: it has no password that stands in the settings alone, and asks for commands that one layer of channels_redis doesn't send. */
function isTold({ redis, examination }: Evidence, id: RedisRefusal): boolean {
  const settings = examination?.get('settings')
  if (settings?.layer_hosts[0]?.password === true && redis?.hasPassword === false && refusalsOfLogin.has(id)) return false
  return !(/pubsub/i.test(settings?.layer_backend ?? '') && ofQueues.has(id))
}
