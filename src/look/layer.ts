import type { Diagnosis } from '../checks/diagnosis.ts'
import { judgeUnreadChoice } from '../checks/dotenv-sources.ts'
import { redisCauses } from '../checks/redis-layer.ts'
import type { Config } from '../config/config.ts'
import type { Checkout } from '../facts/checkout.ts'
import type { RedisNow } from '../facts/redis-now.ts'
import type { Host } from '../host/host.ts'
import { evidenceOfFiles } from './files.ts'
import { redisOfDotenv } from './redis.ts'

/** Why the Redis that is wanted can't carry the layer, before the project runs. Never throws. */
export async function layerCause(host: Host, config: Config, checkout: Checkout, redis: RedisNow): Promise<Diagnosis | undefined> {
  const evidence = await evidenceOfFiles(host, config, checkout)
  return redisCauses({ ...evidence, redis, redisOfFile: await redisOfDotenv(host, checkout, evidence.dotenv) })[0]
}

/** Why nothing chooses the layer, where a file does that the settings don't read. Never throws. */
export async function unreadChoice(host: Host, config: Config, checkout: Checkout): Promise<Diagnosis | undefined> {
  return judgeUnreadChoice(await evidenceOfFiles(host, config, checkout))
}
