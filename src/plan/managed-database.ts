import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { LauncherError } from '../errors.ts'
import { dockerWords, type Docker } from '../facts/docker.ts'
import { isLocal } from '../facts/frontend-wiring.ts'
import type { PostgresPrograms } from '../facts/postgres-programs.ts'
import { usualPort, type DatabasePlace, type DatabaseServer } from './database-place.ts'
import type { ServicePlan } from './service.ts'

/** A service of a compose file that runs the database. */
export interface ComposeDatabase {
  /** Absolute path of the compose file. */
  readonly file: string
  readonly service: string
}

/** What a database server can be started from. */
export interface DatabasePrograms {
  /** The newest first. */
  readonly postgres: readonly PostgresPrograms[]
  readonly compose: ComposeDatabase | undefined
  /** Asked only where a service of a compose file would be run. */
  readonly docker: Docker | undefined
}

/** How a server of a run's own could stand in for the database that can't be opened. */
export interface DatabaseOutlook {
  /** Where the settings look: `db:5432`. */
  readonly where: string
  /** It is one of this machine, which its owner may only have to start: with the data that are in it. */
  readonly isHere: boolean
  /** What `--managed` would use, in words; undefined: it can't. */
  readonly by: string | undefined
  /** Why it can't. */
  readonly why: string
  /** An earlier run has made one in this checkout, and its data are there. */
  readonly isKept?: boolean
  /** The service of the compose file that the host is the name of, and the port of this machine at which it answers. */
  readonly compose: { readonly file: string; readonly service: string; readonly port: number | undefined } | undefined
}

/** What `--managed` could do, in words. Pure. */
export function databaseOutlook(
  kind: 'postgresql' | 'mysql',
  {
    server,
    place,
    programs,
    compose,
    refuses,
  }: Pick<ManagedDatabaseInputs, 'server'> & {
    readonly place: DatabasePlace
    readonly programs: DatabasePrograms
    readonly compose: DatabaseOutlook['compose']
    /** The server that the settings name answers, and opens nothing: `passing` where that ends by itself. */
    readonly refuses?: 'passing' | 'lasting' | undefined
  },
): DatabaseOutlook {
  const where = server.host === '' ? 'no host' : `${server.host}:${server.port === '' ? usualPort[kind] : server.port}`
  const isHere = server.host === '' || server.host.startsWith('/') || isLocal(server.host)
  if (place.kind === 'none') return { where, isHere, by: undefined, why: place.why, compose }
  if (refuses === 'passing') return { where, isHere, by: undefined, why: 'the server is there, and only starts', compose }
  if (refuses === 'lasting' && isHere && place.port !== 'any') {
    const held = `the server that answers has port ${place.port}, and the settings read no variable for it`
    return { where, isHere, by: undefined, why: held, compose }
  }
  const means = databaseMeans(kind, programs)
  const [why = ''] = means === undefined ? [noDatabase(kind, programs, 'linux').evidence.join(', ')] : []
  const by =
    compose?.port !== undefined
      ? `the ${compose.service} that runs`
      : means?.kind === 'local'
        ? `a PostgreSQL ${means.programs.version} of its own`
        : means && `${means.compose.service} of the compose file`
  return { where, isHere, by, why, compose }
}

/** By what it is started. */
export type DatabaseMeans =
  | { readonly kind: 'local'; readonly programs: PostgresPrograms }
  | { readonly kind: 'compose'; readonly compose: ComposeDatabase; readonly docker: string }

/** All that decides about a database server of the run's own. */
interface ManagedDatabaseInputs {
  readonly kind: 'postgresql' | 'mysql'
  readonly server: DatabaseServer
  readonly place: Extract<DatabasePlace, { kind: 'place' }>
  readonly means: DatabaseMeans
  readonly port: number
  /** Where a local one keeps its data. */
  readonly data: string
  /** Whose process it is to be, where it can't be ours. */
  readonly user: ServicePlan['user']
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds. */
  readonly stopTimeoutMs: number
}

/** A database server of the run's own, and what the backend has to be told of it. */
export interface ManagedDatabasePlan {
  readonly service: ServicePlan
  /** For everything that runs in the backend. May hold the password. */
  readonly environment: Readonly<Record<string, string>>
  /** A command that takes away what a forced end left, where there may be something. */
  readonly cleanUp: { readonly file: string; readonly args: readonly string[] } | undefined
}

/** Local programs first, those of the version whose data are there before the newest; else a service of the compose file. `versions`: major versions with data. Pure. */
export function databaseMeans(
  kind: 'postgresql' | 'mysql',
  { postgres, compose, docker }: DatabasePrograms,
  versions: readonly number[] = [],
): DatabaseMeans | undefined {
  const programs = postgres.find(({ major }) => versions.includes(major)) ?? postgres[0]
  if (kind === 'postgresql' && programs !== undefined) return { kind: 'local', programs }
  return compose !== undefined && docker?.state === 'ready' ? { kind: 'compose', compose, docker: docker.file } : undefined
}

/**
 * Plans a database server that listens on loopback alone and ends with the run;
 * its data stay. No argument holds a password. Pure.
 */
export function planManagedDatabase(inputs: ManagedDatabaseInputs): ManagedDatabasePlan {
  const { kind, server, place, means, port, data, user, env, stopTimeoutMs } = inputs
  const label = kind === 'mysql' ? 'mysql' : 'postgres'
  const common = {
    name: label,
    kind: 'database' as const,
    ready: { database: { kind, port, user: server.user, name: server.name } },
    dependsOn: [],
    restart: 'on-failure' as const,
    stopTimeoutMs,
    url: `${kind}://127.0.0.1:${port}`,
  }
  const environment = place.environment(port)
  if (means.kind === 'local') {
    const { postgres, version } = means.programs
    const service: ServicePlan = {
      ...common,
      file: postgres,
      args: ['-D', data, '-c', `port=${port}`, '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
      // its messages are read, and a language that isn't installed keeps it from starting
      env: { ...env, LC_ALL: 'C' },
      cwd: data,
      ...(user === undefined ? {} : { user }),
      readyTimeoutMs: 30_000,
      shown: `PostgreSQL ${version} (managed, port ${port})`,
    }
    return { service, environment, cleanUp: undefined }
  }
  const { compose, docker } = means
  const name = `election-dev-${label}-${port}`
  const service: ServicePlan = {
    ...common,
    file: docker,
    args: ['compose', '-f', compose.file, 'run', '--rm', '--no-deps', '-T', '--name', name].concat(
      ['-p', `127.0.0.1:${port}:${usualPort[kind]}`],
      [compose.service],
    ),
    env,
    cwd: dirname(compose.file),
    // the image may have to be fetched first
    readyTimeoutMs: 180_000,
    shown: `docker compose run ${compose.service} (managed, port ${port})`,
  }
  return { service, environment, cleanUp: { file: docker, args: ['rm', '--force', name] } }
}

/** By which variables anything outside of the run reaches its database, in words; undefined where the settings come to it without. Pure. */
export function reachedBy(environment: ManagedDatabasePlan['environment'], port: number): string | undefined {
  const names = Object.keys(environment).filter((name) => environment[name]?.includes(String(port)))
  return names.length === 0 ? undefined : `in another terminal, manage.py reaches it once ${names.join(' and ')} says 127.0.0.1:${port}`
}

/**
 * What a stand-alone backend is told, a line each, so that the user and the database of the settings are there; that
 * one of them is there already is an error that nobody minds. Pure. Throws LauncherError where a name can't be written in one.
 */
export function preparingSql({ user, password, name }: Pick<DatabaseServer, 'user' | 'password' | 'name'>): string {
  if (/[\n\r\0]/.test(`${user}${password}${name}`))
    throw new LauncherError('managed-database', 'The name, user or password of the database has a line break in it')
  const role = identifier(roleOf(user))
  const secret = password === '' ? 'NULL' : literal(password)
  return [
    `CREATE ROLE ${role}`,
    // extensions and the databases of tests are made by nobody else
    `ALTER ROLE ${role} LOGIN SUPERUSER PASSWORD ${secret}`,
    `CREATE DATABASE ${identifier(name)} OWNER ${role}`,
    '',
  ].join('\n')
}

/** Who may come in: over loopback, with the password of the settings where they have one. Pure. */
export function accessRules({ password }: Pick<DatabaseServer, 'password'>): string {
  return `host all all 127.0.0.1/32 ${password === '' ? 'trust' : 'scram-sha-256'}\n`
}

/** Tells whether what was made is still what is asked for, and nothing else. Pure. */
export function markOf(sql: string, salt: string): string {
  return createHash('sha256').update(`${salt}\n${sql}`).digest('hex')
}

const roleOf = (user: string): string => (user === '' ? 'postgres' : user)
const identifier = (text: string): string => `"${text.replaceAll('"', '""')}"`
const literal = (text: string): string => `${text.includes('\\') ? 'E' : ''}'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

/** Why there is no database server that could be started. Pure. */
export function noDatabase(kind: 'postgresql' | 'mysql', { compose, docker }: DatabasePrograms, platform: NodeJS.Platform): LauncherError {
  const what = kind === 'postgresql' ? 'PostgreSQL' : 'MySQL'
  const evidence = [kind === 'postgresql' ? 'no initdb and postgres were found' : `${what} is started by a compose file alone`]
  if (compose === undefined) evidence.push(`no compose file of the project has a service whose image is ${what}`)
  else evidence.push(`${compose.file} has ${compose.service}, and ${dockerWords(docker)}`)
  return new LauncherError('managed-database', `There is no ${what} to start`, { evidence, hint: installHint(kind, platform) })
}

function installHint(kind: 'postgresql' | 'mysql', platform: NodeJS.Platform): string {
  if (kind === 'mysql') return 'Start it by hand, or describe it in a compose file.'
  if (platform === 'win32') return 'Install it:  winget install PostgreSQL.PostgreSQL.17'
  if (platform === 'darwin') return 'Install it:  brew install postgresql@17'
  return 'Install it:  sudo apt-get install postgresql   (Fedora: sudo dnf install postgresql-server, Alpine: apk add postgresql)'
}
