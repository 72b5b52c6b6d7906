import type { Config } from '../config/config.ts'
import { preambleVariable, type Way } from '../facts/manage-py.ts'
import { namedSettings, type Project } from '../facts/project.ts'
import type { PythonEnvironment } from '../facts/python.ts'
import { withoutOurs } from '../host/secret-names.ts'
import type { LayerDecision } from './channel-layer.ts'
import type { ServicePlan } from './service.ts'
import { serverArguments, servesFromChild, type ServerChoice } from './server.ts'

/** What decides about the command that starts the backend. */
export interface LaunchFacts {
  readonly config: Pick<Config, 'host' | 'reload' | 'settings' | 'observer'>
  readonly project: Pick<Project, 'backend' | 'settingsModule'>
  readonly way: Way
  readonly application: string
  readonly environment: PythonEnvironment
  readonly server: Extract<ServerChoice, { kind: 'server' }>
  readonly layer: LayerDecision
  /** The environment that the launcher was started with. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly color: boolean
  readonly platform: NodeJS.Platform
  /** Folder of the package that looks from inside. */
  readonly inside: string
}

/** The backend's command for a port; the port is decided last, and again where it is lost in a race. */
export interface LaunchPlan {
  readonly file: string
  readonly argsFor: (port: number) => readonly string[]
  readonly cwd: string
  /** The environment of everything that runs in the backend. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** That of the server: the same, with what the observer needs. */
  readonly serverEnv: Readonly<Record<string, string | undefined>>
  /** Whether the observer is around the application. */
  readonly observed: 'application' | 'none'
}

/** The backend as it is kept up: one that never worked ends the run, for its cause is a finding. Pure. */
export function backendService(
  name: string,
  port: number,
  { file, argsFor, cwd, serverEnv, observed }: LaunchPlan,
  config: Pick<Config, 'host' | 'startTimeout' | 'stopTimeout' | 'dependsOn' | 'restart' | 'reload'>,
): ServicePlan {
  const args = argsFor(port)
  return {
    name,
    kind: 'backend',
    file,
    args,
    cwd,
    env: serverEnv,
    observed: observed !== 'none',
    ready: { listening: { host: config.host, port } },
    readyTimeoutMs: config.startTimeout,
    dependsOn: config.dependsOn,
    restart: config.restart ? 'on-failure' : 'no',
    unready: config.reload ? 'waits' : 'ends',
    stopTimeoutMs: config.stopTimeout,
    // known once it is up
    url: undefined,
    shown: [file, ...args].join(' '),
  }
}

/** The package that stands between server and application. */
const insideModule = 'election_dev_inside'

/** Plans the backend's command: interpreter, arguments, folder and environment. Pure. */
export function planLaunch(facts: LaunchFacts): LaunchPlan {
  const { config, project, environment, server, way, application, color } = facts
  const env: Readonly<Record<string, string | undefined>> = {
    ...backendEnvironment(facts),
    // Python takes compiled code for fresh where second and size of its source are the same (docs.python.org/3/reference/import.html#cached-bytecode-invalidation): two saves within a second, and the first one is served
    ...(config.reload ? { PYTHONDONTWRITEBYTECODE: '1' } : {}),
  }
  const command = (name: string, port: number) => serverArguments({ ...server, application: name, host: config.host, port, color })
  const isObserved = config.observer && !servesFromChild(server)
  const observed = isObserved ? 'application' : 'none'
  const base = { file: environment.python, cwd: project.backend, env, observed } as const
  const isRunserver = server.name === 'runserver'
  if (!isObserved && (isRunserver || way === 'asgi')) return { ...base, argsFor: (port) => command(application, port), serverEnv: env }
  const theirs = env['PYTHONPATH'] ?? ''
  const path = theirs === '' ? facts.inside : `${facts.inside}${facts.platform === 'win32' ? ';' : ':'}${theirs}`
  if (isRunserver)
    return {
      ...base,
      argsFor: (port) => ['-m', insideModule, ...command(application, port)],
      serverEnv: { ...env, PYTHONPATH: path },
    }
  return {
    ...base,
    argsFor: (port) => command(`${insideModule}:application`, port),
    serverEnv: {
      ...env,
      PYTHONPATH: path,
      ELECTION_DEV_APPLICATION: application,
      ...(way === 'manage' ? { [preambleVariable]: project.settingsModule } : {}),
    },
  }
}

/**
 * The environment of everything that runs in the backend: what the launcher was
 * started with, the settings module where the user has named one, the channel
 * layer's choice, output that isn't held back, and colours where they are wanted.
 */
export function backendEnvironment(facts: {
  readonly config: Pick<Config, 'settings'>
  readonly layer: LayerDecision
  /** The environment that the launcher was started with. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly color: boolean
}): Readonly<Record<string, string | undefined>> {
  const env = withoutOurs(facts.env)
  return {
    ...env,
    PYTHONUNBUFFERED: '1',
    DJANGO_SETTINGS_MODULE: namedSettings(env, facts.config),
    ...(facts.color ? { FORCE_COLOR: env['FORCE_COLOR'] ?? '1' } : {}),
    ...facts.layer.environment,
  }
}
