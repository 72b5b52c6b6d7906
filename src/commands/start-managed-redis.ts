import { LauncherError } from '../errors.ts'
import { readCheckout } from '../facts/checkout.ts'
import { findRedisPrograms } from '../facts/redis-programs.ts'
import { raceStop } from '../host/race-stop.ts'
import { prepareManagedRedis, type ManagedRedis } from '../run/managed-redis.ts'
import type { Services } from '../run/services.ts'
import type { SetupRun } from './start-setup.ts'

/**
 * Starts a Redis of the run's own, before anything is decided about the backend,
 * which gets `environment`. Throws LauncherError where there is none to be started.
 */
export async function startManagedRedis({ host, config, report, signal }: SetupRun, services: Services): Promise<ManagedRedis> {
  report({ event: 'phase', text: 'starting a Redis of its own' })
  const { project, layerVariable } = await readCheckout(host, config)
  const programs = await findRedisPrograms(host, [...new Set([project.root, project.backend])])
  const redis = await prepareManagedRedis(host, {
    programs,
    variables: project.variables,
    layerVariable,
    stopTimeoutMs: config.stopTimeout,
  })
  services.add(redis.service)
  const settled = await raceStop(services.wait('redis'), signal)
  if (settled === 'ready' || signal.aborted) return redis
  const why = services.statuses.find(({ name }) => name === 'redis')?.why
  await services.stop()
  await redis.remove()
  throw new LauncherError('managed-redis', 'The Redis of this run did not get ready', {
    evidence: [`${redis.service.shown}${why === undefined ? '' : `: ${why}`}`],
    hint: 'Start one by hand, and use it with --channel-layer redis.',
  })
}
