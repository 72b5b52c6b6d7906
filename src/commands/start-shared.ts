import type { Config } from '../config/config.ts'
import { LauncherError } from '../errors.ts'
import type { Checkout } from '../facts/checkout.ts'
import { isFree, probePort } from '../facts/port.ts'
import type { PythonEnvironment } from '../facts/python.ts'
import { layerRedis } from '../facts/layer-redis.ts'
import { isRedisLayer, redisProtocol } from '../facts/redis-now.ts'
import { layerLine } from '../facts/settings-lines.ts'
import type { LayerDecision } from '../plan/channel-layer.ts'
import { decideShared } from '../plan/instances.ts'
import { askSettings } from './start-settings.ts'
import type { SetupRun } from './start-setup.ts'

/** What to do where several instances have no layer to share. */
export function sharedLayerHint(instances: number): string {
  return [
    `With the project's Redis:   election-dev start --instances ${instances} --channel-layer redis`,
    `With one of its own:        election-dev start --instances ${instances} --managed-redis`,
    'Settings without a choice:  election-dev init --settings',
  ].join('\n')
}

/**
 * Refuses several instances where the settings, under the environment that the
 * backends will have, come to a layer that they can't share. Nothing is started
 * or written by then. Throws LauncherError.
 */
export async function refuseUnshared(
  run: SetupRun,
  checkout: Checkout,
  environment: PythonEnvironment,
  layer: LayerDecision,
): Promise<void> {
  const { config } = run
  run.report({ event: 'phase', text: 'looking at the channel layer' })
  // where they can't be imported, the start itself will tell why
  const settings = await (await askSettings(run, checkout, environment, layer)).get('settings')
  // a fact without a class: the settings have no layer
  const backend = settings === undefined ? undefined : (settings.layer_backend ?? null)
  const refusal = decideShared(config.instances, backend)
  const because = `${config.instances} instances, because of ${config.source('instances')}`
  if (refusal !== undefined) {
    const at = typeof backend === 'string' ? await layerLine(checkout.project, backend) : undefined
    throw new LauncherError(refusal.id, refusal.text, {
      evidence: [at === undefined ? refusal.seen : `${refusal.seen}: ${at.file}:${at.line}`, because],
      hint: sharedLayerHint(config.instances),
    })
  }
  if (layer.layer !== 'settings' || settings === undefined || !isRedisLayer(settings.layer_backend)) return
  const fact = await layerRedis(settings, checkout.redis, redisProtocol(environment.packages))
  if (fact?.usable !== false) return
  throw new LauncherError(fact.id, `${config.instances} instances need the Redis that the settings name, and it can't be used`, {
    evidence: [...fact.evidence, because],
    hint: 'With it:  docker run -d --name redis -p 6379:6379 redis:7-alpine',
  })
}

/** With `--strict-port` the instances take the ports above the first one as they come. Throws LauncherError `port-in-use` where one is held. */
export async function refuseHeldPorts({ host, instances }: Pick<Config, 'host' | 'instances'>, first: number): Promise<void> {
  for (let index = 1; index < instances; index++) {
    const fact = await probePort(first + index, host)
    if (isFree(fact)) continue
    throw new LauncherError('port-in-use', `Port ${fact.port} is held, which ${instances} instances need`, {
      evidence: fact.binds
        .filter(({ result }) => result === 'held')
        .map(({ address }) => `Binding ${address} port ${fact.port}: EADDRINUSE`),
      hint: 'End that program, or leave out --strict-port: the next free port is taken.',
    })
  }
}
