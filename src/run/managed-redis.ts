import { randomBytes } from 'node:crypto'
import { LauncherError } from '../errors.ts'
import { localPort } from '../facts/next-port.ts'
import type { RedisPrograms } from '../facts/redis-programs.ts'
import type { Host } from '../host/host.ts'
import { clearHome, makeHome } from './home.ts'
import { runToEnd } from '../host/processes.ts'
import { withoutOurs } from '../host/secret-names.ts'
import { planManagedRedis, redisPortWanted, type ManagedRedisInputs, type ManagedRedisPlan } from '../plan/managed-redis.ts'

/** A Redis of the run's own, ready to be supervised as the service `redis`. */
export interface ManagedRedis extends ManagedRedisPlan {
  /** Takes away its folder, and a container that a forced end left. Call it once the service is stopped; never throws. */
  readonly remove: () => Promise<void>
}

/**
 * Makes the folder and the password for a Redis of the run's own, on a free
 * port. Throws LauncherError where none can be started, or where the settings
 * know no other port than 6379 and that is held.
 */
export async function prepareManagedRedis(
  host: Host,
  options: Pick<ManagedRedisInputs, 'variables' | 'place' | 'layerVariable' | 'stopTimeoutMs'> & { readonly programs: RedisPrograms },
): Promise<ManagedRedis> {
  const port = await localPort(
    redisPortWanted(options.variables, options.place),
    (held) =>
      new LauncherError('managed-redis', `The settings read no variable for the port of their Redis, and ${held} is held`, {
        hint: 'Let the settings read REDIS_PORT or REDIS_URL, or end what holds the port.',
      }),
  )
  // in the checkout: what a killed run has left there goes with the next one
  const folder = await makeHome(host.cwd, 'redis')
  const removeFolder = () => clearHome(host.cwd)
  try {
    const password = host.secrets.add(randomBytes(24).toString('hex'))
    const plan = planManagedRedis({ ...options, port, folder, password, env: withoutOurs(host.env), platform: host.platform })
    return {
      ...plan,
      remove: async () => {
        if (plan.cleanUp !== undefined) await runToEnd(plan.cleanUp.file, plan.cleanUp.args, { env: host.env, deadlineMs: 10_000 })
        await removeFolder()
      },
    }
  } catch (error) {
    await removeFolder()
    throw error
  }
}
