import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { judged } from '../../src/causes/causes.ts'
import { diagnosis } from '../../src/checks/diagnosis.ts'
import { LauncherError } from '../../src/errors.ts'
import type { ServiceStatus } from '../../src/facts/service-status.ts'
import { startJson } from '../../src/report/start-json.ts'
import type { ReadySummary, RunEvent, SocketState } from '../../src/report/run-event.ts'
import { testHost } from '../support/host.ts'
import { secret } from '../support/secrets.ts'
import { root } from '../support/tools.ts'
import { bareSummary } from '../support/ready.ts'

const schema: { anyOf: { properties: { event: { const: string } } }[] } = JSON.parse(
  readFileSync(join(root, 'dist/start.schema.json'), 'utf8'),
)
const validate = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true }).compile(schema)

const red: SocketState = {
  dot: 'red',
  diagnosis: judged(
    diagnosis('redis-too-old', 'Redis 4.0 is too old', ['redis_version 4.0.14'], 'Use the in-memory layer.', [['election-dev', 'start']]),
  ),
}
const green: SocketState = {
  dot: 'green',
  handshakeMs: 4.2,
  pongMs: undefined,
  heldMs: 2000,
  broadcast: { sent: 2, received: 2, elapsedMs: 3, raised: undefined },
}
const worker: ServiceStatus = {
  name: 'worker',
  kind: 'service',
  state: 'restarting',
  pid: undefined,
  url: undefined,
  restarts: 2,
  why: undefined,
}
const bare: ReadySummary = { ...bareSummary, websocket: { ...bareSummary.websocket, state: red } }
const whole: ReadySummary = {
  ...bare,
  websocket: { url: 'ws://127.0.0.1:8000/ws/', state: { ...green, pongMs: 1, broadcast: undefined } },
  backend: { ...bare.backend, django: '5.2', pid: 4711 },
  channels: { layer: 'redis', text: 'Redis 7', note: 'it is managed' },
  frontend: { url: 'http://localhost:3000/', state: 'ready', text: 'page 200' },
  services: [worker, { ...worker, state: 'ready', pid: 12, url: 'redis://127.0.0.1:6379', why: 'it answers' }],
  instances: [
    { url: 'http://127.0.0.1:8001/', pid: undefined, state: 'failed', text: 'not connected' },
    { url: 'http://127.0.0.1:8002/', pid: 13, state: 'ready', text: 'a broadcast from :8000 arrived in 3 ms' },
  ],
  beside: [
    { path: '/ws/b/', state: 'connected' },
    { path: '/ws/c/', state: 'not-connected', diagnosis: red.diagnosis },
    { path: '/ws/d/x/', state: 'not-proven', why: 'room in its path is made up, and the application closed with 4404' },
  ],
  page: 'http://localhost:3000/',
  notes: ['a note'],
}
const step = {
  id: 'venv-missing',
  title: 'No environment',
  shown: 'python3 -m venv venv',
  evidence: 'there is none',
  action: { kind: 'create-user', shown: 'election-dev makes it, and shows its password' },
  certain: true,
  automatic: 'ask',
} as const

/** Every event: one that is added without a sample here doesn't compile. */
const samples: { readonly [Name in RunEvent['event']]: readonly Extract<RunEvent, { event: Name }>[] } = {
  phase: [{ event: 'phase', text: 'starting daphne' }],
  note: [{ event: 'note', text: 'a note' }],
  warning: [{ event: 'warning', id: 'port-in-use', text: 'Port 8000 is held' }],
  log: [{ event: 'log', service: 'worker', line: 'a line' }],
  'setup-log': [{ event: 'setup-log', line: 'Collecting Django' }],
  setup: [{ event: 'setup', steps: [step] }],
  'setup-step': [{ event: 'setup-step', step }],
  'setup-done': [{ event: 'setup-done', step, elapsedMs: 1200 }],
  'setup-end': [
    {
      event: 'setup-end',
      steps: [{ id: step.id, title: step.title, elapsedMs: 1200 }],
      elapsedMs: 1200,
      backup: '.election-dev/backups/1',
    },
  ],
  'setup-user': [{ event: 'setup-user', name: 'dev', password: secret(), model: 'auth.User', isSuperuser: true }],
  ready: [
    { event: 'ready', ...bare },
    { event: 'ready', ...whole },
  ],
  service: [
    { event: 'service', ...worker },
    { event: 'service', ...worker, state: 'failed', pid: 7, url: 'http://127.0.0.1:1/', why: 'it ended with 1' },
  ],
  frontend: [{ event: 'frontend', url: 'http://localhost:3000/', state: 'failed', text: 'nothing answers' }],
  page: [
    { event: 'page', url: 'http://localhost:3000/', state: 'looking', text: 'a browser looks at it', sockets: [] },
    {
      event: 'page',
      url: 'http://localhost:3000/',
      state: 'failed',
      text: 'its WebSocket goes to ws://localhost:9/ws/: nothing listens there (Chromium 156)   page-socket-elsewhere',
      sockets: [{ url: 'ws://localhost:9/ws/', state: 'refused' }],
      diagnosis: red.diagnosis,
    },
  ],
  restarting: [{ event: 'restarting', why: 'updates/consumers.py changed' }],
  restarted: [
    { event: 'restarted', why: 'consumers.py changed', elapsedMs: 700.5, url: 'ws://127.0.0.1:8000/ws/', state: green },
    { event: 'restarted', why: 'asked for', elapsedMs: 7, url: 'ws://127.0.0.1:8000/ws/', state: red, note: 'a broadcast arrived' },
  ],
  'reload-refused': [
    { event: 'reload-refused', file: 'consumers.py', line: 3, message: 'invalid syntax', since: '09:12:13' },
    { event: 'reload-refused', file: 'consumers.py', line: 3, message: 'invalid syntax', since: undefined },
  ],
  'open-sockets': [
    { event: 'open-sockets', count: 0 },
    { event: 'open-sockets', count: 3 },
  ],
  routes: [{ event: 'routes', url: 'ws://127.0.0.1:8000/ws/', state: green, beside: [{ path: '/ws/b/', state: 'connected' }] }],
  websocket: [
    { event: 'websocket', url: 'ws://127.0.0.1:8000/ws/', state: green },
    { event: 'websocket', url: 'ws://127.0.0.1:8000/ws/', state: { ...red, dot: 'yellow', state: 'refused' } },
  ],
  diagnosis: [{ event: 'diagnosis', diagnosis: red.diagnosis }],
  error: [
    { event: 'error', error: new LauncherError('config-invalid', 'No') },
    { event: 'error', error: new LauncherError('no-project', 'No', { hint: 'Go there', evidence: ['seen'] }) },
  ],
  stopping: [{ event: 'stopping', reason: 'Stopping' }],
  end: [{ event: 'end', exitCode: 130 }],
}

/** What an event prints, as a reader gets it. */
function printed(event: RunEvent): Record<string, unknown> {
  const host = testHost(root)
  startJson(host)(event)
  expect(host.said).toHaveLength(1)
  return JSON.parse(host.said[0] ?? '')
}

const events = Object.entries(samples).flatMap(([name, list]) => list.map((event) => ({ name, event: printed(event) })))

describe('takes all that the report says', () => {
  test.each(events)('$name', ({ event }) => {
    expect(validate(event), `${JSON.stringify(event)}: ${JSON.stringify(validate.errors)}`).toBe(true)
  })

  test('and names no event that is never said', () => {
    expect(new Set(schema.anyOf.map(({ properties }) => properties.event.const))).toEqual(
      new Set(events.map(({ event }) => event['event'])),
    )
  })
})

test('refuses one more property in any event', () => {
  for (const { name, event } of events) expect(validate({ ...event, more: 1 }), name).toBe(false)
})

describe('refuses', () => {
  const log = { schemaVersion: 1, event: 'log', service: 'backend', line: 'x' }
  const socket = printed({ event: 'websocket', url: 'ws://127.0.0.1/', state: green })
  const service = printed({ event: 'service', ...worker })
  const cause = printed({ event: 'diagnosis', diagnosis: red.diagnosis })
  const ready = printed({ event: 'ready', ...bare })
  test.each<[string, unknown]>([
    ['an unknown event', { ...log, event: 'lag' }],
    ['another version of the shape', { ...log, schemaVersion: 2 }],
    ['an event without its version', { event: 'end', exitCode: 0 }],
    ['a log line without its service', { schemaVersion: 1, event: 'log', line: 'x' }],
    ['a connected socket with a diagnosis', { ...socket, diagnosis: red.diagnosis }],
    ['a broken socket without one', { schemaVersion: 1, event: 'websocket', url: 'ws://127.0.0.1/', state: 'not-connected' }],
    ['a service in no known state', { ...service, state: 'tired' }],
    ['a diagnosis without evidence', { ...cause, diagnosis: { ...red.diagnosis, evidence: [] } }],
    ['something more in the socket of a banner', { ...ready, websocket: { ...socket, event: 'websocket' } }],
  ])('%s', (_, event) => {
    expect(validate(event)).toBe(false)
  })
})
