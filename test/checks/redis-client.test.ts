/** A client of Redis that gives up reading: told before it strikes, and by what it leaves in a log. */
import { describe, expect, test } from 'vitest'
import { judge } from '../../src/checks/judgement.ts'
import type { Evidence } from '../../src/checks/evidence.ts'
import { judgeException } from '../../src/checks/server-log.ts'
import type { Raised } from '../../src/facts/observed.ts'
import { exceptionFrom, exceptionsIn } from '../../src/checks/traceback.ts'
import { environmentWith } from '../support/evidence.ts'
import { ended, evidenceOf, examinationOf, onRedis, playedOf, raisedOf, wireOf } from '../support/facts.ts'

const id = 'redis-client-timeout'
const layerOf = (limit: number | null | undefined, waits: number | undefined) =>
  ({ fact: 'layer', backend: 'channels_redis.core.RedisChannelLayer', read_limit: limit, waits }) as const
const evidence = (limit: number | null | undefined, waits: number | undefined, more: Partial<Evidence> = {}) =>
  evidenceOf({ examination: examinationOf([onRedis(), layerOf(limit, waits)]), ...more })
const nobody: Partial<Evidence> = {
  wire: wireOf({
    tcp: [{ address: '127.0.0.1', family: 4, result: 'refused', code: 'ECONNREFUSED', elapsedMs: 1 }],
    handshake: undefined,
    session: undefined,
    http: undefined,
  }),
  servers: { onPorts: [], ofProject: [], source: '/proc', problem: undefined },
}
/** A socket that ended after so many milliseconds. */
const endedAfter = (afterMs: number): Partial<Evidence> => {
  const session = ended(1011)
  return { wire: wireOf({ session: { ...session, heldMs: afterMs, close: { code: 1011, reason: '', afterMs, messagesBefore: 1 } } }) }
}

describe('from what the layer would do', () => {
  test.each<[string, number | null | undefined, number | undefined, boolean]>([
    ['as long as the wait', 5, 5, true],
    ['shorter', 3, 5, true],
    ['a wait without an end', 60, 0, true],
    ['longer', 5.2, 5, false],
    ['none', null, 5, false],
    ['a layer that waits in another way', undefined, undefined, false],
  ])('a limit that is %s', (_, limit, waits, isNamed) => {
    expect(judge(evidence(limit, waits, { launched: {} })).root?.id).toBe(isNamed ? id : undefined)
    expect(judge(evidence(limit, waits, nobody)).root?.id).toBe(isNamed ? id : 'server-not-running')
    const beside = judge(evidence(limit, waits))
    expect([beside.root?.id, beside.notes.map((note) => note.id)]).toEqual([undefined, isNamed ? [id] : []])
  })

  test.each<[number, string]>([
    [700, 'consumer-exception'],
    [5400, id],
    [9000, 'consumer-exception'],
  ])('a socket that ended after %i ms is %s', (afterMs, root) => {
    expect(judge(evidence(5, 5, endedAfter(afterMs))).root?.id).toBe(root)
  })

  test('tables that are missing come first', () => {
    const database = { fact: 'database', state: 'empty', engine: 'django.db.backends.sqlite3', name: 'db.sqlite3' } as const
    const played = playedOf({ outcome: 'raised', raised: raisedOf('OperationalError', 'no such table: auth_user'), later: undefined })
    const examination = examinationOf([onRedis(), layerOf(5, 5), database, played])
    const { root, explained } = judge(evidenceOf({ ...nobody, examination }))
    expect([root?.id, ...explained.map((cause) => cause.id)]).toEqual(['migrations-pending', id, 'server-not-running'])
  })

  test.each<[string, number, readonly string[] | undefined]>([
    ['8.1.0', 5, ['python', '-m', 'pip', 'install', 'redis<8']],
    ['8.1.0', 3, undefined],
    ['5.3.1', 5, undefined],
  ])('redis-py %s and %d s: an older client is a way only where the limit is its own', (version, limit, command) => {
    const environment = { ...environmentWith(), packages: new Map([...environmentWith().packages, ['redis', version]]) }
    const choice = { kind: 'ready', environment, note: undefined } as const
    const { remedy, evidence: seen } = judge(evidence(limit, 5, { launched: {}, choice })).root ?? {}
    expect(remedy?.commands.map((words) => words.slice(1))).toEqual(command === undefined ? [] : [command.slice(1)])
    expect(seen?.join(' ')).toContain(`redis ${version}`)
  })
})

const message = 'Timeout reading from 127.0.0.1:6379'
const packages = '/srv/venv/lib/python3.11/site-packages'
const traceback = (...frames: readonly string[]) => [
  `2026-01-02 10:00:05,000 ERROR Exception inside application: ${message}`,
  'Traceback (most recent call last):',
  ...frames.flatMap((frame) => frame.split('\n')),
  `redis.exceptions.TimeoutError: ${message}`,
]
const wait = `  File "${packages}/channels/utils.py", line 57, in await_many_dispatch\n    await task`
const own =
  '  File "/srv/backend/updates/consumers.py", line 9, in connect\n    await self.channel_layer.group_add("updates", self.channel_name)'
const middleware = '  File "/srv/backend/accounts/ws.py", line 29, in __call__\n    return await self.app(scope, receive, send)'
const layerFrame = (call: string) => `  File "${packages}/channels_redis/core.py", line 218, in any\n    ${call}`
const read = `  File "${packages}/redis/asyncio/connection.py", line 1311, in read_response\n    raise TimeoutError(f"Timeout reading from {host_error}")`

const behind = (call: string) => `channels_redis/core.py: ${call}`

describe('from an exception', () => {
  const place = { file: 'updates/consumers.py', line: 9, function: 'connect' }
  const bzpopmin = 'result = await connection.bzpopmin(channel, timeout=timeout)'
  const zadd = 'await connection.zadd(group_key, {channel: time.time()})'
  test.each<[string, string | undefined, readonly string[], Pick<Raised, 'behind' | 'place'>]>([
    ['raised a second time, without the frames of the layer', id, [wait], {}],
    [
      'a second time, through a middleware of the project',
      id,
      [middleware, wait],
      { behind: 'channels/utils.py: await_many_dispatch', place: { file: 'accounts/ws.py', line: 29, function: '__call__' } },
    ],
    ['with them', id, [wait, layerFrame(bzpopmin), read], { behind: behind(bzpopmin) }],
    ['a call of the layer that is answered at once', 'redis-unresponsive', [own, layerFrame(zadd), read], { behind: behind(zadd), place }],
    ["a client of the consumer's own", undefined, [own.replace('self.channel_layer.group_add', 'self.redis.blpop'), read], { place }],
  ])('%s: %s', (_, named, frames, raised) => {
    const [logged] = exceptionsIn(traceback(...frames))
    const observed = exceptionFrom({ type: 'redis.exceptions.TimeoutError', message, ...raised })
    for (const exception of [logged, observed]) {
      const found = exception === undefined ? undefined : judgeException(exception, 'serving')
      expect(found?.id).toBe(named)
      if (named !== undefined) expect(found?.evidence[0]).toContain(message)
    }
  })

  test("a time limit of the application's own is none of these", () => {
    const own = exceptionFrom({ type: 'TimeoutError', message: 'Timeout reading from the ballot scanner' })
    expect(judgeException(own, 'serving')).toBeUndefined()
  })
})
