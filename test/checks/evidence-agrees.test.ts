/** A diagnosis and what is printed under it: a line that names a cause stands under no other one, and no file is blamed that isn't shown. */
import { describe, expect, test } from 'vitest'
import type { CauseId } from '../../src/causes/causes.ts'
import type { Diagnosis } from '../../src/checks/diagnosis.ts'
import type { Evidence } from '../../src/checks/evidence.ts'
import { judge } from '../../src/checks/judgement.ts'
import { judgeException, judgeLog, judgeRaised } from '../../src/checks/server-log.ts'
import { exceptionFrom, exceptionsIn } from '../../src/checks/traceback.ts'
import { ended, evidenceOf, examinationOf, onRedis, playedOf, raisedOf, refusal, serverError, wireOf } from '../support/facts.ts'

/** What a line of evidence says, and the causes that it may stand under. */
const permitted: readonly (readonly [RegExp, readonly CauseId[]])[] = [
  [/No module named 'channels_redis/, ['channels-redis-missing', 'module-shadowed', 'channel-layer-backend-wrong']],
  [
    /No module named '(?!channels_redis)/,
    ['missing-dep', 'daphne-missing', 'wrong-settings-module', 'asgi-import-error', 'module-shadowed', 'wrong-venv'],
  ],
  [/is not a package|cannot import name/, ['module-shadowed', 'asgi-import-error']],
  [/Cannot import BACKEND/, ['channel-layer-backend-wrong', 'channels-redis-missing']],
  [/You must pass a list of Redis hosts|ChannelLayer\.__init__\(\)|Connection\.__init__\(\)/, ['channel-layer-config-wrong']],
  [/unconfigured or doesn't support groups|NoneType' object has no attribute 'group_/, ['channel-layer-unset']],
  [/no such table|relation "\w+" does not exist/, ['migrations-pending', 'migrations-not-made']],
  // the last one is a client of the consumer's own
  [/Timeout reading from/, ['redis-client-timeout', 'redis-unresponsive', 'consumer-exception']],
  [/Error -?\d+ connecting to/, ['redis-unreachable']],
  [/unknown command .?(?:BZPOPMIN|HELLO)/, ['redis-too-old', 'redis-no-bzpopmin']],
  [/unknown command .?EVAL/, ['redis-no-eval']],
  [/has no permissions to run/, ['redis-acl-denied']],
  [/Authentication required/, ['redis-auth-required']],
  [/invalid username-password pair/, ['redis-wrong-password']],
  [/used memory > 'maxmemory'/, ['redis-oom']],
  [/read only replica/, ['redis-readonly']],
  [/loading the dataset/, ['redis-loading']],
  [/Redis is configured to save/, ['redis-misconf']],
  [/max number of clients/, ['redis-maxclients']],
  [/Protocol Error/, ['redis-not-redis']],
  [/Hash slot not served/, ['redis-cluster']],
  [/get_asgi_application\(\) takes 0|WSGIHandler\.__call__/, ['asgi-app-wrong', 'asgi-app-under-wsgi-server']],
  [/can't be used in 'await' expression/, ['as-asgi-missing']],
  [/No route found for path/, ['no-websocket-route']],
  [/find session in scope/, ['middleware-missing']],
  [/only handle ASGI\/HTTP connections|for scope type 'websocket'/, ['http-only-asgi']],
  [/is not JSON serializable|can not serialize/, ['broadcast-not-serialisable']],
  [/No handler for message type/, ['broadcast-handler-missing']],
  [/Group name must be a valid/, ['group-name-invalid']],
]

/** Exceptions as servers have logged them, by their last line. */
const exceptions = [
  "ModuleNotFoundError: No module named 'channels_redis'",
  "ModuleNotFoundError: No module named 'pandas'",
  "django.core.cache.backends.base.InvalidCacheBackendError: Could not find backend 'django_redis.cache.RedisCache': No module named 'django_redis'",
  "ModuleNotFoundError: No module named 'channels.routing'; 'channels' is not a package",
  "channels.exceptions.InvalidChannelLayerError: Cannot import BACKEND 'channels.layers.Memory' specified for default",
  'ValueError: You must pass a list of Redis hosts, even if there is only one.',
  "TypeError: RedisChannelLayer.__init__() got an unexpected keyword argument 'host'",
  "TypeError: AbstractConnection.__init__() got an unexpected keyword argument 'timeout'",
  "channels.exceptions.InvalidChannelLayerError: BACKEND is unconfigured or doesn't support groups",
  "AttributeError: 'NoneType' object has no attribute 'group_add'",
  'django.db.utils.OperationalError: no such table: auth_user',
  'ValueError: AuthMiddleware cannot find session in scope. SessionMiddleware must be above it.',
  'django.db.utils.ProgrammingError: relation "votes_election" does not exist',
  'redis.exceptions.TimeoutError: Timeout reading from 127.0.0.1:6379',
  'redis.exceptions.ConnectionError: Error 111 connecting to 127.0.0.1:6379. Connect call failed.',
  "redis.exceptions.ResponseError: unknown command 'BZPOPMIN', with args beginning with: 'asgi'",
  "redis.exceptions.ResponseError: unknown command 'EVAL', with args beginning with: 'return'",
  "redis.exceptions.NoPermissionError: this user has no permissions to run the 'eval' command",
  'redis.exceptions.AuthenticationError: Authentication required.',
  'redis.exceptions.AuthenticationError: invalid username-password pair or user is disabled.',
  "redis.exceptions.OutOfMemoryError: command not allowed when used memory > 'maxmemory'.",
  "redis.exceptions.ReadOnlyError: You can't write against a read only replica.",
  'redis.exceptions.BusyLoadingError: Redis is loading the dataset in memory',
  'redis.exceptions.ResponseError: MISCONF Redis is configured to save RDB snapshots, but it is unable to persist to disk.',
  'redis.exceptions.MaxClientsError: max number of clients reached',
  "redis.exceptions.InvalidResponse: Protocol Error: b'<!DOCTYPE HTML>'",
  'redis.exceptions.ResponseError: CLUSTERDOWN Hash slot not served',
  'TypeError: get_asgi_application() takes 0 positional arguments but 3 were given',
  "TypeError: WSGIHandler.__call__() missing 1 required positional argument: 'start_response'",
  "TypeError: object Updates can't be used in 'await' expression",
  "ValueError: No route found for path 'ws/elections/'.",
  "ValueError: No application configured for scope type 'websocket'",
  'TypeError: Object of type Decimal is not JSON serializable',
  'ValueError: No handler for message type election.moved',
  'TypeError: Group name must be a valid unicode string with length < 100 containing only ASCII alphanumerics, hyphens, underscores, or periods.',
  "KeyError: 'election'",
  'PermissionError: [Errno 13] Permission denied',
  'RuntimeError: Model class votes.Election is not in INSTALLED_APPS',
]

const packages = '/srv/venv/lib/python3.11/site-packages'
const frames = [
  [`  File "${packages}/channels/consumer.py", line 94, in app`, '    return await consumer(scope, receive, send)'],
  ['  File "/srv/backend/updates/consumers.py", line 9, in connect', '    await self.prepare()'],
]
const wires = [
  serverError,
  refusal,
  wireOf({ session: ended(1011) }),
  wireOf({
    handshake: { result: 'broken', code: 'ECONNRESET', message: 'socket hang up', elapsedMs: 5000 },
    session: undefined,
    experiments: { httpAfter: { result: 'answer', status: 404, reason: '', server: 'daphne', headers: {}, body: '', elapsedMs: 4 } },
  }),
]

/** Every diagnosis that the rules make of this exception, however it comes to them: from a log, the observer or the played handshake. */
function* diagnosesOf(exception: string, withOwn: boolean): Generator<Diagnosis> {
  const lines = [
    'ERROR Exception inside application',
    'Traceback (most recent call last):',
    ...frames.slice(0, withOwn ? 2 : 1).flat(),
    exception,
  ]
  const [type = '', ...message] = exception.split(': ')
  const place = { file: 'updates/consumers.py', line: 9, function: 'connect' }
  const observed = exceptionFrom({ type, message: message.join(': '), ...(withOwn ? { place } : {}) })
  const played = raisedOf(type.split('.').at(-1) ?? '', message.join(': '), withOwn ? {} : { file: null, line: null, frames: [] })
  const seen: readonly Partial<Evidence>[] = [
    { logged: lines },
    { launched: { raised: observed } },
    { examination: examinationOf([onRedis(), playedOf({ outcome: 'raised', raised: played, later: undefined })]) },
    { examination: examinationOf([onRedis(), playedOf({ outcome: 'accepted', raised: played, later: 'raised' })]) },
  ]
  for (const wire of wires) {
    for (const more of seen) {
      const { root, explained, notes } = judge(evidenceOf({ wire, ...more }))
      yield* [...(root === undefined ? [] : [root]), ...explained, ...notes]
    }
  }
  for (const one of [observed, ...exceptionsIn(lines)]) {
    yield judgeRaised(one, 'The consumer raises an exception on an open socket', [])
    const named = judgeException(one, 'start')
    if (named !== undefined) yield named
  }
  const end = judgeLog(lines)
  if (end !== undefined) yield end
}

describe.each([true, false])('with a line of the project in the traceback: %s', (withOwn) => {
  test.each(exceptions)('%s', (exception) => {
    const ids = permitted.find(([pattern]) => pattern.test(exception))?.[1]
    for (const { id, evidence, remedy } of diagnosesOf(exception, withOwn)) {
      const lines = evidence.join('\n')
      const isPrinted = lines.includes(exception.split(': ').slice(1).join(': ').slice(0, 60))
      if (ids !== undefined && isPrinted) expect(ids, `${id}\n${lines}`).toContain(id)
      // who is told to correct a file finds it, with its line, in what is printed
      if (/\bCorrect the consumer\b|\babove\)/.test(remedy.text)) expect(lines).toMatch(/consumers?\.py(?:", line |:)\d+/)
      const blamed = /Correct ([\w./-]+\.py):(\d+)/.exec(remedy.text)
      if (blamed !== null) expect(lines).toMatch(new RegExp(`${blamed[1]}(?:", line |:)${blamed[2]}`))
    }
  })
})

test('every row of the table is of an exception that was logged', () => {
  for (const [pattern] of permitted)
    expect(
      exceptions.filter((text) => pattern.test(text)),
      String(pattern),
    ).not.toEqual([])
})
