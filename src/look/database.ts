import { dirname, join } from 'node:path'
import { databaseRefusal } from '../checks/database-refusal.ts'
import type { Config } from '../config/config.ts'
import type { Checkout } from '../facts/checkout.ts'
import { readComposeFile, type Compose } from '../facts/compose-values.ts'
import { askDatabase } from '../facts/database-answer.ts'
import { findDocker } from '../facts/docker.ts'
import { examine } from '../facts/examine.ts'
import type { Examination } from '../facts/examination.ts'
import { shown } from '../facts/project.ts'
import { homeName } from '../facts/home-name.ts'
import { findPostgres } from '../facts/postgres-programs.ts'
import { variableReader } from '../facts/variables.ts'
import { isFolder } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { databaseKind, databasePlace, triedDatabases, usualPort, type DatabasePlace, type DatabaseServer } from '../plan/database-place.ts'
import { databaseOutlook, type ComposeDatabase, type DatabaseOutlook, type DatabasePrograms } from '../plan/managed-database.ts'
import { landedIn, type PlaceVariables } from '../plan/tried-values.ts'
import { managedLook } from '../plan/way.ts'

/** What is known of a database server that the settings name, for who is to start one. */
export interface DatabaseNeeds {
  readonly kind: 'postgresql' | 'mysql'
  readonly server: DatabaseServer
  readonly place: DatabasePlace
  readonly programs: DatabasePrograms
  /** The service of a compose file whose name is the host, and the port of this machine at which it answers, where it does. */
  readonly compose: { readonly file: string; readonly service: string; readonly port: number | undefined } | undefined
}

/** How long a look at the settings may take, in milliseconds. */
const lookMs = 20_000
/** Names of images that run each of them. */
const images = { postgresql: /postg|timescale|pgvector/, mysql: /mysql|mariadb|percona/ }

/** A look at the settings alone, as manage.py comes to them, with more variables. Never throws. */
export async function lookAtSettings(
  host: Host,
  config: Config,
  { project }: Checkout,
  python: string,
  options: { readonly tell: readonly ('settings' | 'database_server' | 'database')[]; readonly env?: Readonly<Record<string, string>> },
): Promise<Examination> {
  const managed = managedLook(host.env, config, project, python)
  const request = { ...managed, application: undefined, deadlineMs: lookMs, tell: options.tell }
  return examine(host, { ...request, env: { ...managed.env, ...options.env } }).ended
}

/** Gathers what decides whether a database server of the run's own can be started. `server`: what the settings name. Never throws. */
export async function databaseNeeds(
  host: Host,
  config: Config,
  checkout: Checkout,
  python: string,
  server: DatabaseServer,
): Promise<DatabaseNeeds | undefined> {
  const kind = databaseKind(server)
  if (kind === undefined) return undefined
  const { project, dotenv } = checkout
  const [variables, compose, postgres] = await Promise.all([
    databaseVariables(host, config, checkout, python),
    readComposeFile(project.root, [project.backend, dirname(project.backend), project.root], host.env),
    kind === 'postgresql' ? findPostgres(host) : [],
  ])
  const url = variables.url === undefined ? undefined : variableReader(host, project, dotenv)(variables.url)?.value
  const service = composeDatabase(compose, kind, server)
  const docker = postgres.length === 0 && service !== undefined ? await findDocker(host) : undefined
  const wanted = server.port === '' ? usualPort[kind] : Number(server.port)
  const named = compose?.services.find(({ name }) => name === server.host)
  const port = named?.ports.find(({ container }) => container === wanted)?.host
  const isUp = port !== undefined && (await askDatabase(kind, port, server)) === 'up'
  return {
    kind,
    server,
    place: databasePlace(server, variables, url),
    programs: { postgres, compose: service, docker },
    compose:
      named === undefined || compose === undefined
        ? undefined
        : { file: compose.file, service: server.host, port: isUp ? port : undefined },
  }
}

/** How the database that can't be opened could be replaced; undefined where no server is asked for one. Never throws. */
export async function outlookOf(
  host: Host,
  config: Config,
  checkout: Checkout | undefined,
  python: string | undefined,
  examination: Examination | undefined,
): Promise<DatabaseOutlook | undefined> {
  const database = examination?.get('database')
  if (checkout === undefined || python === undefined || database?.state !== 'unreachable' || typeof database.path === 'string')
    return undefined
  const seen = await lookAtSettings(host, config, checkout, python, { tell: ['settings', 'database_server'] })
  const server = seen.get('database_server')
  const needs = server === undefined ? undefined : await databaseNeeds(host, config, checkout, python, server)
  if (needs === undefined) return undefined
  const compose = needs.compose && { ...needs.compose, file: shown(checkout.project, needs.compose.file) }
  const refusal = databaseRefusal(database.message)
  const refuses = refusal && (refusal.passes ? 'passing' : 'lasting')
  const isKept = needs.kind === 'postgresql' && (await isFolder(join(checkout.project.root, homeName, 'postgres')))
  return { ...databaseOutlook(needs.kind, { ...needs, compose, refuses }), isKept }
}

/** By which variables the settings come to their database: tried, since no reading of their text is as sure. */
async function databaseVariables(host: Host, config: Config, checkout: Checkout, python: string): Promise<PlaceVariables> {
  for (const env of triedDatabases(checkout.project.variables)) {
    const seen = await lookAtSettings(host, config, checkout, python, { tell: ['settings', 'database_server'], env })
    const server = seen.get('database_server')
    const found = server === undefined ? {} : landedIn(env, server)
    if (Object.keys(found).length > 0) return found
  }
  return {}
}

function composeDatabase(compose: Compose | undefined, kind: 'postgresql' | 'mysql', server: DatabaseServer): ComposeDatabase | undefined {
  const services = compose?.services.filter(({ name, image }) => images[kind].test(image ?? name)) ?? []
  const chosen = services.find(({ name }) => name === server.host) ?? services[0]
  return compose === undefined || chosen === undefined ? undefined : { file: compose.file, service: chosen.name }
}
