import { LauncherError } from '../errors.ts'
import type { Checkout } from '../facts/checkout.ts'
import { examine } from '../facts/examine.ts'
import type { Inspection } from '../facts/inspection.ts'
import type { PythonEnvironment } from '../facts/python.ts'
import type { LayerDecision } from '../plan/channel-layer.ts'
import { backendEnvironment } from '../plan/launch.ts'
import { managedWay } from '../plan/way.ts'
import type { SetupRun } from './start-setup.ts'

/** What the settings say, as the backend will import them, where something before the launch turns on it. */
export async function askSettings(
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
  const { settingsModule } = checkout.project
  const inspection = await askSettings(run, checkout, environment, layer)
  const named = (await inspection.get('settings'))?.asgi_application
  const match = typeof named === 'string' ? /^([\w.]+)\.(\w+)$/.exec(named) : null
  if (match !== null) return `${match[1] ?? ''}:${match[2] ?? ''}`
  const error = inspection.errorOf('settings')
  throw new LauncherError('asgi-application-setting-wrong', 'Neither the settings nor the files tell which ASGI application to run', {
    evidence:
      error === undefined
        ? [`${settingsModule} has no ASGI_APPLICATION, and there is no asgi.py beside it`]
        : [`${error.type}: ${error.message}`],
    hint: 'Name it: election-dev start --application core.asgi:application',
  })
}
