import type { Checkout } from '../facts/checkout.ts'
import type { Project } from '../facts/project.ts'
import type { JudgedCommand, OldScript } from '../facts/old-scripts.ts'
import type { ScriptRole } from '../facts/old-scripts-roles.ts'
import { preferred, servers, type ServerName } from '../servers/known.ts'
import { servicesOf } from './init-services.ts'
import { frontendOf } from './init-frontend.ts'
import { variablesOf } from './init-variables.ts'
import { takerInto, type InitDecision, type Said, type Taken } from './init-sources.ts'
import { stopNotes, wsgiWarnings, isWsgi, serverNotes } from './init-warnings.ts'

/** What decides about the configuration that `init` writes. */
export interface InitFacts extends Pick<Project, 'settingsModule' | 'application' | 'hasDaphneApp'>, Pick<Checkout, 'layerVariable'> {
  readonly scripts: readonly OldScript[]
  readonly platform: NodeJS.Platform
  /** Folder of manage.py, relative to the checkout; `.` for itself. */
  readonly backend: string
  /** False: `start` needs to be told. */
  readonly findsBackend: boolean
  /** The server that `start` takes by itself; undefined where none is installed, or no environment is there yet. */
  readonly server: ServerName | undefined
  /** What the environment or `.env` wish already. */
  readonly wishesRedis: boolean | undefined
  /** Where secrets belong, as a person names it. */
  readonly dotenv: string
  /** Of each folder with a package.json the script that `start` takes by itself; undefined: it has none that starts a dev server. */
  readonly devScripts: ReadonlyMap<string, string | undefined>
}

interface BackendCommand extends JudgedCommand {
  readonly role: Extract<ScriptRole, { kind: 'backend' | 'wsgi-only' }>
  readonly script: OldScript
}

/**
 * What the old scripts say, as a configuration: only what `start` would do
 * otherwise by itself is written. A command that speaks ASGI counts for more
 * than one that doesn't, then the order of the files counts. Pure.
 */
export function decideInit(facts: InitFacts): InitDecision {
  const all = facts.scripts.flatMap((script) => script.commands.flatMap((command) => asBackend(command, script)))
  const asgi = all.filter(({ role }) => !isWsgi(role, facts))
  // a command that can't speak WebSocket is asked last
  const backends = [...asgi, ...all.filter((command) => !asgi.includes(command))]
  const taken: Taken[] = []
  const config: Record<string, unknown> = {}
  const take = takerInto(config, taken)

  if (!facts.findsBackend) config['backend'] = facts.backend
  take('settings', saidBy(backends, settingsSaid), facts.settingsModule)
  take('application', saidBy(asgi, applicationSaid), facts.application)
  take('python', saidBy(backends, environmentSaid(facts)))
  take('server', saidBy(asgi, serverSaid), facts.server ?? preferred.name)
  take('host', saidBy(backends, hostSaid), '127.0.0.1', (host) =>
    opensToNetwork(host) ? 'it opens the server to the whole network: leave the key out to serve this machine alone' : undefined,
  )
  take('port', saidBy(backends, portSaid), 8000)
  take('reload', saidBy(asgi, reloadSaid))
  const port = typeof config['port'] === 'number' ? config['port'] : 8000
  const parts = [variablesOf(backends, facts), frontendOf(facts, port), servicesOf(facts)]
  return {
    config: Object.assign({}, config, ...parts.map((part) => part.config)),
    taken: [...taken, ...parts.flatMap((part) => part.taken)],
    warnings: [...wsgiWarnings(all, facts), ...parts.flatMap((part) => part.warnings)],
    notes: [...serverNotes(all), ...parts.flatMap((part) => part.notes), ...stopNotes(facts.scripts)],
  }
}

function asBackend(command: JudgedCommand, script: OldScript): BackendCommand[] {
  const { role } = command
  return role.kind === 'backend' || role.kind === 'wsgi-only' ? [{ ...command, role, script }] : []
}

/** True for an address that others reach. */
function opensToNetwork(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || !/^(?:127\.|localhost$|::1$)/.test(host)
}

/** What the commands say of one key, each where it stands or where `valueOf` found it. */
function saidBy<T extends string | number | boolean>(
  commands: readonly BackendCommand[],
  valueOf: (command: BackendCommand) => T | Said<T> | undefined,
): Said<T>[] {
  return commands.flatMap((command) => {
    const value = valueOf(command)
    if (value === undefined) return []
    return [typeof value === 'object' ? value : { value, place: command.place }]
  })
}

function settingsSaid({ role, env }: BackendCommand): Said<string> | string | undefined {
  const named = role.kind === 'backend' ? role.settings : undefined
  return named ?? env.find(({ name, value }) => name === 'DJANGO_SETTINGS_MODULE' && /^[\w.]+$/.test(value))
}

function applicationSaid({ role }: BackendCommand): string | undefined {
  const application = role.kind === 'backend' ? role.server.application : undefined
  return application !== undefined && /^[\w.]+:[\w.]+$/.test(application) ? application : undefined
}

/** An environment that `start` doesn't look for: by another name, or in another place. */
function environmentSaid({ backend, platform }: InitFacts) {
  const usual = ['.venv', 'venv', 'env'].flatMap((name) => [name, backend === '.' ? name : `${backend}/${name}`])
  return ({ venv }: BackendCommand): string | undefined =>
    venv === undefined || usual.includes(venv) ? undefined : `${venv}/${platform === 'win32' ? 'Scripts/python.exe' : 'bin/python'}`
}

/** gunicorn with uvicorn's workers is uvicorn; runserver with the daphne app is daphne. */
function serverSaid({ role }: BackendCommand): ServerName | undefined {
  if (role.kind !== 'backend') return undefined
  const server = servers[role.server.program]
  return 'standsFor' in server ? server.standsFor : server.name
}

/** What a container or a platform listens on is no word about this machine. */
function hostSaid({ role, script }: BackendCommand): string | undefined {
  if (script.kind === 'compose' || (role.kind === 'backend' && role.openPort && script.kind === 'procfile')) return undefined
  return role.host === 'localhost' ? '127.0.0.1' : role.host
}

function portSaid({ role, script, name }: BackendCommand): number | Said<number> | undefined {
  if (script.kind !== 'compose') return role.port
  // a container's port is known by the one that this machine has for it
  const published = script.compose.ports.find(({ service, container }) => service === name && container === (role.port ?? 8000))
  return published && { value: published.host, place: published.place }
}

function reloadSaid({ role, script }: BackendCommand): true | undefined {
  const reloads = role.kind === 'backend' && role.server.program !== 'runserver' && role.server.reload && script.kind !== 'compose'
  return reloads || undefined
}
