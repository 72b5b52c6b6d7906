import { LauncherError } from '../errors.ts'
import { readCheckout, type Checkout } from '../facts/checkout.ts'
import type { ExaminationOf } from '../facts/examination.ts'
import { layerEndpoint } from '../facts/layer-redis.ts'
import { isRedisLayer, probeNow, redisNow, redisProtocol } from '../facts/redis-now.ts'
import { findRedisPrograms } from '../facts/redis-programs.ts'
import { showEndpoint } from '../facts/redis-endpoint.ts'
import { raceStop } from '../host/race-stop.ts'
import { databaseNeeds, lookAtSettings, type DatabaseNeeds } from '../look/database.ts'
import { redisPlace } from '../look/redis.ts'
import { choosePython } from '../plan/environment.ts'
import { redisPortWanted } from '../plan/managed-redis.ts'
import type { ServicePlan } from '../plan/service.ts'
import { prepareManagedDatabase } from '../run/managed-database.ts'
import { prepareManagedRedis } from '../run/managed-redis.ts'
import type { Services } from '../run/services.ts'
import type { SetupRun } from './start-setup.ts'

/** What a run has started of what the settings name. */
export interface Managed {
  /** For everything that runs in the backend. Holds passwords. */
  readonly environment: Readonly<Record<string, string>>
  /** Takes away what is left of it. Call it once the services are stopped; never throws. */
  readonly remove: () => Promise<void>
}

/** What a part of it is started with. `parts`: takes what was made, as soon as it is there to be taken away. */
interface Starting {
  readonly python: string | undefined
  readonly services: Services
  readonly parts: Managed[]
}

/** What is there already, and used. */
const there = (environment: Managed['environment']): Managed => ({ environment, remove: async () => {} })

/**
 * Starts a Redis where one is asked for, and with `--managed` what else the
 * settings name and what isn't there, before anything is decided about the
 * backend, which gets `environment`. Throws LauncherError where that can't be.
 */
export async function startManaged(run: SetupRun, services: Services): Promise<Managed> {
  const { host, config } = run
  const checkout = await readCheckout(host, config)
  const choice = choosePython(checkout.python, checkout.requirements?.names)
  const { managed, managedRedis } = config
  const python = choice.kind === 'ready' ? choice.environment.python : undefined
  const seen =
    managed && python !== undefined
      ? await lookAtSettings(host, config, checkout, python, { tell: ['settings', 'database_server', 'database'] })
      : undefined
  const settings = seen?.get('settings')
  const parts: Managed[] = []
  const remove = async () => {
    await Promise.all(parts.map(async (part) => part.remove()))
  }
  try {
    if (managedRedis || (settings !== undefined && (await lacksRedis(run, checkout, settings))))
      await startRedis(run, checkout, { python, services, parts })
    const server = seen?.get('database_server')
    if (python !== undefined && server !== undefined && seen?.get('database')?.state === 'unreachable') {
      const needs = await databaseNeeds(host, config, checkout, python, server)
      if (needs !== undefined) await startDatabase(run, checkout, { needs, python, services, parts })
    }
  } catch (error) {
    await services.stop()
    await remove()
    throw error
  }
  return { environment: Object.assign({}, ...parts.map(({ environment }) => environment)), remove }
}

/** Whether the layer is to be Redis, and the Redis that it names can't carry it. One that can is used, and told. */
async function lacksRedis({ config, report }: SetupRun, checkout: Checkout, settings: ExaminationOf<'settings'>): Promise<boolean> {
  // a service of the configuration is what it is called
  if (Object.hasOwn(config.services, 'redis')) return false
  const { wish, layerVariable, redis } = checkout
  const isChosen = layerVariable !== undefined && (config.channelLayer === 'redis' || (wish.kind === 'set' && wish.redis))
  if (config.channelLayer === 'memory' || (!isChosen && !isRedisLayer(settings.layer_backend))) return false
  const endpoint = await layerEndpoint(settings, redis)
  const known = endpoint === undefined ? redis : ({ kind: 'endpoint', endpoint } as const)
  const { fact, where } = await redisNow(known, redisProtocol(undefined))
  if (fact?.usable === true) report({ event: 'note', text: `Redis at ${where} is there, and used`, always: true })
  // what has a login that is refused is somebody's
  return fact === undefined || (!fact.usable && fact.id === 'redis-unreachable')
}

async function startRedis(
  { host, config, report, signal }: SetupRun,
  checkout: Checkout,
  { python, services, parts }: Starting,
): Promise<void> {
  const { project, layerVariable } = checkout
  report({ event: 'phase', text: 'starting a Redis of its own' })
  const choice = layerVariable === undefined ? {} : { [layerVariable]: 'True' }
  // settings that know no other port are led to no other Redis
  const usual = { host: '127.0.0.1', port: 6379, db: 0, tls: false, source: 'default' }
  const place = python === undefined ? {} : await redisPlace(host, config, checkout, python)
  if (redisPortWanted(project.variables, place) !== 'any' && (await probeNow(usual, 2)).usable) {
    report({ event: 'note', text: `the Redis at ${showEndpoint(usual)} is there, and used: the settings know no other port`, always: true })
    parts.push(there(choice))
    return
  }
  const programs = await findRedisPrograms(host, [...new Set([project.root, project.backend])])
  const redis = await prepareManagedRedis(host, {
    programs,
    variables: project.variables,
    place,
    layerVariable,
    stopTimeoutMs: config.stopTimeout,
  })
  parts.push(redis)
  await untilReady(services, redis.service, 'Start one by hand, and use it with --channel-layer redis.', signal)
}

async function startDatabase(
  run: SetupRun,
  checkout: Checkout,
  { needs, python, services, parts }: Starting & { readonly needs: DatabaseNeeds; readonly python: string },
): Promise<void> {
  const { host, config, report, signal } = run
  const { place, server, compose } = needs
  const hide = (environment: Managed['environment']) => {
    for (const value of Object.values(environment)) host.secrets.addNamed('DATABASE_URL', value)
  }
  if (place.kind === 'none')
    throw new LauncherError('managed-database', "The settings can't be pointed to another database", {
      evidence: [place.why],
      hint: 'Let them read DATABASE_URL, or a variable for HOST and PORT.',
    })
  const opened = async (env: Managed['environment']) => {
    const seen = await lookAtSettings(host, config, checkout, python, { tell: ['settings', 'database'], env })
    const found = seen.get('database')
    const isOpen = found?.state === 'ready' || found?.state === 'empty'
    return isOpen ? true : (found?.message ?? seen.errorOf('settings')?.message ?? 'they could not be read')
  }
  if (compose?.port !== undefined) {
    const environment = place.environment(compose.port)
    hide(environment)
    if ((await opened(environment)) === true) {
      report({
        event: 'note',
        text: `database: ${compose.service} of the compose file is at 127.0.0.1:${compose.port}, and used`,
        always: true,
      })
      parts.push(there(environment))
      return
    }
  }
  report({ event: 'phase', text: 'starting a database of its own' })
  const made = await prepareManagedDatabase(host, {
    ...needs,
    place,
    root: checkout.project.root,
    stopTimeoutMs: config.stopTimeout,
    signal,
  })
  hide(made.environment)
  report({ event: 'note', text: made.note, always: true })
  parts.push(made)
  if (made.service !== undefined) await untilReady(services, made.service, 'Start one by hand.', signal)
  const found = signal.aborted || (await opened(made.environment))
  if (found !== true && !signal.aborted)
    throw new LauncherError('managed-database', `The settings don't reach this run's database ${server.name}`, {
      evidence: [found],
      hint: 'Start the database that they name by hand.',
    })
}

/** Starts the service, and waits until it is ready. Throws LauncherError where it never is. */
async function untilReady(services: Services, service: ServicePlan, hint: string, signal: AbortSignal): Promise<void> {
  services.add(service)
  const settled = await raceStop(services.wait(service.name), signal)
  if (settled === 'ready' || signal.aborted) return
  const why = services.statuses.find(({ name }) => name === service.name)?.why
  const [id, what] = service.kind === 'redis' ? ['managed-redis', 'Redis'] : ['managed-database', 'database']
  throw new LauncherError(id, `This run's ${what} did not get ready`, {
    evidence: [`${service.shown}${why === undefined ? '' : `: ${why}`}`],
    hint,
  })
}
