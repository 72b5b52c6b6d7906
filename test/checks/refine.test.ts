/** The wire's cause, made exact by the log: which exception counts, and which is our own doing. */
import { expect, test } from 'vitest'
import { diagnosis } from '../../src/checks/diagnosis.ts'
import { mergeDiagnosis } from '../../src/checks/refine.ts'
import { judge } from '../../src/checks/judgement.ts'
import { evidenceOf, failing, wireOf } from '../support/evidence.ts'
import { refusal } from '../support/facts.ts'

const reading = { wire: failing, ourPaths: ['/election-dev-probe/no-such-route/', '/ws/election-updates'] }
const serverError = diagnosis('no-websocket-route', 'No route, or it raises', ['The upgrade got `500`'], 'See the log.')
const trace = (text: string, header = `Exception inside application: ${text}`) => [
  header,
  'Traceback (most recent call last):',
  '  File "/srv/venv/lib/python3.12/site-packages/channels/consumer.py", line 58, in __call__',
  '    await x',
  '  File "/srv/backend/updates/consumers.py", line 7, in connect',
  '    raise x',
  '  File "/srv/venv/lib/python3.12/site-packages/redis/client.py", line 9, in send',
  text,
]
const ours = trace("ValueError: No route found for path 'ws/election-updates'.")

test("a consumer's exception, with the project's own frame; what the wire saw comes first", () => {
  expect(mergeDiagnosis(serverError, { ...reading, logged: trace('KeyError: 7') })).toMatchObject({
    id: 'consumer-exception',
    evidence: ['The upgrade got `500`', "The server's log: KeyError: 7", 'File "/srv/backend/updates/consumers.py", line 7, in connect'],
  })
})

test('an exception whose name ends in nothing usual', () => {
  expect(mergeDiagnosis(serverError, { ...reading, logged: trace('updates.errors.NoSuchElection: 7') })?.evidence).toContain(
    "The server's log: updates.errors.NoSuchElection: 7",
  )
})

test('the traceback of our own experiment names nothing', () => {
  expect(mergeDiagnosis(serverError, { ...reading, logged: ours })).toBe(serverError)
  expect(mergeDiagnosis(serverError, { ...reading, logged: [...trace('KeyError: 7'), ...ours] })?.id).toBe('consumer-exception')
})

test('the route that was asked for is no path of ours, though it begins with one', () => {
  expect(
    mergeDiagnosis(serverError, { ...reading, logged: trace("ValueError: No route found for path 'ws/election-updates/'.") }),
  ).toMatchObject({
    id: 'no-websocket-route',
    title: 'No WebSocket route fits /ws/election-updates/',
  })
})

test("a page's exception is not the socket's", () => {
  const page = trace('django.db.utils.OperationalError: no such table: x', 'Internal Server Error: /')
  expect(mergeDiagnosis(serverError, { ...reading, logged: page })).toBe(serverError)
  expect(mergeDiagnosis(serverError, { ...reading, logged: [...page, ...trace('KeyError: 7')] })?.evidence).toContain(
    "The server's log: KeyError: 7",
  )
})

test('of several exceptions the first after a handshake, the last of a socket that was open', () => {
  const log = [...trace('KeyError: 7'), ...trace('redis.exceptions.ConnectionError: Connection closed by server.')]
  expect(mergeDiagnosis(serverError, { ...reading, logged: log })?.id).toBe('consumer-exception')
  expect(mergeDiagnosis(serverError, { ...reading, wire: wireOf(), logged: log })?.id).toBe('redis-unreachable')
})

test('an exception group, as hypercorn writes it', () => {
  const group = [
    '  + Exception Group Traceback (most recent call last):',
    '  |   File "/srv/backend/updates/consumers.py", line 7, in connect',
    '  | ExceptionGroup: unhandled errors',
    '  +-+---------------- 1 ----------------',
    '    | Traceback (most recent call last):',
    '    | ValueError: no such election',
    '    +------------------------------------',
  ]
  expect(mergeDiagnosis(serverError, { ...reading, logged: group })?.evidence).toContain("The server's log: ValueError: no such election")
})

test('what the wire tells for certain is left alone', () => {
  const ids = [failing, refusal].map((wire) => judge(evidenceOf({ wire, logged: trace('KeyError: 7') })).root?.id)
  expect(ids).toEqual(['consumer-exception', 'token-rejected'])
})
