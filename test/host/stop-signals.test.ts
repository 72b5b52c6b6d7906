import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { onStopRequest, type StopReason } from '../../src/host/stop-signals.ts'

let requests: [StopReason, number][] = []
let takeAway: () => void

beforeEach(() => {
  requests = []
  takeAway = onStopRequest((reason, count) => void requests.push([reason, count]), { watchParent: false })
})

afterEach(() => takeAway())

const count = () =>
  (['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    .map((signal) => process.listenerCount(signal))
    .concat(process.stdout.listenerCount('error'), process.stderr.listenerCount('error'))

/** Long enough to be a request of its own. */
const later = () => delay(120)

test('a terminal that closes is one request, however it is told', async () => {
  process.emit('SIGHUP')
  process.stderr.emit('error', new Error('EIO'))
  await later()
  process.stderr.emit('error', new Error('EIO'))
  process.emit('SIGHUP')
  expect(requests).toEqual([['SIGHUP', 1]])
})

test('a person who insists is heard', async () => {
  process.emit('SIGINT')
  await later()
  process.emit('SIGTERM')
  await later()
  process.emit('SIGINT')
  expect(requests).toEqual([
    ['SIGINT', 1],
    ['SIGTERM', 2],
    ['SIGINT', 3],
  ])
})

test('signals at the same time are one request', () => {
  process.emit('SIGINT')
  process.emit('SIGINT')
  process.emit('SIGTERM')
  expect(requests).toEqual([['SIGINT', 1]])
})

test('handlers are taken away, all of them', () => {
  const within = count()
  takeAway()
  expect(count()).toEqual(within.map((listeners) => listeners - 1))
})
