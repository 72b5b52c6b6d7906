/** A deadline on another side counts the time in which that side could be heard. */
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { deadline } from '../../src/host/deadline.ts'
import { within } from '../../src/host/race-stop.ts'
import { connectOnce } from '../../src/host/tcp.ts'
import { ending } from '../support/ends.ts'
import { listening } from '../support/node-servers.ts'

const { keep } = ending()

/** The event loop stands still, as while a large module is read. */
function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

test('who answers while this process stands still is no less there', async () => {
  const port = await listening(
    keep,
    createServer((_, response) => response.end()),
  )
  const connecting = connectOnce('127.0.0.1', port, 100)
  stall(300)
  expect(await connecting).toMatchObject({ result: 'open' })
})

test('nobody is waited for longer than that, and nothing is left of it', async () => {
  const started = performance.now()
  expect(await within(120, new Promise(() => {}))).toBeUndefined()
  const took = performance.now() - started
  expect(took).toBeGreaterThan(115)
  expect(took).toBeLessThan(400)
  expect(await within(0, new Promise(() => {}))).toBeUndefined()
  expect(await within(0, Promise.resolve('there'))).toBe('there')
})

test('taken back at the last moment, it calls nobody', async () => {
  let called = false
  const quit = deadline(0, () => (called = true))
  quit()
  await new Promise((resolve) => setImmediate(resolve))
  expect(called).toBe(false)
})
