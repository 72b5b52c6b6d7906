/** What the steps of `smoke` say. */
import { expect, test } from 'vitest'
import { resultOf } from '../../src/commands/smoke-judgement.ts'
import type { SmokeRecord } from '../../src/report/smoke-record.ts'
import { wireOf } from '../support/evidence.ts'
import { bareSummary } from '../support/ready.ts'

const facts = wireOf({ token: { kind: 'none' }, identity: { source: 'session', wantsSession: true, user: 'usher' } })
const record = (status = 200): SmokeRecord => ({
  startedAt: new Date(0),
  began: 0,
  timeoutMs: 1000,
  phases: [],
  warnings: [],
  lines: [],
  wantsFrontend: false,
  wantsPage: false,
  wantsPing: false,
  elapsedMs: 1,
  tcp: { address: '127.0.0.1', family: 4, result: 'open', code: undefined, elapsedMs: 1 },
  http: { result: 'answer', status, reason: 'OK', headers: {}, body: '', server: 'daphne', elapsedMs: 1 },
  ready: bareSummary,
  proof: { state: 'proven', facts, diagnosis: undefined, socket: undefined },
})

test('a handshake with a session says so, and not that a token was missing', () => {
  const handshake = resultOf(record(), {}).steps.find(({ name }) => name === 'handshake')
  expect(handshake?.evidence.join()).toMatch(/, with a session of usher$/)
})

test.each([
  [200, 'passed'],
  [403, 'skipped'],
  [404, 'skipped'],
  [500, 'skipped'],
  [503, 'skipped'],
])('a page that is answered with %i: %s', (status, state) => {
  const step = resultOf(record(status), {}).steps.find(({ name }) => name === 'http')
  expect(step).toMatchObject({ state, evidence: [expect.stringContaining(`GET / got ${status}`)] })
})
