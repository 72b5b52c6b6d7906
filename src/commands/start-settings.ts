import { LauncherError } from '../errors.ts'
import type { Checkout } from '../facts/checkout.ts'
import { examine } from '../facts/examine.ts'
import type { Inspection } from '../facts/inspection.ts'
import { layerRedis } from '../facts/layer-redis.ts'
import type { PythonEnvironment } from '../facts/python.ts'
import { isRedisLayer, redisProtocol } from '../facts/redis-now.ts'
import { layerLine } from '../facts/settings-lines.ts'
import type { LayerDecision } from '../plan/channel-layer.ts'
import { decideShared } from '../plan/instances.ts'
import { backendEnvironment } from '../plan/launch.ts'
import { managedWay } from '../plan/way.ts'
import type { SetupRun } from './start-setup.ts'

/** What the settings say, as the backend will import them, where something before the launch turns on it. */
async function askSettings(
  { host, config, signal }: SetupRun,
  { project }: Checkout,
  { python }: PythonEnvironment,
  layer: LayerDecision,
): Promise<Inspection> {
  const { backend, settingsModule, preamble } = project
  const env = backendEnvironment({ env: host.env, config, layer, color: false })
  const request = {
    way: managedWay(preamble),
    python,
    backend,
    env,
    settingsModule,
    application: undefined,
    deadlineMs: config.startTimeout,
    signal,
  }
  const inspection = examine(host, { ...request, tell: ['settings'] })
  await inspection.get('settings')
  inspection.cancel()
  await inspection.ended
  return inspection
}

/** The application of settings that name it in a way that can't be read as text. Throws LauncherError where they don't. */
export async function askApplication(
  run: SetupRun,
  checkout: Checkout,
  environment: PythonEnvironment,
  layer: LayerDecision,
): Promise<string> {
  const { settingsModule, settingsSource } = checkout.project
  const inspection = await askSettings(run, checkout, environment, layer)
  const named = (await inspection.get('settings'))?.asgi_application
  const match = typeof named === 'string' ? /^([\w.]+)\.(\w+)$/.exec(named) : null
  if (match !== null) return `${match[1] ?? ''}:${match[2] ?? ''}`
  const error = inspection.errorOf('settings')
  const missing = /^No module named ['"]?([\w.]+)/.exec(error?.message ?? '')?.[1]
  if (missing !== undefined && (settingsModule === missing || settingsModule.startsWith(`${missing}.`)))
    throw new LauncherError('wrong-settings-module', `${settingsSource} names ${settingsModule}, which isn't there`, {
      evidence: [`${error?.type ?? ''}: ${error?.message ?? ''}`],
      hint: 'Correct it, or leave it out.',
    })
  throw new LauncherError('asgi-application-setting-wrong', 'Neither the settings nor the files say which ASGI application to run', {
    evidence:
      error === undefined
        ? [`${settingsModule} has no ASGI_APPLICATION, and there is no asgi.py beside it`]
        : [`${error.type}: ${error.message}`],
    hint: 'Name it: election-dev start --application core.asgi:application',
  })
}

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
  throw new LauncherError(fact.id, `${config.instances} instances need the Redis that the settings name, but it can't be used`, {
    evidence: [...fact.evidence, because],
    hint: 'With it:  docker run -d --name redis -p 6379:6379 redis:7-alpine',
  })
}
