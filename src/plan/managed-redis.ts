import { LauncherError } from '../errors.ts'
import { dockerWords } from '../facts/docker.ts'
import type { RedisEndpoint } from '../facts/redis-endpoint.ts'
import type { RedisPrograms } from '../facts/redis-programs.ts'
import type { ServicePlan } from './service.ts'
import { triedValues, type PlaceVariables } from './tried-values.ts'

/** All that decides about a Redis of the run's own. */
export interface ManagedRedisInputs {
  readonly programs: RedisPrograms
  /** Variables that the settings name. */
  readonly variables: ReadonlySet<string>
  /** Those by which they are seen to come to the layer's Redis, whatever they are called. */
  readonly place: PlaceVariables
  /** The variable that chooses the channel layer; undefined where the settings read none. */
  readonly layerVariable: string | undefined
  /** A free port, or 6379 where `redisPortWanted` says so. */
  readonly port: number
  /** A folder of its own, which is removed with the run. */
  readonly folder: string
  /** A random password; it is used where the settings read one. */
  readonly password: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  /** Milliseconds. */
  readonly stopTimeoutMs: number
}

/** A Redis of the run's own, and what the backend has to be told of it. */
export interface ManagedRedisPlan {
  readonly service: ServicePlan
  readonly endpoint: RedisEndpoint
  /** For everything that runs in the backend. Holds the password. */
  readonly environment: Readonly<Record<string, string>>
  /** A command that takes away what a forced end left, where there may be something. */
  readonly cleanUp: { readonly file: string; readonly args: readonly string[] } | undefined
}

/** Settings that read neither port nor URL look for Redis at its default port: it has to be there. */
export function redisPortWanted(variables: ReadonlySet<string>, place: PlaceVariables = {}): 'any' | 6379 {
  const isLed = place.url !== undefined || place.port !== undefined
  return isLed || variables.has('REDIS_PORT') || variables.has('REDIS_URL') ? 'any' : 6379
}

/** Names that may say where a Redis is. */
const ofRedis = /REDIS|VALKEY|CHANNEL|LAYER|BROKER|CACHE|MESSAGE/

/** What is tried for every variable that may say where the layer's Redis is. Pure. */
export function triedRedis(variables: ReadonlySet<string>): readonly Readonly<Record<string, string>>[] {
  const names = [...variables].filter((name) => ofRedis.test(name))
  return triedValues(names, (place) => `redis://:tried@${place}/0`, /(?:URL|URI|DSN|LOCATION)$|^REDIS$/)
}

/**
 * Plans a Redis that listens on loopback, writes nothing, and ends with the run.
 * It has a password only where the settings read REDIS_PASSWORD or REDIS_URL:
 * others would be locked out. Its configuration comes on standard input, since
 * arguments can be read by every user; on Windows, whose builds read none
 * there, it has none. Pure. Throws LauncherError `managed-redis`.
 */
export function planManagedRedis(inputs: ManagedRedisInputs): ManagedRedisPlan {
  const { programs, variables, platform, port } = inputs
  const { server, compose, docker } = programs
  if (server === undefined && (compose === undefined || docker?.state !== 'ready')) throw noRedis(inputs)
  if (server !== undefined && server.major < 5)
    throw new LauncherError('redis-too-old', `${server.version} is too old for channels_redis, which needs BZPOPMIN (5.0)`, {
      evidence: [`${server.file} --version says ${server.version}`],
      hint: installRedis(platform),
    })
  const readsPassword = variables.has('REDIS_PASSWORD') || variables.has('REDIS_URL') || inputs.place.url !== undefined
  const password = readsPassword && platform !== 'win32' ? inputs.password : undefined
  const source = 'managedRedis'
  const endpoint: RedisEndpoint = { host: '127.0.0.1', port, db: 0, tls: false, source, ...(password === undefined ? {} : { password }) }
  const common = {
    name: 'redis',
    kind: 'redis' as const,
    env: inputs.env,
    ready: { redis: endpoint },
    dependsOn: [],
    restart: 'on-failure' as const,
    stopTimeoutMs: inputs.stopTimeoutMs,
    url: `redis://127.0.0.1:${port}`,
    cwd: inputs.folder,
  }
  const environment = environmentOf(inputs, password)
  if (server !== undefined) {
    const settings = settingsOf(port, '127.0.0.1', '.', password)
    const service: ServicePlan = {
      ...common,
      file: server.file,
      ...(platform === 'win32'
        ? { args: settings.flatMap(([name, value]) => [`--${name}`, value]) }
        : { args: ['-'], input: fileOf(settings) }),
      readyTimeoutMs: 10_000,
      shown: `${server.file} (managed, port ${port})`,
    }
    return { service, endpoint, environment, cleanUp: undefined }
  }
  if (compose === undefined || docker?.state !== 'ready') throw noRedis(inputs)
  const name = `election-dev-redis-${port}`
  // in the container every address is its own; only loopback is published
  const settings = settingsOf(6379, '0.0.0.0', '/tmp', password)
  const service: ServicePlan = {
    ...common,
    file: docker.file,
    args: ['compose', '-f', compose.file, 'run', '--rm', '--no-deps', '-T'].concat(
      ['--name', name, '-p', `127.0.0.1:${port}:6379`],
      [compose.service, compose.program, '-'],
    ),
    input: fileOf([...settings, ['protected-mode', 'no']]),
    // the image may have to be fetched first
    readyTimeoutMs: 120_000,
    shown: `docker compose run ${compose.service} (managed, port ${port})`,
  }
  return { service, endpoint, environment, cleanUp: { file: docker.file, args: ['rm', '--force', name] } }
}

type RedisSettings = readonly (readonly [string, string])[]

function settingsOf(port: number, bind: string, dir: string, password: string | undefined): RedisSettings {
  return [
    ['port', String(port)],
    ['bind', bind],
    ['save', ''],
    ['appendonly', 'no'],
    ['dir', dir],
    ['daemonize', 'no'],
    ...(password === undefined ? [] : [['requirepass', password] as const]),
  ]
}

const fileOf = (settings: RedisSettings): string => settings.map(([name, value]) => `${name} "${value}"\n`).join('')

/** Each variable that the settings read, so that nothing of another Redis in `.env` is left beside it. */
function environmentOf(
  { variables, place, layerVariable, port }: ManagedRedisInputs,
  password: string | undefined,
): Record<string, string> {
  const url = `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}/0`
  const values: Readonly<Record<string, string>> = {
    REDIS_URL: url,
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: String(port),
    REDIS_DB: '0',
    REDIS_USERNAME: '',
    REDIS_PASSWORD: password ?? '',
  }
  return {
    ...Object.fromEntries(Object.entries(values).filter(([name]) => variables.has(name))),
    ...(place.url === undefined ? {} : { [place.url]: url }),
    ...(place.host === undefined ? {} : { [place.host]: '127.0.0.1' }),
    ...(place.port === undefined ? {} : { [place.port]: String(port) }),
    ...(layerVariable === undefined ? {} : { [layerVariable]: 'True' }),
  }
}

function noRedis({ programs, platform }: ManagedRedisInputs): LauncherError {
  const { compose, docker } = programs
  const evidence = ['neither redis-server nor valkey-server is in the PATH']
  if (compose === undefined) evidence.push('no compose file of the project has a service whose image is Redis or Valkey')
  else evidence.push(`${compose.file} has ${compose.service}, and ${dockerWords(docker)}`)
  return new LauncherError('managed-redis', 'There is no Redis to start', { evidence, hint: installRedis(platform) })
}

function installRedis(platform: NodeJS.Platform): string {
  switch (platform) {
    case 'win32':
      return 'Start one with Docker:  docker run -d -p 6379:6379 redis:7-alpine\nor install Memurai, a Redis for Windows:  winget install Memurai.MemuraiDeveloper'
    case 'darwin':
      return 'Install it:  brew install redis'
    default:
      return 'Install it:  sudo apt-get install redis-server   (Fedora: sudo dnf install valkey, Alpine: apk add redis)'
  }
}
