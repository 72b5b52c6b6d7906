import { expect, test } from 'vitest'
import { LauncherError } from '../../src/errors.ts'
import { redisServiceOf, serverVersion, type RedisPrograms } from '../../src/facts/redis-programs.ts'
import { planManagedRedis, redisPortWanted, triedRedis, type ManagedRedisInputs } from '../../src/plan/managed-redis.ts'
import { secret } from '../support/secrets.ts'

const password = secret()
const nothing: RedisPrograms = { server: undefined, compose: undefined, docker: undefined }
const server = { file: '/usr/bin/redis-server', version: 'Redis 7.0.15', major: 7 }
const compose = { file: '/p/docker-compose.yml', service: 'cache', program: 'redis-server' } as const

const plan = (more: Partial<ManagedRedisInputs> = {}) =>
  planManagedRedis({
    programs: { ...nothing, server },
    variables: new Set(['REDIS_HOST', 'REDIS_PORT', 'REDIS_PASSWORD']),
    place: {},
    layerVariable: 'USE_REDIS_FOR_CHANNELS',
    port: 7001,
    folder: '/tmp/redis',
    password,
    env: {},
    platform: 'linux',
    stopTimeoutMs: 5000,
    ...more,
  })

function refusal(more: Partial<ManagedRedisInputs>): string {
  try {
    plan(more)
  } catch (error) {
    if (error instanceof LauncherError) return [error.code, ...error.evidence, error.hint].join('\n')
    throw error
  }
  return 'planned'
}

test('the configuration comes on standard input, with a password that no argument holds', () => {
  const { service, environment, endpoint } = plan()
  expect(service).toMatchObject({ name: 'redis', kind: 'redis', file: '/usr/bin/redis-server', args: ['-'], dependsOn: [] })
  expect(service.input).toBe(
    `port "7001"\nbind "127.0.0.1"\nsave ""\nappendonly "no"\ndir "."\ndaemonize "no"\nrequirepass "${password}"\n`,
  )
  expect(environment).toEqual({ REDIS_HOST: '127.0.0.1', REDIS_PORT: '7001', REDIS_PASSWORD: password, USE_REDIS_FOR_CHANNELS: 'True' })
  expect(endpoint.password).toBe(password)
  expect(JSON.stringify({ ...service, input: '', ready: '' })).not.toContain(password)
})

test.each([
  [['REDIS_URL'], undefined, { REDIS_URL: `redis://:${password}@127.0.0.1:7001/0` }],
  [['REDIS_PORT', 'REDIS_DB'], 'LAYER', { REDIS_PORT: '7001', REDIS_DB: '0', LAYER: 'True' }],
  [['REDIS_HOST'], undefined, { REDIS_HOST: '127.0.0.1' }],
] as const)('settings that read %j', (names, layerVariable, environment) => {
  const planned = plan({ variables: new Set(names), layerVariable })
  expect(planned.environment).toEqual(environment)
  // who reads no password would be locked out by one
  expect(planned.service.input?.includes('requirepass')).toBe(names[0] === 'REDIS_URL')
})

test.each([
  [{ url: 'CHANNELS_URL' }, { CHANNELS_URL: `redis://:${password}@127.0.0.1:7001/0` }, 'any'],
  [{ host: 'LAYER_HOST', port: 'LAYER_PORT' }, { LAYER_HOST: '127.0.0.1', LAYER_PORT: '7001' }, 'any'],
  [{ host: 'LAYER_HOST' }, { LAYER_HOST: '127.0.0.1' }, 6379],
] as const)('settings that come to it by variables of other names: %j', (place, environment, port) => {
  const planned = plan({ variables: new Set(['DEBUG']), layerVariable: undefined, place })
  expect(planned.environment).toEqual(environment)
  expect(planned.service.input?.includes('requirepass')).toBe('url' in place)
  expect(redisPortWanted(new Set(['DEBUG']), place)).toBe(port)
})

test('the variables that are tried are those that may be of a Redis', () => {
  const [all = {}, parts = {}] = triedRedis(new Set(['CHANNELS_URL', 'VALKEY_HOST', 'VALKEY_PORT', 'DB_HOST', 'SENTRY_URL', 'CACHE_TTL']))
  expect(Object.keys(all).toSorted()).toEqual(['CHANNELS_URL', 'VALKEY_HOST', 'VALKEY_PORT'])
  expect(all['CHANNELS_URL']).toMatch(/^redis:\/\/:tried@tried-\d\.invalid:\d+\/0$/)
  expect(Object.keys(parts).toSorted()).toEqual(['VALKEY_HOST', 'VALKEY_PORT'])
})

test('on Windows the configuration is in the arguments, and there is no password', () => {
  const { service, environment } = plan({ platform: 'win32' })
  expect(service.input).toBeUndefined()
  expect(service.args.slice(0, 6)).toEqual(['--port', '7001', '--bind', '127.0.0.1', '--save', ''])
  expect(environment['REDIS_PASSWORD']).toBe('')
})

test('the service of a compose file is run on loopback alone, and its container taken away', () => {
  const { service, cleanUp } = plan({ programs: { ...nothing, compose, docker: { state: 'ready', file: '/usr/bin/docker' } } })
  expect([service.file, ...service.args].join(' ')).toBe(
    '/usr/bin/docker compose -f /p/docker-compose.yml run --rm --no-deps -T --name election-dev-redis-7001 -p 127.0.0.1:7001:6379 cache redis-server -',
  )
  expect(service.input).toContain('protected-mode "no"')
  expect(service.input).toContain('bind "0.0.0.0"')
  expect(cleanUp).toEqual({ file: '/usr/bin/docker', args: ['rm', '--force', 'election-dev-redis-7001'] })
})

test.each([
  [nothing, 'linux', /^managed-redis\nneither redis-server.*\nno compose file.*\nInstall it: {2}sudo apt-get install redis-server/],
  [{ ...nothing, compose, docker: { state: 'absent' } }, 'darwin', /has cache, and docker is not in the PATH\nInstall it: {2}brew/],
  [{ ...nothing, compose, docker: { state: 'no-compose' } }, 'win32', /docker has no compose\n.*docker run/],
  [{ ...nothing, compose, docker: { state: 'no-engine' } }, 'linux', /Docker's engine doesn't run\n/],
  [{ ...nothing, server: { ...server, version: 'Redis 4.0.1', major: 4 } }, 'linux', /^redis-too-old\n.*Redis 4\.0\.1/],
] as const)('%j on %s is refused', (programs, platform, words) => {
  expect(refusal({ programs, platform })).toMatch(words)
})

test('settings that read no place look at 6379', () => {
  expect(redisPortWanted(new Set(['REDIS_HOST']))).toBe(6379)
  expect(redisPortWanted(new Set(['REDIS_PORT']))).toBe('any')
  expect(redisPortWanted(new Set(['REDIS_URL']))).toBe('any')
})

test.each([
  ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64', { version: 'Redis 7.0.15', major: 7 }],
  ['Valkey server v=8.1.0 sha=0', { version: 'Valkey 8.1.0', major: 8 }],
  ['nothing of the kind', undefined],
])('the version in %j', (output, version) => {
  expect(serverVersion(output)).toEqual(version)
})

test.each([
  ['services:\n  web:\n    image: nginx\n  cache:\n    ports: ["6379:6379"]\n    image: redis:7-alpine # small\n', 'cache', 'redis-server'],
  ["version: '3'\r\nservices:\r\n    'kv':\r\n        image: \"docker.io/valkey/valkey:8\"\r\n", 'kv', 'valkey-server'],
  ['services:\n  r:\n    image: ${REDIS_IMAGE:-redis:7}\n', 'r', 'redis-server'],
  ['services:\n  r:\n    image: redis@sha256:00\nvolumes:\n  x:\n', 'r', 'redis-server'],
  ['services:\n  exporter:\n    image: oliver006/redis_exporter\n', undefined, undefined],
  ['services:\n  web:\n    build: .\n    environment:\n      image: redis\n', undefined, undefined],
  ['x-redis:\n  r:\n    image: redis\nservices:\n  web:\n    image: nginx\n', undefined, undefined],
  ['', undefined, undefined],
])('the Redis of a compose file: %j', async (text, service, program) => {
  expect(await redisServiceOf(text)).toEqual(service === undefined ? undefined : { service, program })
})
