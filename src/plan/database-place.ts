import type { ExaminationOf } from '../facts/examination.ts'
import { triedValues, type PlaceVariables } from './tried-values.ts'

/** Where the settings' database is and as whom it is opened. */
export type DatabaseServer = ExaminationOf<'database_server'>

/** Which database server the settings ask for; undefined for one of files, and for what nobody knows. Pure. */
export function databaseKind({ engine }: Pick<DatabaseServer, 'engine'>): 'postgresql' | 'mysql' | undefined {
  if (/postg|psycopg|timescale/i.test(engine)) return 'postgresql'
  return /mysql|mariadb/i.test(engine) ? 'mysql' : undefined
}

/** Names that belong to something else than the database, though they end in HOST, PORT or URL. */
const ofOthers = /REDIS|VALKEY|CACHE|MAIL|SMTP|BROKER|CELERY|RABBIT|AMQP|KAFKA|SENTRY|ELASTIC|SEARCH|MONGO|ALLOWED|CORS|CSRF|STATIC|MEDIA/
/** What is tried for every variable that may say where the database is. Pure. */
export function triedDatabases(variables: ReadonlySet<string>): readonly Readonly<Record<string, string>>[] {
  // django-environ and dj-database-url read it without being told its name
  const names = [...new Set([...variables, 'DATABASE_URL'])].filter((name) => !ofOthers.test(name))
  return triedValues(names, (place) => `postgres://tried@${place}/tried`, /(?:URL|URI|DSN)$|^(?:DATABASE|DB)$/)
}

const isHere = (host: string): boolean => /^(?:localhost|127(?:\.\d+){3}|::1)$/i.test(host)

/** How a server of the run's own gets to be the one that the settings come to. */
export type DatabasePlace =
  | {
      readonly kind: 'place'
      /** Where it has to listen on this machine. */
      readonly port: 'any' | number
      /** Variables for everything that runs in the backend. Holds the password. */
      readonly environment: (port: number) => Readonly<Record<string, string>>
    }
  | { readonly kind: 'none'; readonly why: string }

/** The usual port of each. */
export const usualPort = { postgresql: 5432, mysql: 3306 } as const

/**
 * Decides by which variables the settings are led to a server of the run's own,
 * or that it has to be where they look. `url`: the value that the variable for it
 * has now, whose scheme and options are kept. Pure.
 */
export function databasePlace(server: DatabaseServer, variables: PlaceVariables, url: string | undefined): DatabasePlace {
  const kind = databaseKind(server)
  if (kind === undefined) return { kind: 'none', why: `what ${server.engine} is opened with isn't known` }
  if (server.service) return { kind: 'none', why: "a file of the driver's says where it is" }
  if (variables.url !== undefined) {
    const name = variables.url
    return { kind: 'place', port: 'any', environment: (port) => ({ [name]: urlTo(server, kind, port, url) }) }
  }
  // what the settings leave to the driver, libpq takes from the environment (postgresql.org/docs/current/libpq-envars.html)
  const free = kind === 'postgresql'
  const hostName = variables.host ?? (free && server.host === '' ? 'PGHOST' : undefined)
  const portName = variables.port ?? (free && server.port === '' ? 'PGPORT' : undefined)
  if (hostName === undefined && !isHere(server.host) && !(server.host === '' && kind === 'mysql'))
    return { kind: 'none', why: `the settings name the host ${server.host}, and read no variable for it` }
  const fixed = Number(server.port === '' ? usualPort[kind] : server.port)
  const who = free && server.user === '' ? { PGUSER: 'postgres' } : {}
  return {
    kind: 'place',
    port: portName === undefined ? fixed : 'any',
    environment: (port) => ({
      ...who,
      ...(hostName === undefined ? {} : { [hostName]: '127.0.0.1' }),
      ...(portName === undefined ? {} : { [portName]: String(port) }),
    }),
  }
}

function urlTo(
  { engine, user, password, name }: DatabaseServer,
  kind: 'postgresql' | 'mysql',
  port: number,
  url: string | undefined,
): string {
  const [, scheme = kind === 'mysql' ? 'mysql' : /postgis/.test(engine) ? 'postgis' : 'postgres', query = ''] =
    /^([a-z][a-z\d+.-]*):\/\/[^?]*(\?.*)?$/i.exec(url ?? '') ?? []
  const login = `${encodeURIComponent(user)}${password === '' ? '' : `:${encodeURIComponent(password)}`}`
  // a server on loopback speaks no TLS
  const options = query
    .slice(1)
    .split('&')
    .filter((option) => option !== '' && !/^ssl/i.test(option))
  const more = options.length === 0 ? '' : `?${options.join('&')}`
  return `${scheme}://${login === '' ? '' : `${login}@`}127.0.0.1:${port}/${encodeURIComponent(name)}${more}`
}
