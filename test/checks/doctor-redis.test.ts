/** What the doctor makes of Redis, as tables: facts in, one cause out, or none. */
import { describe, expect, test } from 'vitest'
import { evidenceOfWire } from '../../src/checks/evidence.ts'
import { judge } from '../../src/checks/judgement.ts'
import type { Evidence } from '../../src/checks/evidence.ts'
import type { LayerHost } from '../../src/facts/examination.ts'
import { redisRefusalIn } from '../../src/checks/redis.ts'
import type { RedisRefusal } from '../../src/facts/redis-refusal.ts'
import {
  checkout,
  ended,
  errorOf,
  evidenceOf,
  examinationOf,
  onRedis,
  playedOf,
  raisedOf,
  redisOf,
  refusal,
  serverError,
  settingsOf,
  wireOf,
} from '../support/facts.ts'
import { unstarted } from '../support/evidence.ts'

const idOf = (evidence: Evidence) => judge(evidence).root?.id
const tooOld = (line: string) =>
  judge(evidenceOf({ wire: serverError, redis: redisOf('redis-too-old', [line]), examination: examinationOf([onRedis()]) })).root
const trip = { fact: 'trip', received: true, elapsed_ms: 4 } as const

const ids: readonly RedisRefusal[] = [
  'redis-unreachable',
  'redis-unresponsive',
  'redis-too-old',
  'redis-no-bzpopmin',
  'redis-no-eval',
  'redis-auth-required',
  'redis-wrong-password',
  'redis-unexpected-password',
  'redis-acl-denied',
  'redis-oom',
  'redis-readonly',
  'redis-loading',
  'redis-misconf',
  'redis-maxclients',
  'redis-not-redis',
  'redis-protected-mode',
  'redis-tls',
  'redis-cluster',
]

describe.each(ids)('%s', (id) => {
  const redis = redisOf(id)
  test.each<[string, Partial<Evidence>]>([
    ['with a socket that dies', { wire: wireOf({ session: ended(1011) }) }],
    ['with a 500', { wire: serverError }],
    ['with a 403 that hides it', { wire: refusal }],
    ['with a socket that works until it is sent to', {}],
  ])('is named %s', (_, more) => {
    const { root } = judge(evidenceOf({ checkout, redis, examination: examinationOf([onRedis()]), ...more }))
    expect(root?.id).toBe(id)
    expect(root?.evidence).toContain('127.0.0.1:6379 said so')
    expect(root?.evidence).toContain('USE_REDIS_FOR_CHANNELS=True in backend/.env:2 asks for this Redis')
    expect(root?.remedy.text).not.toBe('')
  })
  test('is not named where the layer is in memory, whoever answers on that port', () => {
    const wish = { kind: 'set', redis: false, source: 'backend/.env:2' } as const
    expect(idOf(evidenceOf({ checkout: { ...checkout, wish }, redis, examination: examinationOf([settingsOf()]) }))).toBeUndefined()
  })
  test('is not named where the consumer raises for another cause and a message came through', () => {
    const examination = examinationOf([
      onRedis(),
      trip,
      playedOf({ outcome: 'raised', raised: raisedOf('KeyError', "'election'"), later: undefined }),
    ])
    const found = idOf(evidenceOf({ checkout, redis: redisOf(), wire: serverError, examination }))
    expect(found).toBe('consumer-exception')
  })
})

describe('what a probe may not say', () => {
  test.each<[string, Evidence, string | undefined]>([
    [
      'redis-auth-required: a password that stands in the settings alone',
      evidenceOf({
        redis: redisOf('redis-auth-required'),
        examination: examinationOf([onRedis({ layer_hosts: [{ host: '127.0.0.1', port: 6379, db: 0, tls: false, password: true }] })]),
      }),
      undefined,
    ],
    [
      'redis-unreachable: the same with nobody there',
      evidenceOf({
        redis: redisOf('redis-unreachable'),
        examination: examinationOf([onRedis({ layer_hosts: [{ host: '127.0.0.1', port: 6379, db: 0, tls: false, password: true }] })]),
      }),
      'redis-unreachable',
    ],
    [
      'redis-acl-denied: a message that came through outweighs it',
      evidenceOf({ redis: redisOf('redis-acl-denied'), examination: examinationOf([onRedis(), trip]) }),
      undefined,
    ],
    [
      'redis-cluster: one message comes through, a group does not',
      evidenceOf({ redis: redisOf('redis-cluster'), examination: examinationOf([onRedis(), trip]) }),
      'redis-cluster',
    ],
    [
      'redis-no-bzpopmin: the layer over publish and subscribe needs none',
      evidenceOf({
        redis: redisOf('redis-no-bzpopmin'),
        examination: examinationOf([onRedis({ layer_backend: 'channels_redis.pubsub.RedisPubSubChannelLayer' })]),
      }),
      undefined,
    ],
    [
      'redis-acl-denied: what the layer raised, where the probe had no login',
      evidenceOf({
        wire: wireOf({ session: ended(1011) }),
        redis: redisOf(),
        examination: examinationOf([onRedis()], {
          errors: [errorOf('trip', 'NoPermissionError', "User web has no permissions to run the 'bzpopmin' command")],
        }),
      }),
      'redis-acl-denied',
    ],
    [
      'token-rejected: the consumer refuses inside too, and Redis is down besides',
      evidenceOf({
        wire: refusal,
        redis: redisOf('redis-unreachable'),
        examination: examinationOf([onRedis(), playedOf({ outcome: 'closed', code: 4001, later: undefined })]),
      }),
      'token-rejected',
    ],
    [
      'redis-unreachable: a shell beats a .env that is right',
      evidenceOf({
        wire: serverError,
        redis: redisOf('redis-unreachable'),
        redisOfFile: redisOf(),
        env: { REDIS_PORT: '6380' },
        dotenv: {
          fact: { kind: 'absent', path: '/home/me/election/backend/.env' },
          shown: 'backend/.env',
          others: [],
          reader: 'decouple',
          unread: [],
          sources: { said: [], hasDatabase: false, configuration: undefined },
        },
        examination: examinationOf([onRedis()]),
      }),
      'redis-unreachable',
    ],
  ])('%s', (_, evidence, id) => {
    expect(idOf(evidence)).toBe(id)
  })

  test('redis-too-old: HELLO has another remedy than BZPOPMIN', () => {
    expect(tooOld("answered `ERR unknown command 'BZPOPMIN'` to BZPOPMIN")?.title).toContain('too old for channels_redis')
    const hello = tooOld('answered `ERR unknown command HELLO` to HELLO')
    expect(hello?.title).toContain('too old for redis-py 8')
    expect(hello?.remedy.alternatives).toEqual([[['python', '-m', 'pip', 'install', 'redis<8']]])
  })
})

describe('what redis-py raises', () => {
  test.each<[RedisRefusal | undefined, string]>([
    ['redis-acl-denied', "redis.exceptions.NoPermissionError: this user has no permissions to run the 'eval' command"],
    ['redis-acl-denied', "ResponseError: The user executing the script can't access at least one of the keys mentioned"],
    ['redis-auth-required', 'redis.exceptions.AuthenticationError: Authentication required.'],
    ['redis-wrong-password', 'redis.exceptions.AuthenticationError: invalid username-password pair or user is disabled.'],
    ['redis-wrong-password', 'redis.exceptions.AuthenticationError: invalid password'],
    [
      'redis-unexpected-password',
      'redis.exceptions.AuthenticationError: AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
    ],
    ['redis-oom', "redis.exceptions.OutOfMemoryError: command not allowed when used memory > 'maxmemory'."],
    ['redis-readonly', "redis.exceptions.ReadOnlyError: You can't write against a read only replica."],
    ['redis-readonly', "ResponseError: MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."],
    ['redis-loading', 'redis.exceptions.BusyLoadingError: Redis is loading the dataset in memory'],
    ['redis-misconf', "ResponseError: MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk."],
    ['redis-maxclients', 'redis.exceptions.MaxClientsError: max number of clients reached'],
    ['redis-protected-mode', 'ResponseError: DENIED Redis is running in protected mode because protected mode is enabled'],
    ['redis-cluster', 'ResponseError: CLUSTERDOWN Hash slot not served'],
    ['redis-cluster', 'ResponseError: Script attempted to access a non local key in a cluster node'],
    ['redis-no-eval', "ResponseError: unknown command 'EVAL', with args beginning with: 'return 1'"],
    ['redis-too-old', 'ResponseError: unknown command `HELLO`, with args beginning with: `3`'],
    ['redis-not-redis', "redis.exceptions.InvalidResponse: Protocol Error: b'<!DOCTYPE HTML>'"],
    [undefined, 'rest_framework.exceptions.AuthenticationFailed: Authentication credentials were not provided.'],
    [undefined, 'django.core.exceptions.PermissionDenied: this vote is over'],
    [undefined, 'ValueError: the ballot is full'],
    [undefined, 'TimeoutError: no message came through within 2 s'],
  ])('%s: %s', (id, text) => {
    expect(redisRefusalIn(text)).toBe(id)
  })
})

test.each<[string, Partial<LayerHost>, readonly string[], boolean, Evidence['redisPlace']?]>([
  [
    'on another machine, which a variable of another name leads to',
    { host: 'broker' },
    ['FLEET_BROKER_DSN'],
    true,
    { url: 'FLEET_BROKER_DSN' },
  ],
  ['the same by host and port', { host: 'broker', port: 6390 }, ['A_HOST', 'A_PORT'], true, { host: 'A_HOST', port: 'A_PORT' }],
  ['the same by the host alone, at another port', { host: 'broker', port: 6390 }, ['A_HOST'], false, { host: 'A_HOST' }],
  ['where it has to be', {}, [], true],
  ['by its name', { host: 'localhost' }, [], true],
  ['at another port', { port: 6380 }, [], false],
  ['at another port, which a variable names', { port: 6380 }, ['REDIS_PORT'], true],
  ['on another machine', { host: 'redis.internal' }, [], false],
  ['as a container is called, by REDIS_HOST alone', { host: 'redis' }, ['REDIS_HOST'], true],
  ['the same at another port', { host: 'redis', port: 6380 }, ['REDIS_HOST'], false],
  ['on another machine, which REDIS_URL names', { host: 'redis.internal' }, ['REDIS_URL'], true],
  ['with a password', { password: true }, [], false],
  ['on a socket', { socket: '/run/redis.sock' }, [], false],
])('hosts that are written out, %s: a Redis of the run of its own is a remedy: %s', (_, host, names, isOne, redisPlace) => {
  const known = { host: '127.0.0.1', port: 6379, db: 0, tls: false, password: false, ...host }
  const evidence = evidenceOf({
    checkout: {
      ...checkout,
      layerVariable: undefined,
      wish: { kind: 'none' },
      project: { ...checkout.project, variables: new Set(names) },
    },
    redis: redisOf('redis-unreachable'),
    redisPlace,
    examination: examinationOf([onRedis({ layer_hosts: [known] })]),
  })
  const way = [['election-dev', 'start', '--managed-redis']]
  expect(judge(evidence).root?.remedy.commands).toEqual(isOne ? way : [])
  // where a variable chooses the layer, it is another way beside that
  const { remedy } =
    judge({ ...evidence, checkout: { ...checkout, project: { ...checkout.project, variables: new Set(names) } } }).root ?? {}
  expect(remedy?.alternatives ?? []).toEqual(isOne ? [way] : [])
})

test.each<[string, string | undefined, boolean]>([
  ['a variable that the settings read', 'USE_REDIS_FOR_CHANNELS', true],
  ['none, which would refuse the option', undefined, false],
])('--channel-layer is a remedy where the layer is chosen by %s', (_, layerVariable, isChosen) => {
  const evidence = evidenceOf({
    checkout: { ...checkout, layerVariable, wish: { kind: 'none' } },
    redis: redisOf('redis-unreachable'),
    examination: examinationOf([onRedis()]),
  })
  const { remedy } = judge(evidence).root ?? {}
  expect(remedy?.commands.flat().includes('--channel-layer')).toBe(isChosen)
  expect(remedy?.text.includes('init --settings')).toBe(!isChosen)
})

test('a stopped Redis is told beside a token that is refused before the layer is used', () => {
  const played = playedOf({ outcome: 'closed', code: 4001, raised: undefined, later: undefined })
  const wire = wireOf({ handshake: refusal.handshake, session: undefined, experiments: { unknownPath: serverError.handshake } })
  const { root, explained, notes } = judge(
    evidenceOf({ wire, checkout, redis: redisOf('redis-unreachable'), examination: examinationOf([onRedis(), played]) }),
  )
  expect([root, ...explained, ...notes].map((cause) => cause?.id)).toContain('redis-unreachable')
})

test.each<[string, Partial<Evidence>, string | undefined, readonly string[]]>([
  ['no other layer', {}, 'redis-unreachable', []],
  ['a variable that chooses another', { checkout }, 'server-not-running', []],
  // start takes the other way, and comes to the same
  ['another way to the application', { otherwise: 'runserver' }, 'redis-unreachable', []],
  [
    'no database either, of which a run can have one',
    { databaseOutlook: { where: 'db:5432', isHere: false, by: 'a PostgreSQL of its own', why: '', compose: undefined } },
    'redis-unreachable',
    ['election-dev', 'start', '--setup', '--managed'],
  ],
])('nothing serves, no Redis, and %s', (_, more, id, command) => {
  const engine = 'django.db.backends.postgresql'
  const gone = { fact: 'database', state: 'unreachable', engine, name: 'election', path: null, message: 'refused' } as const
  const facts = more.databaseOutlook === undefined ? [] : [gone]
  const { root } = judge(
    unstarted({
      checkout: { ...checkout, layerVariable: undefined, wish: { kind: 'none' } },
      redis: redisOf('redis-unreachable'),
      examination: examinationOf([
        onRedis({ layer_hosts: [{ host: '127.0.0.1', port: 6379, db: 0, tls: false, password: false }] }),
        ...facts,
      ]),
      ...more,
    }),
  )
  expect(root?.id).toBe(id)
  if (command.length > 0) expect(root?.remedy.commands).toEqual([command])
})

test('no command chooses a layer where nothing was seen to read the choice', () => {
  const { root } = judge({
    ...evidenceOfWire(serverError),
    logged: ['redis.exceptions.ConnectionError: Error 111 connecting to 127.0.0.1:6379.'],
  })
  expect(root?.id).toBe('redis-unreachable')
  expect(root?.remedy.commands.flat()).not.toContain('--channel-layer')
})
