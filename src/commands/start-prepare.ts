import { LauncherError } from '../errors.ts'
import { readCheckout, type Checkout } from '../facts/checkout.ts'
import { pageUser } from '../facts/page-user.ts'
import type { LookRequest } from '../facts/examine.ts'
import { insideFolder } from '../facts/inside-folder.ts'
import type { Inspection } from '../facts/inspection.ts'
import type { Way } from '../facts/manage-py.ts'
import { probePort } from '../facts/port.ts'
import { shown } from '../facts/project.ts'
import type { PythonEnvironment } from '../facts/python.ts'
import { redisNow, redisProtocol, type RedisNow } from '../facts/redis-now.ts'
import type { LayerDecision } from '../plan/channel-layer.ts'
import { choosePython, isOldChannels, missingCause } from '../plan/environment.ts'
import { planLaunch, type LaunchPlan } from '../plan/launch.ts'
import { firstWay, nextWay } from '../plan/way.ts'
import { chooseServer, type ServerChoice } from '../plan/server.ts'
import type { RunningServer } from '../run/server.ts'
import { layerOf, writeLayer } from './start-layer.ts'
import type { SetupRun } from './start-setup.ts'

/** One way of serving the project. */
interface Served {
  readonly way: Way
  readonly server: Extract<ServerChoice, { kind: 'server' }>
  readonly plan: LaunchPlan
  /** Starts a look at the project from inside: by the server where one is given that is observed, else by an interpreter beside it. */
  readonly inspect: (server?: RunningServer, more?: Pick<LookRequest, 'anywhere'>) => Promise<Inspection>
  /** The way that may lead to the project where this one's server has died with these lines; undefined where none is left. */
  readonly next: (said: readonly string[]) => Served | undefined
}

/** Everything that is decided before the server is launched. */
export interface Prepared extends SetupRun, Served {
  readonly checkout: Checkout
  readonly environment: PythonEnvironment
  readonly application: string
  readonly layer: LayerDecision
  readonly port: number
  /** Redis as the variables name it; probed once, never on the path to the launch unless it is wanted. */
  readonly redis: () => Promise<RedisNow>
}

/**
 * Decides everything that `start` runs with: checkout, environment, server,
 * channel layer, port. Throws LauncherError where it can't be run.
 * `look`: what is missing is looked for by the project's own interpreter, even where the files look complete.
 * `anew`: something of this run is up already, and holds its ports.
 */
export async function prepare(run: SetupRun, options: { look?: boolean; anew?: boolean } = {}): Promise<Prepared> {
  const { host, config, report } = run
  const [found, portFact] = await Promise.all([readCheckout(host, config), probePort(config.port, config.host)])
  const checkout = await checkoutOf(run, found, options.look === true)
  refuseStopped(run)
  const { project } = checkout
  const choice = choosePython(checkout.python, checkout.requirements?.names)
  if (choice.kind !== 'ready')
    throw new LauncherError(missingCause(choice), 'The backend has no Python environment that can run it', {
      evidence: choice.kind === 'packages-missing' ? [`${choice.environment.label} has no ${choice.missing.join(' and no ')}`] : [],
      hint: "Create it, and install the project's requirements.",
      commands: [(await import('../config/again.ts')).startAgain(config, '--setup')],
    })
  const { environment } = choice
  report({
    event: 'note',
    text: `project ${shown(project, project.backend)} · settings ${project.settingsModule} (${project.settingsSource})`,
  })
  report({ event: 'note', text: `python ${environment.label}` })
  if (choice.note !== undefined) report({ event: 'warning', id: 'wrong-venv', text: `${choice.note}; using ${environment.label}` })

  const server = serverOf(run, checkout, environment)
  let probing: Promise<RedisNow> | undefined
  const redis = () => (probing ??= redisNow(checkout.redis, redisProtocol(environment.packages)))
  const layer = await layerOf(run, checkout, redis)
  if (config.instances > 1) await (await import('./start-settings.ts')).refuseUnshared(run, checkout, environment, layer)
  refuseStopped(run)
  const application = project.application ?? (await (await import('./start-settings.ts')).askApplication(run, checkout, environment, layer))
  report({
    event: 'note',
    text: `application ${application} (${project.applicationSource}) · ${server.name} ${server.version}: ${server.why}`,
  })
  const way = server.name === 'runserver' ? 'runserver' : firstWay(project.preamble)
  if (way === 'manage')
    report({
      event: 'warning',
      id: 'other-settings',
      text: `manage.py names other settings (${project.settingsModule}) than ${application.split(':')[0] ?? ''} does: used here, and by no server that is started without manage.py`,
    })
  const isOurs = !config.takeover && portFact.binds.every(({ result }) => result === 'free')
  const port = isOurs ? portFact.port : await (await import('./start-port.ts')).portFor(run, checkout, portFact)
  if (config.instances > 1 && config.strictPort && options.anew !== true)
    await (await import('./start-port.ts')).refuseHeldPorts(config, port)
  // nothing is written for a server that can't be started
  refuseStopped(run)
  await writeLayer(run, checkout, layer)
  const request = {
    mint: config.token === undefined && config.login === undefined,
    settingsModule: project.settingsModule,
    application,
    deadlineMs: config.startTimeout,
  } satisfies Partial<LookRequest>
  const facts = { packages: environment.packages, hasDaphneApp: project.hasDaphneApp }
  // a server that was asked for is never replaced
  const runserver = config.server === undefined ? chooseServer({ ...facts, wanted: 'runserver' }) : undefined
  const by = (chosen: Way): Served => {
    const chosenServer = chosen === 'runserver' && runserver?.kind === 'server' ? runserver : server
    const plan = planLaunch({
      config,
      project,
      application,
      environment,
      server: chosenServer,
      way: chosen,
      layer,
      env: host.env,
      color: host.terminal.color && !config.json,
      platform: host.platform,
      inside: insideFolder,
    })
    return {
      way: chosen,
      server: chosenServer,
      plan,
      inspect: async (running, more) => {
        // loaded while the server starts: what is told is read by schemas that nothing needs before
        const { examine, givenLook, lookServedLate, quickLook } = await import('../facts/examine.ts')
        const asked = {
          ...request,
          ...more,
          ...pageUser(project.root, config),
          tell: request.mint ? quickLook : givenLook,
        }
        return plan.observed === 'application' && running?.observer !== undefined
          ? lookServedLate(host, running.observer, asked)
          : examine(host, { ...asked, way: chosen, python: environment.python, backend: project.backend, env: plan.env })
      },
      next: (said) => {
        const next = nextWay(chosen, said, project.preamble, runserver?.kind === 'server')
        return next === undefined ? undefined : by(next)
      },
    }
  }
  return { ...run, checkout, environment, application, layer, port, redis, ...by(way) }
}

/** Nobody waits for the rest any more: nothing is written or started then. */
function refuseStopped({ signal }: SetupRun): void {
  if (signal.aborted) throw new LauncherError('stopped', 'Stopped before the launch')
}

/** Looks for what a fresh checkout lacks, where there is a sign of it or it is asked for. */
async function checkoutOf(run: SetupRun, checkout: Checkout, look: boolean): Promise<Checkout> {
  const { config } = run
  const choice = choosePython(checkout.python, checkout.requirements?.names)
  if (choice.kind === 'python-broken') {
    throw new LauncherError('venv-broken', `The interpreter that ${config.source('python')} names can't be run`, {
      evidence: [choice.reason],
      hint: "Correct the path, or leave it out: the project's environment is found automatically.",
    })
  }
  if (choice.kind !== 'ready' || isOldChannels(choice.environment.packages.get('channels')))
    await (await import('./start-setup.ts')).refuseUnsupported(run, checkout)
  const { project, dotenv } = checkout
  const lacksDotenv = dotenv.kind === 'absent' && project.dotenvExample !== undefined
  const lacksFolders = async () => (await (await import('../facts/log-folders.ts')).missingLogFolders(project)).length > 0
  const signs = choice.kind !== 'ready' || lacksDotenv || (project.logFolders.length > 0 && (await lacksFolders()))
  if (!signs && !config.setup && !look) return checkout
  const { completeCheckout } = await import('./start-setup.ts')
  return completeCheckout(run, checkout, { look, again: (anew, installed) => checkoutOf(anew, installed, look) })
}

function serverOf({ config }: SetupRun, checkout: Checkout, environment: PythonEnvironment): Extract<ServerChoice, { kind: 'server' }> {
  const choice = chooseServer({ packages: environment.packages, hasDaphneApp: checkout.project.hasDaphneApp, wanted: config.server })
  if (choice.kind === 'server') return choice
  throw new LauncherError(choice.id, 'There is no server that can speak WebSocket', {
    evidence: [`${environment.label}: ${choice.reason}`],
    hint: 'Install one.',
    commands: [[environment.python, '-m', 'pip', 'install', ...choice.install]],
  })
}
