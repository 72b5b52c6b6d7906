import type { ExaminationOf } from '../facts/examination.ts'
import type { Inspection } from '../facts/inspection.ts'
import { endsIdle, layerRedis } from '../facts/layer-redis.ts'
import { isInMemory, isRedisLayer, redisProtocol } from '../facts/redis-now.ts'
import type { Prepared } from './start-prepare.ts'

/**
 * Whether a pong is proof enough: a layer that keeps everything in the process
 * can't fail later, and a Redis that was probed won't. With any other one an
 * exception may still come on daphne's 1 s tick, so the socket has to be held.
 */
export async function layerIsSound(prepared: Prepared, inspection: Inspection): Promise<boolean> {
  const { layer } = prepared
  if (layer.layer === 'memory' && layer.environment !== undefined && !(await settingsDisagree(inspection))) return true
  if (layer.layer === 'redis') return (await prepared.redis()).fact?.usable === true
  const settings = await inspection.get('settings')
  if (settings === undefined) return false
  if (isInMemory(settings.layer_backend)) return true
  if (!isRedisLayer(settings.layer_backend)) return (settings.layer_backend ?? undefined) === undefined
  return (await layerRedis(settings, prepared.checkout.redis, redisProtocol(prepared.environment.packages)))?.usable === true
}

/** The layer because of which a socket, sound as it is, ends as soon as it is idle; undefined where it lives on. */
export async function endingLayer(inspection: Inspection): Promise<ExaminationOf<'layer'> | undefined> {
  if (!isRedisLayer((await inspection.get('settings'))?.layer_backend)) return undefined
  const layer = await inspection.get('layer')
  return endsIdle(layer) ? layer : undefined
}

/** A project that names the variable and doesn't heed it: what its settings say counts. */
async function settingsDisagree(inspection: Inspection): Promise<boolean> {
  const settings = await inspection.get('settings')
  return settings !== undefined && isRedisLayer(settings.layer_backend)
}
