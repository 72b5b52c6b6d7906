/** What the steps of `smoke` say. */
import { expect, test } from 'vitest'
import { resultOf } from '../../src/commands/smoke-judgement.ts'
import type { SmokeRecord } from '../../src/report/smoke-record.ts'
import { wireOf } from '../support/evidence.ts'

test('a handshake with a session says so, and not that a token was missing', () => {
  const facts = wireOf({ token: { kind: 'none' }, identity: { source: 'session', wantsSession: true, user: 'usher' } })
  const record: SmokeRecord = {
    version: '0.1.0',
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
    http: { result: 'answer', status: 200, reason: 'OK', headers: {}, body: '', server: 'daphne', elapsedMs: 1 },
    ready: {
      version: '0.1.0',
      readyMs: 1,
      websocket: {
        url: 'ws://127.0.0.1:8000/ws/',
        state: { dot: 'green', handshakeMs: 1, pongMs: 1, heldMs: 1, user: undefined, broadcast: undefined },
      },
      beside: undefined,
      backend: {
        url: 'http://127.0.0.1:8000/',
        server: 'daphne',
        serverVersion: '4.2.3',
        django: undefined,
        environment: 'venv',
        pid: undefined,
        openToNetwork: false,
      },
      channels: { layer: 'memory', text: 'in memory', note: undefined },
      frontend: undefined,
      services: [],
      instances: [],
      page: undefined,
      notes: [],
    },
    proof: { state: 'proven', facts, diagnosis: undefined, socket: undefined },
  }
  const handshake = resultOf(record, {}).steps.find(({ name }) => name === 'handshake')
  expect(handshake?.evidence.join()).toMatch(/, with a session of usher$/)
})
