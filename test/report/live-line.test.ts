import { Chalk } from 'chalk'
import { describe, expect, test } from 'vitest'
import { judged } from '../../src/causes/causes.ts'
import { diagnosis } from '../../src/checks/diagnosis.ts'
import type { ServiceStatus } from '../../src/facts/service-status.ts'
import { withoutEscapes } from '../../src/host/escape-codes.ts'
import { displayWidth, fitted } from '../../src/report/display-width.ts'
import { liveLine, type LiveLineOptions } from '../../src/report/live-line.ts'
import type { StackStatus } from '../../src/report/stack-control.ts'

const service = (name: string, more: Partial<ServiceStatus> = {}): ServiceStatus => ({
  name,
  kind: 'service',
  state: 'ready',
  pid: 1,
  url: undefined,
  restarts: 0,
  why: undefined,
  ...more,
})
const status: StackStatus = {
  services: [service('backend', { kind: 'backend' }), service('frontend'), service('worker', { state: 'restarting', restarts: 2 })],
  websocket: { url: 'ws://127.0.0.1:8000/', state: { dot: 'green', handshakeMs: 4, pongMs: 1, heldMs: 2000, broadcast: undefined } },
  openSockets: 3,
  lastError: undefined,
  page: 'http://localhost:3000/',
}
const options: LiveLineOptions = { columns: 200, style: new Chalk({ level: 0 }), keys: true, filter: 'all' }
const red = judged(diagnosis('redis-unreachable', 'Redis is away', ['refused'], 'Start it.'))

const yellows = [
  ['token-missing', 'wants-token', ' ● wants a token'],
  ['session-missing', 'wants-token', ' ● wants a login'],
  ['row-missing', 'refused', ' ● the application refuses'],
] as const

describe('says', () => {
  test.each<[string, Partial<StackStatus>, Partial<LiveLineOptions>, string]>([
    [
      'all of it',
      {},
      {},
      ' ● connected · 3 sockets · backend ready · frontend ready · worker restarting (2) — r restart  v verify  d doctor  o open  l logs  q quit',
    ],
    ['no keys where none are taken', { services: [] }, { keys: false }, ' ● connected · 3 sockets'],
    ['one socket', { services: [], openSockets: 1 }, { keys: false }, ' ● connected · 1 socket'],
    ['no sockets where nobody tells', { services: [], openSockets: undefined }, { keys: false }, ' ● connected'],
    ['nothing tried', { services: [], openSockets: 0, websocket: undefined }, { keys: false }, ' ○ not tried yet · 0 sockets'],
    [
      'nothing that serves',
      { services: [], openSockets: undefined, websocket: { url: 'ws://127.0.0.1:8000/', state: undefined } },
      { keys: false },
      ' ○ not connected',
    ],
    [
      'the cause',
      { services: [], openSockets: undefined, websocket: { url: 'ws://127.0.0.1:8000/', state: { dot: 'red', diagnosis: red } } },
      { keys: false },
      ' ● redis-unreachable',
    ],
    ...yellows.map(([id, state, words]): [string, Partial<StackStatus>, Partial<LiveLineOptions>, string] => [
      `what it wants: ${id}`,
      {
        services: [],
        openSockets: undefined,
        websocket: { url: 'ws://127.0.0.1:8000/', state: { dot: 'yellow', state, diagnosis: judged(diagnosis(id, '', [''], '')) } },
      },
      { keys: false },
      words,
    ]),
    [
      'the last error in one line, without its colours',
      { services: [], openSockets: undefined, lastError: 'a\n\tb \u001B[31mred\u001B[0m\u0007' },
      { keys: false },
      ' ● connected · last error: a b red',
    ],
    ['the filter', { services: [], openSockets: undefined }, { keys: false, filter: ['worker'] }, ' ● connected · log: worker'],
    ['that the log is off', { services: [], openSockets: undefined }, { keys: false, filter: 'none' }, ' ● connected · log off'],
    [
      'no o without a page',
      { services: [], openSockets: undefined, page: undefined },
      {},
      ' ● connected — r restart  v verify  d doctor  l logs  q quit',
    ],
    [
      'fewer keys in 100 columns',
      {},
      { columns: 100 },
      ' ● connected · 3 sockets · backend ready · frontend ready · worker restarting (2) — h help  q quit',
    ],
    ['none in less', {}, { columns: 82 }, ' ● connected · 3 sockets · backend ready · frontend ready · worker restarting (2)'],
    ['the beginning alone in 40', {}, { columns: 40 }, ' ● connected · 3 sockets · backend rea…'],
  ])('%s', (_, more, others, expected) => {
    expect(liveLine({ ...status, ...more }, { ...options, ...others })).toBe(expected)
  })
})

test('fits into any width, with wide characters and colours', () => {
  const long = { ...status, services: [...status.services, service('データベース')], lastError: '接続できません 🎉 '.repeat(20) }
  for (let columns = 0; columns < 240; columns++) {
    const line = liveLine(long, { ...options, columns, style: new Chalk({ level: 1 }) })
    expect(displayWidth(withoutEscapes(line)), `${columns}: ${line}`).toBeLessThanOrEqual(Math.max(0, columns - 1))
    // a colour that stays on would colour the log
    const [on, off] = ['3[0-7]|2', '39|22'].map((codes) => line.match(new RegExp(`\u001B\\[(?:${codes})m`, 'g'))?.length)
    expect(on, line).toBe(off)
  }
})

test.each<[string, number]>([
  ['abc', 3],
  ['日本', 4],
  ['e\u0301', 1],
  ['🎉', 2],
  ['●', 1],
  ['a\u200Db', 2],
  ['한글', 4],
])('%s takes %i columns', (text, width) => {
  expect(displayWidth(text)).toBe(width)
})

test.each<[string, number, string]>([
  ['abcdef', 6, 'abcdef'],
  ['abcdef', 5, 'abcd…'],
  ['日本語', 5, '日本…'],
  ['日本語', 4, '日…'],
  ['abc', 1, '…'],
  ['abc', 0, ''],
])('%s in %i columns is %s', (text, columns, expected) => {
  expect(fitted(text, columns)).toBe(expected)
})
