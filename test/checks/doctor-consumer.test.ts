/** What the doctor makes of a consumer and its broadcasts, as a table: facts in, one cause out, or none. */
import { expect, test } from 'vitest'
import { judge } from '../../src/checks/judgement.ts'
import type { Evidence } from '../../src/checks/evidence.ts'
import { judgeLines } from '../../src/checks/server-log.ts'
import type { ExaminationOf } from '../../src/facts/examination.ts'
import {
  commandOf,
  ended,
  evidenceOf,
  examinationOf,
  playedOf,
  raisedOf,
  refusal,
  refused,
  serverError,
  serverOf,
  wireOf,
} from '../support/facts.ts'

const reset = wireOf({
  handshake: { result: 'broken', code: 'ECONNRESET', message: 'socket hang up', elapsedMs: 5000 },
  session: undefined,
  experiments: { httpAfter: { result: 'answer', status: 404, reason: '', server: 'daphne', headers: {}, body: '', elapsedMs: 4 } },
})
const standstill = wireOf({
  handshake: { result: 'silent', elapsedMs: 6500 },
  session: undefined,
  experiments: { httpAfter: { result: 'silent', elapsedMs: 5000 } },
})
const frames = [{ file: 'updates/consumers.py', line: 7, function: 'connect', own: true }]
const empty = { fact: 'database', state: 'empty', engine: 'django.db.backends.sqlite3', name: 'db.sqlite3' } as const
const broadcasts = (
  sends: readonly [string | null, string | null][],
  adds: readonly (string | null)[] = ['updates'],
): ExaminationOf<'broadcasts'> => ({
  fact: 'broadcasts',
  sends: sends.map(([group, type]) => ({ file: 'updates/announce.py', line: 5, group, type })),
  adds: adds.map((group) => ({ file: 'updates/consumers.py', line: 6, group })),
  handlers: [],
})
const played = (more: Partial<ExaminationOf<'consumer'>>) => examinationOf([playedOf(more)])
const uvicorn = (wsMaxSize: number): Pick<Evidence, 'servers'> => {
  const server = serverOf(4711, 8000, {
    command: commandOf({ program: 'uvicorn', wsMaxSize }),
    argv: ['uvicorn', '--ws-max-size', String(wsMaxSize)],
  })
  return { servers: { onPorts: [server], ofProject: [server], source: '/proc', problem: undefined } }
}
const unanswered = wireOf({
  session: { heldMs: 2000, close: undefined, messages: 1, pong: { result: 'unanswered' }, pingBy: 'page', second: undefined },
})

test.each<[string, string | undefined, Partial<Evidence>, RegExp?]>([
  [
    'consumer-exception: before accept',
    'consumer-exception',
    { wire: serverError, examination: played({ outcome: 'raised', raised: raisedOf('ValueError', 'no such election') }) },
    /ValueError: no such election[\s\S]*consumers\.py:6, in connect/,
  ],
  [
    'connect-never-returns: a loop after accept',
    'connect-never-returns',
    { wire: unanswered, examination: played({ takes: false, stuck: true, frames }) },
    /connect\(\) was still at updates\/consumers\.py:7, in connect/,
  ],
  [
    'connect-never-returns: work that is only slow',
    undefined,
    { wire: unanswered, examination: played({ takes: false, stuck: false, frames }) },
  ],
  [
    'sync-consumer-blocks: slow work after accept, in the thread of all',
    'sync-consumer-blocks',
    { examination: played({ takes: false, stuck: false, synchronous: true, frames }) },
    /take turns in one thread/,
  ],
  [
    'sync-consumer-blocks: another socket has the thread',
    'sync-consumer-blocks',
    { wire: reset, examination: played({ synchronous: true }) },
    /ECONNRESET after 5\.0 s[\s\S]*Played alone, connect\(\) of Updates accepts after 2 ms/,
  ],
  [
    'accept-missing: an asynchronous consumer that accepts alone',
    'accept-missing',
    { wire: reset, examination: played({ synchronous: false }) },
  ],
  [
    'consumer-exception: after accept',
    'consumer-exception',
    {
      wire: wireOf({ session: ended(1011) }),
      examination: played({ later: 'raised', later_after: 'connect', raised: raisedOf('ValueError', 'no') }),
    },
  ],
  [
    'consumer-exception: with a database that it never asks',
    'consumer-exception',
    { wire: serverError, examination: examinationOf([empty, playedOf({ outcome: 'raised', raised: raisedOf('ValueError', 'no') })]) },
  ],
  [
    'consumer-exception: a name that is not there, hidden behind a refusal',
    'consumer-exception',
    { wire: refusal, examination: played({ outcome: 'closed', raised: raisedOf('NameError', "name 'Elction' is not defined") }) },
    /hides|refusal/,
  ],
  [
    'consumer-exception: an error of a token that is handled is the token',
    'token-rejected',
    {
      wire: refusal,
      examination: played({ outcome: 'closed', raised: raisedOf('InvalidSignatureError', 'Signature verification failed') }),
    },
    /It handles InvalidSignatureError/,
  ],
  [
    'migrations-pending: the same exception of a table that is missing',
    'migrations-pending',
    { wire: serverError, examination: played({ outcome: 'raised', raised: raisedOf('OperationalError', 'no such table: auth_user') }) },
  ],
  [
    'migrations-not-made: the same, where the app has none',
    'migrations-not-made',
    {
      wire: serverError,
      examination: examinationOf([
        { fact: 'database', state: 'ready', engine: 'django.db.backends.sqlite3', name: 'db.sqlite3' },
        { fact: 'migrations', pending: [], unmade: [{ label: 'rooms', folder: 'apps/rooms' }] },
        playedOf({
          outcome: 'raised',
          database_error: 'no such table: rooms_room',
          raised: raisedOf('OperationalError', 'no such table: rooms_room'),
        }),
      ]),
    },
    /apps\/rooms has models, or fields, that no migration creates/,
  ],
  [
    'accept-missing: connect() returned',
    'accept-missing',
    { wire: reset, examination: played({ outcome: 'returned', after_ms: 3 }) },
    /returned after 3 ms/,
  ],
  [
    'connect-too-slow: connect() still runs',
    'connect-too-slow',
    { wire: reset, examination: played({ outcome: 'waiting', after_ms: 6500, frames }) },
    /waits at updates\/consumers\.py:7/,
  ],
  [
    'sync-consumer-blocks: the loop stands',
    'sync-consumer-blocks',
    {
      wire: standstill,
      examination: examinationOf([{ fact: 'standing', stage: 'consumer', seconds: 4, frames }, empty, playedOf({ outcome: 'skipped' })], {
        how: 'timeout',
      }),
    },
    /stood still for 4 s at updates\/consumers\.py:7/,
  ],
  [
    'sync-consumer-blocks: a slow import stands elsewhere',
    undefined,
    { examination: examinationOf([{ fact: 'standing', stage: 'application', seconds: 4, frames }]) },
  ],
  ['ping-unanswered: a note, no cause', undefined, { wire: unanswered }],
  [
    'message-too-big: 1009',
    'message-too-big',
    { wire: wireOf({ session: ended(1009) }), ...uvicorn(10) },
    /with 1009[\s\S]*PID 4711[\s\S]*--ws-max-size 10/,
  ],
  ['message-too-big: a limit that nothing has met yet is a note', undefined, uvicorn(1000)],
  [
    'subprotocol-mismatch: one that was not offered',
    'subprotocol-mismatch',
    { wire: reset, examination: played({ subprotocol: 'votes.v2', offered: ['votes.v1'] }) },
    /votes\.v2.*offers votes\.v1/,
  ],
  [
    'subprotocol-mismatch: none is picked',
    'subprotocol-mismatch',
    {
      wire: wireOf({
        handshake: { result: 'broken', code: 'UNKNOWN', message: 'Server sent no subprotocol', elapsedMs: 4 },
        session: undefined,
      }),
    },
    /no subprotocol/,
  ],
  [
    'subprotocol-mismatch: the one that is offered',
    'accept-missing',
    { wire: reset, examination: played({ subprotocol: 'votes.v1', offered: ['votes.v1'] }) },
  ],
  [
    'broadcast-handler-missing: no method of that name',
    'broadcast-handler-missing',
    { examination: examinationOf([broadcasts([['updates', 'election.update']])]) },
    /announce\.py:5 sends type "election\.update"/,
  ],
  [
    'broadcast-handler-missing: the method is there',
    undefined,
    { examination: examinationOf([broadcasts([['updates', 'election.update']]), playedOf({ handlers: ['election_update'] })]) },
  ],
  [
    'broadcast-handler-missing: to a group of another consumer',
    undefined,
    { examination: examinationOf([broadcasts([['chat', 'chat.message']], ['updates', 'chat'])]) },
  ],
  [
    'broadcast-handler-missing: a type that only running code knows',
    undefined,
    { examination: examinationOf([broadcasts([['updates', null]])]) },
  ],
  [
    'group-name-mismatch: nothing joins what is sent to',
    'group-name-mismatch',
    { examination: examinationOf([broadcasts([['election', 'update']])]) },
    /sends to "election"[\s\S]*joins "updates"/,
  ],
  [
    'group-name-mismatch: a group that only running code knows',
    undefined,
    { examination: examinationOf([broadcasts([['election', 'update']], [null])]) },
  ],
  [
    'group-name-mismatch: something is sent to the joined one, too',
    undefined,
    {
      examination: examinationOf([
        broadcasts([
          ['election', 'update'],
          ['updates', 'connect'],
        ]),
      ]),
    },
  ],
  [
    'group-name-invalid: a colon',
    'group-name-invalid',
    { examination: examinationOf([broadcasts([['election:1', 'update']])]) },
    /election:1/,
  ],
  [
    'group-name-invalid: joined by the consumer',
    'group-name-invalid',
    {
      wire: serverError,
      examination: played({
        outcome: 'raised',
        raised: raisedOf('TypeError', 'Group name must be a valid unicode string with length < 100'),
      }),
    },
  ],
  [
    'group-name-invalid: letters, digits, hyphens, underscores and periods',
    undefined,
    { examination: examinationOf([broadcasts([['Election-1_a.b', 'connect']], ['Election-1_a.b'])]) },
  ],
  [
    'origin-rejected: no cause of a consumer',
    'origin-rejected',
    {
      wire: wireOf({
        handshake: refused(403),
        session: undefined,
        experiments: { unknownPath: refused(403), otherOrigins: [{ origin: 'http://127.0.0.1:8000', handshake: refused(500) }] },
      }),
    },
  ],
])('%s', (_, id, more, telling = /./) => {
  const { root } = judge(evidenceOf(more))
  expect(root?.id, root?.evidence.join('\n')).toBe(id)
  if (root !== undefined) expect(`${root.title}\n${root.evidence.join('\n')}`).toMatch(telling)
})

test('ping-unanswered, message-too-big: told as notes', () => {
  expect(judge(evidenceOf({ wire: unanswered, ...uvicorn(1000) })).notes.map(({ id }) => id)).toEqual([
    'ping-unanswered',
    'message-too-big',
  ])
  for (const more of [{}, uvicorn(16_777_216)]) expect(judge(evidenceOf(more)).notes).toEqual([])
})

test.each<[string, string | undefined, string, string?]>([
  ['client-sends-non-json', 'client-sends-non-json', 'json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)'],
  [
    'client-sends-non-json: parsed in a line of its own',
    undefined,
    'json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)',
    'File "updates/tally.py", line 3, in load',
  ],
  ['broadcast-not-serialisable', 'broadcast-not-serialisable', "TypeError: can not serialize 'decimal.Decimal' object"],
  [
    'broadcast-not-serialisable: an own TypeError',
    undefined,
    "TypeError: unsupported operand type(s) for +: 'decimal.Decimal' and 'float'",
  ],
  ['broadcast-handler-missing', 'broadcast-handler-missing', 'ValueError: No handler for message type election_update'],
  ['redis-oom', 'redis-oom', "redis.exceptions.OutOfMemoryError: command not allowed when used memory > 'maxmemory'."],
  ['redis-oom: a sentence of the application', undefined, "the docs say: command not allowed when used memory > 'maxmemory'."],
])('%s', (_, id, line, frame) => {
  expect(judgeLines([line], 'serving', frame)?.id).toBe(id)
})
