import { attempt } from '../errors.ts'
import { isIPv6 } from 'node:net'
import { withoutPassword } from './redis-evidence.ts'

/** A value and where it was read, e.g. `backend/.env:4` or `environment`. */
export interface Sourced {
  readonly value: string
  readonly source: string
}

/** Where a project's Redis is, and as whom it is spoken to. */
export interface RedisEndpoint {
  readonly host: string
  readonly port: number
  readonly db: number
  readonly username?: string
  readonly password?: string
  readonly tls: boolean
  /** False where the URL says `ssl_cert_reqs=none` or `optional`, so that every certificate will do. */
  readonly tlsVerify?: boolean
  /** Paths that the URL names in `ssl_ca_certs`, `ssl_certfile` and `ssl_keyfile`. */
  readonly tlsFiles?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** A Unix socket to use instead of host and port. */
  readonly socketPath?: string
  /** Where host and port come from, for people: `REDIS_URL in backend/.env:4`, `REDIS_HOST in environment`, `default`. */
  readonly source: string
}

export type RedisEndpointFact =
  | { readonly kind: 'endpoint'; readonly endpoint: RedisEndpoint }
  | {
      readonly kind: 'malformed'
      readonly id: 'env-value-malformed'
      readonly name: string
      readonly source: string
      /** What is wrong with the value, a line each; never a password. */
      readonly evidence: readonly string[]
    }

/** Variables that say where Redis is. */
export const redisVariables = ['REDIS_URL', 'REDIS_HOST', 'REDIS_PORT', 'REDIS_DB', 'REDIS_PASSWORD', 'REDIS_USERNAME'] as const

const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 6379

/**
 * The Redis that the project's variables point to: REDIS_URL, or REDIS_HOST,
 * REDIS_PORT, REDIS_DB, REDIS_USERNAME and REDIS_PASSWORD; 127.0.0.1:6379,
 * database 0, where none is set.
 *
 * @param read Answers from the environment first, then from `.env`.
 * @param named The variables that the project's settings name. It decides where
 *   both REDIS_URL and REDIS_HOST or REDIS_PORT are set; without it REDIS_URL wins.
 */
export function redisEndpoint(read: (name: string) => Sourced | undefined, named?: ReadonlySet<string>): RedisEndpointFact {
  const url = filled(read('REDIS_URL'))
  const host = filled(read('REDIS_HOST'))
  const port = read('REDIS_PORT')
  const partsOnly =
    (host !== undefined || port !== undefined) &&
    named !== undefined &&
    !named.has('REDIS_URL') &&
    (named.has('REDIS_HOST') || named.has('REDIS_PORT'))
  return url !== undefined && !partsOnly ? fromUrl(url) : fromParts(read, host, port)
}

/** `127.0.0.1:6379`, `[::1]:6379`, `127.0.0.1:6379/2` where the database isn't 0, or a socket's path. Never a user or a password. */
export function showEndpoint(endpoint: RedisEndpoint): string {
  const { host, port, db, socketPath } = endpoint
  if (socketPath !== undefined) return db === 0 ? socketPath : `${socketPath} (database ${db})`
  const place = `${isIPv6(host) ? `[${host}]` : host}:${port}`
  return db === 0 ? place : `${place}/${db}`
}

/** Where to dial. */
export function placeOf({ host, port, socketPath }: RedisEndpoint): { host: string; port: number } | { path: string } {
  return socketPath === undefined ? { host, port } : { path: socketPath }
}

function fromParts(read: (name: string) => Sourced | undefined, host: Sourced | undefined, port: Sourced | undefined): RedisEndpointFact {
  const password = filled(read('REDIS_PASSWORD'))
  const username = filled(read('REDIS_USERNAME'))
  const db = read('REDIS_DB')
  const refuse = (name: string, at: Sourced, problem: string): RedisEndpointFact =>
    malformed(name, at, `${quote(at.value, password?.value)}: ${problem}`)

  if (host !== undefined) {
    const problem = hostProblem(host.value)
    if (problem !== undefined) return refuse('REDIS_HOST', host, problem)
  }
  const portNumber = port === undefined ? DEFAULT_PORT : wholeNumber(port.value)
  if (port !== undefined && !isPort(portNumber)) return refuse('REDIS_PORT', port, 'not a port number (1 to 65535)')
  const dbNumber = db === undefined ? 0 : wholeNumber(db.value)
  if (db !== undefined && dbNumber === undefined) return refuse('REDIS_DB', db, 'not the number of a database')

  const sources: string[] = []
  if (host !== undefined) sources.push(`REDIS_HOST in ${host.source}`)
  if (port !== undefined) sources.push(`REDIS_PORT in ${port.source}`)
  return {
    kind: 'endpoint',
    endpoint: {
      host: host?.value ?? DEFAULT_HOST,
      port: portNumber ?? DEFAULT_PORT,
      db: dbNumber ?? 0,
      ...(username === undefined ? {} : { username: username.value }),
      ...(password === undefined ? {} : { password: password.value }),
      tls: false,
      source: sources.length === 0 ? 'default' : sources.join(', '),
    },
  }
}

/** Scheme, what stands before the path, path, query. A URL of redis-py's may lack a host where WHATWG's may not (`redis://:password@/1`). */
const URL_PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?/i

/** Reads a URL as redis-py's `parse_url` does: the query's `db` before the path's, credentials percent-decoded. */
function fromUrl(url: Sourced): RedisEndpointFact {
  // a URL is never quoted: where it is malformed, any part of it may be the password
  const refuse = (problem: string): RedisEndpointFact => malformed('REDIS_URL', url, `not a Redis URL: ${problem}`)

  const [, scheme = '', authority = '', path = '', search = ''] = URL_PARTS.exec(url.value) ?? []
  const kind = scheme.toLowerCase()
  if (kind !== 'redis' && kind !== 'rediss' && kind !== 'unix') return refuse('it has to begin with redis://, rediss:// or unix://')
  if (/\s/.test(url.value)) return refuse('there is white space in it')

  const at = authority.lastIndexOf('@')
  const credentials = at === -1 ? '' : authority.slice(0, at)
  const colon = credentials.indexOf(':')
  const username = decoded(colon === -1 ? credentials : credentials.slice(0, colon))
  const password = decoded(colon === -1 ? '' : credentials.slice(colon + 1))
  if (username === undefined || password === undefined) return refuse('a % in its credentials begins no escape; write it as %25')

  const query = new URLSearchParams(search)
  const queryDb = query.get('db')
  const db = queryDb === null ? wholeNumber(path.replaceAll('/', '')) : wholeNumber(queryDb)
  if (queryDb !== null && db === undefined) return refuse("its db isn't the number of a database")

  const user = username || (query.get('username') ?? '')
  const secret = password || (query.get('password') ?? '')
  const common = {
    ...(user === '' ? {} : { username: user }),
    ...(secret === '' ? {} : { password: secret }),
    source: `REDIS_URL in ${url.source}`,
  }
  if (kind === 'unix') {
    const socketPath = decoded(path)
    if (socketPath === undefined || socketPath === '') return refuse('it names no socket')
    // the path of a socket holds no database number
    return {
      kind: 'endpoint',
      endpoint: { host: DEFAULT_HOST, port: DEFAULT_PORT, db: queryDb === null ? 0 : (db ?? 0), tls: false, socketPath, ...common },
    }
  }

  const [, bracketed, plain = '', portText] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/s.exec(authority.slice(at + 1)) ?? []
  const port = portText === undefined || portText === '' ? DEFAULT_PORT : wholeNumber(portText)
  if (!isPort(port)) return refuse("its port isn't a port number; a /, ? or # in a password has to be percent-encoded")
  const host = bracketed ?? decoded(plain)
  if (host === undefined || (bracketed !== undefined && !isIPv6(bracketed))) return refuse("its host isn't a host name")
  return {
    kind: 'endpoint',
    // redis-py's own default host
    endpoint: {
      host: host === '' ? 'localhost' : host,
      port,
      db: db ?? 0,
      tls: kind === 'rediss',
      ...(kind === 'rediss' ? tlsOptions(query) : {}),
      ...common,
    },
  }
}

/** The TLS options of redis-py that a URL's query may carry. */
function tlsOptions(query: URLSearchParams): Pick<RedisEndpoint, 'tlsVerify' | 'tlsFiles'> {
  const requirement = query.get('ssl_cert_reqs')
  const ca = query.get('ssl_ca_certs')
  const cert = query.get('ssl_certfile')
  const key = query.get('ssl_keyfile')
  const files = { ...(ca === null ? {} : { ca }), ...(cert === null ? {} : { cert }), ...(key === null ? {} : { key }) }
  return {
    ...(requirement === 'none' || requirement === 'optional' ? { tlsVerify: false } : {}),
    ...(Object.keys(files).length === 0 ? {} : { tlsFiles: files }),
  }
}

/** What keeps a value from being a host name or an address, or undefined. */
export function hostProblem(value: string): string | undefined {
  if (value.includes('://')) return 'a URL where a host is wanted; REDIS_URL is for URLs'
  if (/[\s#]/.test(value)) return 'a host name has no white space and no comment in it'
  if (isIPv6(value)) return undefined
  if (value.includes('/')) return 'a path where a host is wanted; REDIS_URL=unix:///path is for sockets'
  if (/[[\]]/.test(value)) return 'brackets belong into URLs only'
  if (value.includes('@')) return 'a user or a password in front of the host; REDIS_USERNAME and REDIS_PASSWORD are for those'
  if (value.includes(':')) return 'there is a port in it; REDIS_PORT is for that'
  return undefined
}

/** Python's `int()` strips white space around a number, and so do the readers of `.env`. */
function wholeNumber(text: string): number | undefined {
  const digits = text.trim()
  return /^\d{1,9}$/.test(digits) ? Number(digits) : undefined
}

function isPort(value: number | undefined): value is number {
  return value !== undefined && value >= 1 && value <= 65_535
}

function filled(sourced: Sourced | undefined): Sourced | undefined {
  return sourced?.value === '' ? undefined : sourced
}

const decoded = (text: string) => attempt(() => decodeURIComponent(text))

function malformed(name: string, at: Sourced, problem: string): RedisEndpointFact {
  return { kind: 'malformed', id: 'env-value-malformed', name, source: at.source, evidence: [`${name} in ${at.source} is ${problem}`] }
}

/** The value in backquotes, without what stands before an `@` and without the password. */
function quote(value: string, password: string | undefined): string {
  if (value.trim() === '') return 'empty'
  const withoutUser = value.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@')
  return `\`${withoutPassword(withoutUser, password)}\``
}
