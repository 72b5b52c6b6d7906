/** What the doctor makes of the channel layer, as a table: facts in, one cause out, or none. */
import { describe, expect, test } from 'vitest'
import { judge } from '../../src/checks/judgement.ts'
import type { Evidence } from '../../src/checks/evidence.ts'
import type { ExaminationOf } from '../../src/facts/examination.ts'
import {
  commandOf,
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
  serverOf,
  settingsOf,
  wireOf,
} from '../support/facts.ts'
import { unstarted } from '../support/evidence.ts'

const unset = settingsOf({ layers_set: false, layer_backend: undefined })
const joins: ExaminationOf<'broadcasts'> = {
  fact: 'broadcasts',
  sends: [],
  adds: [{ file: 'updates/consumers.py', line: 6, group: 'updates' }],
  handlers: [],
}
const noLayer = raisedOf('AttributeError', "'NoneType' object has no attribute 'group_add'")
const fails = (type: string, message: string, settings = onRedis()) =>
  examinationOf([settings], { errors: [errorOf('layer', type, message)] })
const packages = (...names: readonly string[]): Evidence['choice'] => ({
  kind: 'ready',
  environment: {
    python: '/home/me/election/backend/venv/bin/python',
    label: 'backend/venv',
    isVirtual: true,
    version: '3.12.1',
    packages: new Map(names.map((name) => [name, '1.0'])),
  },
  note: undefined,
})
const two = (
  first: Readonly<Record<string, string>>,
  second: Readonly<Record<string, string>>,
): Pick<Evidence, 'servers' | 'others' | 'redis'> => {
  const servers = [serverOf(4711, 8000, { env: first }), serverOf(4712, 8001, { env: second })]
  return { servers: { onPorts: servers, ofProject: servers, source: '/proc', problem: undefined }, others: [wireOf()], redis: redisOf() }
}
const workers = (count: number): Pick<Evidence, 'servers'> => {
  const server = serverOf(4711, 8000, {
    command: commandOf({ program: 'uvicorn', workers: count }),
    argv: ['uvicorn', '--workers', String(count)],
  })
  return { servers: { onPorts: [server], ofProject: [server], source: '/proc', problem: undefined } }
}

test.each<[string, string | undefined, Partial<Evidence>, RegExp?]>([
  [
    'channel-layer-unset: a consumer joins a group',
    'channel-layer-unset',
    { wire: serverError, examination: examinationOf([unset, joins]) },
    /consumers\.py:6 calls group_add/,
  ],
  [
    'channel-layer-unset: hidden behind a refusal',
    'channel-layer-unset',
    { wire: refusal, examination: examinationOf([unset, playedOf({ outcome: 'closed', raised: noLayer, later: undefined })]) },
    /group_add/,
  ],
  ['channel-layer-unset: nothing serves yet', 'channel-layer-unset', unstarted({ examination: examinationOf([unset, joins]) })],
  ['channel-layer-unset: nobody uses one', undefined, { examination: examinationOf([unset]) }],
  [
    'channel-layer-unset: an own attribute of None is no layer',
    'consumer-exception',
    {
      wire: serverError,
      examination: examinationOf([
        playedOf({ outcome: 'raised', raised: raisedOf('AttributeError', "'NoneType' object has no attribute 'name'") }),
      ]),
    },
  ],
  [
    'channel-layer-backend-wrong: channels_redis is installed',
    'channel-layer-backend-wrong',
    {
      wire: serverError,
      choice: packages('channels-redis'),
      examination: fails(
        'InvalidChannelLayerError',
        "Cannot import BACKEND 'channels_redis.core.Layer' specified for default",
        onRedis({ layer_backend: 'channels_redis.core.Layer' }),
      ),
    },
    /Cannot import BACKEND/,
  ],
  [
    'channel-layer-backend-wrong: no BACKEND at all',
    'channel-layer-backend-wrong',
    {
      wire: serverError,
      examination: fails('InvalidChannelLayerError', 'No BACKEND specified for default', settingsOf({ layer_backend: undefined })),
    },
  ],
  [
    'channels-redis-missing: the same words without the package',
    'channels-redis-missing',
    {
      wire: serverError,
      choice: packages('channels'),
      examination: fails('InvalidChannelLayerError', "Cannot import BACKEND 'channels_redis.core.RedisChannelLayer' specified for default"),
    },
  ],
  [
    'channel-layer-config-wrong: hosts is a text',
    'channel-layer-config-wrong',
    { wire: serverError, examination: fails('ValueError', 'You must pass a list of Redis hosts, even if there is only one.') },
    /list of Redis hosts/,
  ],
  [
    'channel-layer-config-wrong: a password that is not percent-encoded',
    'channel-layer-config-wrong',
    { wire: serverError, examination: fails('ValueError', "Port could not be cast to integer value as 's3cr'") },
    /integer value/,
  ],
  [
    'channel-layer-config-wrong: shown by the first message alone',
    'channel-layer-config-wrong',
    {
      wire: wireOf({ session: ended(1011) }),
      redis: redisOf(),
      examination: examinationOf([onRedis()], {
        errors: [errorOf('trip', 'TypeError', "AbstractConnection.__init__() got an unexpected keyword argument 'adress'")],
      }),
    },
  ],
  [
    'channel-layer-config-wrong: a layer that was built',
    undefined,
    { redis: redisOf(), examination: examinationOf([onRedis(), { fact: 'layer', backend: 'channels_redis.core.RedisChannelLayer' }]) },
  ],
  ['layer-inmemory-multi-instance: two servers', 'layer-inmemory-multi-instance', two({}, {}), /daphne \(PID 4712\) listens on 8001/],
  ['layer-inmemory-multi-instance: four workers', 'layer-inmemory-multi-instance', workers(4), /uvicorn \(PID 4711\) has 4 workers/],
  ['layer-inmemory-multi-instance: one worker', undefined, workers(1)],
  [
    'layer-inmemory-multi-instance: four workers on Redis',
    undefined,
    { ...workers(4), redis: redisOf(), examination: examinationOf([onRedis()]) },
  ],
  [
    'layer-split: another database',
    'layer-split',
    { ...two({ REDIS_DB: '1' }, { REDIS_DB: '2' }), examination: examinationOf([onRedis()]) },
    /PID 4711\) on port 8000: REDIS_DB 1\n.*PID 4712\) on port 8001: REDIS_DB 2/,
  ],
  [
    'layer-split: one of them has what the settings have anyway',
    undefined,
    { ...two({}, { REDIS_PORT: '6379' }), examination: examinationOf([onRedis()]) },
  ],
  [
    'layer-split: one of them has another port than the settings',
    'layer-split',
    { ...two({}, { REDIS_PORT: '6380' }), examination: examinationOf([onRedis()]) },
    /REDIS_PORT not set, so 6379\n.*REDIS_PORT 6380/,
  ],
  ['layer-split: the same on both', undefined, { ...two({ REDIS_DB: '1' }, { REDIS_DB: '1' }), examination: examinationOf([onRedis()]) }],
])('%s', (_, id, more, telling = /./) => {
  const { root } = judge(evidenceOf(more))
  expect(root?.id, root?.evidence.join('\n')).toBe(id)
  if (root !== undefined) expect(root.evidence.join('\n')).toMatch(telling)
})

test('a password that is not percent-encoded: how it is written stands in the remedy', () => {
  const examination = fails('ValueError', "Port could not be cast to integer value as 's3cr'")
  expect(judge(evidenceOf({ wire: serverError, examination })).root?.remedy).toMatchObject({
    text: expect.stringContaining('# is %23'),
    automatic: 'no',
  })
})

const sentBy = (by: string | null) => [{ file: 'updates/tasks.py', line: 8, group: 'updates', type: 'tally', by }]

describe('layer-inmemory-multi-instance: what is sent from a process of its own', () => {
  test.each<[string, string | null, Partial<ExaminationOf<'settings'>>, RegExp | undefined]>([
    ['a worker, in memory', 'Celery', {}, /^updates\/tasks\.py:8 .* a task of Celery, which a worker runs/],
    ['a command, in memory', 'command', {}, /^updates\/tasks\.py:8 .* a management command/],
    ['the server itself', null, {}, undefined],
    ['a worker, over Redis', 'Celery', { layer_backend: 'channels_redis.core.RedisChannelLayer' }, undefined],
  ])('%s', (_, by, settings, words) => {
    const { root, notes } = judge(
      evidenceOf({ examination: examinationOf([settingsOf(settings), { fact: 'broadcasts', sends: sentBy(by), adds: [], handlers: [] }]) }),
    )
    const found = [...(root === undefined ? [] : [root]), ...notes].find(({ id }) => id === 'layer-inmemory-multi-instance')
    expect(root?.id).not.toBe('layer-inmemory-multi-instance')
    if (words === undefined) expect(found).toBeUndefined()
    else expect(found?.evidence[0]).toMatch(words)
  })
})

test("what the wire can only guess isn't told beside what was found: it need not be its effect", () => {
  const { root, explained } = judge(evidenceOf({ wire: serverError, examination: examinationOf([unset, joins]) }))
  expect([root?.id, ...explained.map(({ id }) => id)]).toEqual(['channel-layer-unset'])
  expect(judge(evidenceOf({ wire: serverError })).root?.id).toBe('no-websocket-route')
})
