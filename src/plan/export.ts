import type { callOptions } from '../config/options/call.ts'
import { relative, resolve, sep } from 'node:path'
import type { DeploymentFacts } from '../facts/deployment.ts'
import { LauncherError } from '../errors.ts'
import type { Deploy, Server } from '../servers/server.ts'
import { deployedServers, preferred, servers, type DeployedServer } from '../servers/known.ts'

/** What a set-up is written for. */
export const exportTargets = ['compose', 'kubernetes', 'procfile'] as const
export type ExportTarget = (typeof exportTargets)[number]

/** What stands in front of the replicas of a compose set-up. */
type ProxyName = (typeof callOptions.proxy.takes.words)[number]

/** What the user asked for. */
export interface ExportRequest {
  readonly target: ExportTarget
  /** Absolute. */
  readonly out: string
  readonly proxy: ProxyName
  readonly replicas: number
  /** Host name of the Ingress. */
  readonly host: string
  /** Name of the backend's image; undefined: the project's. */
  readonly image: string | undefined
  /** The command line, for the head of each file. */
  readonly command: string
}

/** A file of a set-up. `path` is relative to the folder of the set-up, with forward slashes. */
export interface ExportFile {
  readonly path: string
  readonly text: string
  /** True for what a person fills in: written where it isn't there yet, then left alone and never shown. */
  readonly once?: true
}

/** Something that a person has to know, with a stable id. */
export interface ExportNote {
  readonly id: string
  readonly text: string
}

/** A set-up, decided: nothing is written yet. */
export interface ExportPlan {
  readonly files: readonly ExportFile[]
  /** Paths of files that get a random value each, where they aren't there yet. */
  readonly secrets: readonly string[]
  readonly notes: readonly ExportNote[]
  /** What to do next, a command each. */
  readonly next: readonly string[]
}

/** A set-up's facts with everything known that its files need. */
export interface Deployable extends DeploymentFacts {
  readonly application: string
  readonly requirements: NonNullable<DeploymentFacts['requirements']>
  readonly server: DeployedServer
  /** Distributions that the image needs and the requirements don't name. */
  readonly added: readonly string[]
  /** The folder of the set-up as the checkout has it: `deploy/compose`. */
  readonly outFolder: string
  /** The checkout as the folder of the set-up has it: `../..`. */
  readonly context: string
}

/** Seconds that sockets get to go elsewhere once a replica is told to end. */
export const drainSeconds = 20
/** Seconds from being told to end until a replica is killed: more than the drain, or it is cut short. */
export const graceSeconds = drainSeconds + 15
/** Port that the ASGI server has inside its container. */
export const backendPort = 8000

/**
 * What the files of a set-up need to know. Several replicas need a layer that
 * they share: settings that have the one in memory alone are refused. Pure.
 * Throws LauncherError where the facts are not enough.
 */
export function deployable(facts: DeploymentFacts, { out, replicas }: Pick<ExportRequest, 'out' | 'replicas'>): Deployable {
  const { application, requirements, layer, variables } = facts
  if (layer.kind === 'memory' && replicas !== 1)
    throw new LauncherError(
      'layer-inmemory-multi-instance',
      `${replicas} replicas need a shared channel layer, but the settings have only the in-memory one`,
      {
        evidence: [
          'A message sent in one replica would never reach the sockets of another',
          'The settings read no variable that chooses Redis',
        ],
        hint: 'election-dev init --settings offers a block with that choice; or export one instance: --replicas 1',
      },
    )
  const lacks = (name: string) => layer.kind !== 'memory' && !variables.has('REDIS_URL') && !variables.has(name)
  if (lacks('REDIS_HOST'))
    throw new LauncherError(
      'redis-address-fixed',
      'The settings read neither REDIS_URL nor REDIS_HOST: the replicas would look for Redis in their own container',
      { hint: 'Read it there: "host": config("REDIS_HOST", default="127.0.0.1"); election-dev init --settings offers the block' },
    )
  if (lacks('REDIS_PASSWORD'))
    throw new LauncherError('redis-password-not-read', "The settings read no REDIS_PASSWORD, but this setup's Redis has a password", {
      hint: 'Read it there: "password": config("REDIS_PASSWORD", default="") or None; election-dev init --settings offers the block',
    })
  if (application === undefined)
    throw new LauncherError('application-unknown', 'Neither ASGI_APPLICATION nor an asgi.py says which ASGI application to serve', {
      hint: 'Name it: --application core.asgi:application',
    })
  if (requirements === undefined)
    throw new LauncherError('requirements-missing', 'Nothing in the checkout says which packages the image needs', {
      hint: "Write them down: python -m pip freeze > requirements.txt   (in the backend's environment)",
    })
  const outFolder = forward(relative(facts.root, out)) || '.'
  if (outFolder.startsWith('..') || resolve(facts.root, outFolder) !== resolve(out))
    throw new LauncherError('out-outside', `${out} is outside the checkout, and an image can only take files from inside it`, {
      hint: 'Name a folder of the checkout: --out deploy',
    })
  const server = serverOf(facts)
  const context = forward(relative(out, facts.root)) || '.'
  return { ...facts, application, requirements, server, added: addedTo(facts, server), outFolder, context }
}

/** What is asked for, else what the requirements name, else what is installed; the preferred one where nothing tells. */
function serverOf({ wantedServer, requiredNames, installed }: DeploymentFacts): DeployedServer {
  const told = wantedServer === undefined ? [requiredNames, installed] : [new Set<string>([wantedServer])]
  const [first = preferred] = told.flatMap((names) => deployedServers.filter(({ name }) => names?.has(name)))
  return first.name
}

function addedTo({ requiredNames, layer }: DeploymentFacts, server: DeployedServer): string[] {
  // what only the project's tool can read is taken at its word
  if (requiredNames === undefined) return []
  const has = (...names: readonly string[]) => names.some((name) => requiredNames.has(name))
  const { install, libraries }: Server = servers[server]
  const added: string[] = []
  if (!has(server)) added.push(install)
  // the extras of `uvicorn[standard]` don't show in its name; uvicorn alone speaks no WebSocket
  else if (libraries !== undefined && !has(...libraries.names)) added.push(libraries.names[0])
  if (layer.kind !== 'memory' && !has('channels-redis')) added.push('channels-redis')
  return added
}

/** The server inside its container, with its arguments. */
export function serverWords({ server, application }: Pick<Deployable, 'server' | 'application'>, port: string): string[] {
  return [server, ...servers[server].deploy.args(application, port, String(drainSeconds))]
}

/** Variables of the backend that are no secret. `hosts` are the names under which it is reached. */
export function backendVariables(
  facts: Deployable,
  hosts: readonly string[],
  scheme: 'http' | 'https',
  redisHost: string,
): Record<string, string> {
  const { variables, layer } = facts
  const found: Record<string, string> = { DJANGO_SETTINGS_MODULE: facts.settingsModule }
  if (layer.kind === 'switch') found[layer.variable] = 'True'
  if (layer.kind !== 'memory') Object.assign(found, { REDIS_HOST: redisHost, REDIS_PORT: '6379' })
  if (layer.kind !== 'memory' && variables.has('REDIS_URL')) found['REDIS_URL_FROM_PARTS'] = '1'
  // localhost is what the probes say, and the proxy hands on the name that the browser used
  const names = [...new Set([...hosts, 'localhost', '127.0.0.1'])]
  for (const name of ['ALLOWED_HOSTS', 'DJANGO_ALLOWED_HOSTS']) if (variables.has(name)) found[name] = names.join(',')
  for (const name of ['DEBUG', 'DJANGO_DEBUG']) if (variables.has(name)) found[name] = 'False'
  const origins = hosts.map((host) => `${scheme}://${host}`).join(',')
  if (variables.has('CSRF_TRUSTED_ORIGINS')) found['CSRF_TRUSTED_ORIGINS'] = origins
  if (variables.has('CORS_ALLOWED_ORIGINS')) found['CORS_ALLOWED_ORIGINS'] = origins
  return { ...found, PROBE_PORT: String(backendPort), PROBE_HOST: 'localhost', PROBE_PATH: facts.webSocketPath ?? '/' }
}

/** A secret of the set-up: its file, and the variable that the backend reads it from. */
export interface BackendSecret {
  readonly file: string
  readonly variable: string
}

/** Redis's password, and Django's key where the settings read it from a variable. */
export function backendSecrets({ layer, variables }: Deployable): BackendSecret[] {
  const found: BackendSecret[] = layer.kind === 'memory' ? [] : [{ file: 'redis-password', variable: 'REDIS_PASSWORD' }]
  const key = ['SECRET_KEY', 'DJANGO_SECRET_KEY'].find((name) => variables.has(name))
  if (key !== undefined) found.push({ file: 'secret-key', variable: key })
  return found
}

/** Paths that go to the backend where a frontend has all others: its routes, what the dev server hands on, the WebSocket's. */
export function backendPaths({ routes, frontend, webSocketPath }: DeploymentFacts): string[] {
  const socket = webSocketPath === undefined ? '/ws/' : `/${webSocketPath.split('/')[1] ?? 'ws'}/`
  return [...new Set([socket, ...routes, ...(frontend?.proxied ?? [])])].toSorted()
}

/** What every reader of a set-up has to know before it runs. */
export function commonNotes(facts: Deployable, set: ReadonlySet<string>): ExportNote[] {
  const notes: ExportNote[] = []
  const note = (id: string, text: string) => notes.push({ id, text })
  if (facts.layer.kind === 'memory')
    note('layer-inmemory', 'The channel layer is in memory: one replica, never more, until election-dev init --settings gives it a choice')
  if (facts.sqliteOnly)
    note(
      'database-in-file',
      'The settings know only SQLite: each container has its own file, which is lost with it. Point DATABASES to a server',
    )
  if (facts.added.length > 0)
    note('requirements-added', `The image installs ${facts.added.join(', ')}, which ${facts.requirements.files[0] ?? ''} doesn't name`)
  const deploy: Deploy = servers[facts.server].deploy
  if (deploy.note !== undefined) note('drain', deploy.note)
  if (facts.webSocketPath === undefined)
    note('path-unknown', 'The path of the WebSocket is not known, so that readiness asks / alone: --path names it')
  const open = facts.dotenvKeys.filter((key) => !set.has(key))
  if (open.length > 0) note('variables-open', `In .env, and not in this set-up: ${open.join(', ')}. Give those that matter in settings.env`)
  return notes
}

const forward = (path: string): string => path.split(sep).join('/')
