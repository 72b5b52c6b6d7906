import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { bin, cliEnvironment } from '../support/cli.ts'
import { chattyConsumer, deafChildConsumer, deafConsumer, sessionChildConsumer } from '../support/stubborn-consumers.ts'
import { listenerOf, listens } from '../support/processes.ts'
import { until } from '../support/redis.ts'
import { makeStand, type Stand } from '../support/stand.ts'
import { variants } from '../support/variants.ts'

const ready = /ready in[\s\S]*Channels.*/
/** Stopping is asked for with this much time; an end well before it was no kill at the deadline. */
const longStop = ['--stop-timeout', '20000']

let stand: Stand

afterEach(async () => {
  await stand.remove()
})

const signals: [signal: NodeJS.Signals, status: number][] = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]
variants(signals, { title: '%s once: gracefully, nothing left', quick: 1 }, async (signal, status) => {
  stand = await makeStand()
  const cli = stand.start(longStop)
  await cli.waitFor(ready)
  expect(await listens(stand.port)).toBe(true)
  const asked = performance.now()
  const end = await cli.end(signal)
  expect(end).toMatchObject({ status, signal: null })
  expect(performance.now() - asked).toBeLessThan(10_000)
  await stand.expectNothingLeft()
})

test('a backend that ignores SIGTERM is killed at --stop-timeout', async () => {
  stand = await makeStand({ consumer: deafConsumer })
  const cli = stand.start(['--stop-timeout', '1500'])
  await cli.waitFor(ready)
  const asked = performance.now()
  expect((await cli.end('SIGINT')).status).toBe(130)
  const took = performance.now() - asked
  expect(took).toBeGreaterThan(1400)
  expect(took).toBeLessThan(8000)
  await stand.expectNothingLeft()
})

test('Ctrl+C twice ends a backend that ignores SIGTERM at once', async () => {
  stand = await makeStand({ consumer: deafConsumer })
  const cli = stand.start(longStop)
  await cli.waitFor(ready)
  cli.child.kill('SIGINT')
  await cli.waitFor(/Stopping \(Ctrl\+C again: at once\)/)
  // nearer than 100 ms the two would be one, sent on by a parent such as npm
  await delay(150)
  const asked = performance.now()
  expect((await cli.end('SIGINT')).status).toBe(130)
  expect(performance.now() - asked).toBeLessThan(5000)
  await stand.expectNothingLeft()
})

test('the same Ctrl+C sent on by a parent is one request', { tags: ['slow'] }, async () => {
  stand = await makeStand({ consumer: deafConsumer })
  const cli = stand.start(['--stop-timeout', '1500'])
  await cli.waitFor(ready)
  const asked = performance.now()
  cli.child.kill('SIGINT')
  cli.child.kill('SIGTERM')
  cli.child.kill('SIGINT')
  expect([130, 143]).toContain((await cli.end()).status)
  expect(performance.now() - asked).toBeGreaterThan(1400)
})

test('kill -9 of the backend is said, exit 1 with --no-restart', async () => {
  stand = await makeStand()
  const cli = stand.start(['--no-restart'])
  await cli.waitFor(ready)
  process.kill(await listenerOf(stand.port), 'SIGKILL')
  const { status, stdout } = await cli.end()
  expect(status).toBe(1)
  expect(stdout).toMatch(/ended by SIGKILL/)
  await stand.expectNothingLeft()
})

test('a stopped backend (SIGSTOP) ends like any other', { tags: ['slow'] }, async () => {
  stand = await makeStand()
  const cli = stand.start(longStop)
  await cli.waitFor(ready)
  process.kill(await listenerOf(stand.port), 'SIGSTOP')
  const asked = performance.now()
  expect((await cli.end('SIGINT')).status).toBe(130)
  expect(performance.now() - asked).toBeLessThan(10_000)
  await stand.expectNothingLeft()
})

test('a child of the backend that ignores SIGTERM ends with it', { tags: ['slow'] }, async () => {
  stand = await makeStand({ consumer: deafChildConsumer })
  const cli = stand.start(['--stop-timeout', '1000'])
  await cli.waitFor(ready)
  expect((await stand.mark.processes()).length).toBeGreaterThanOrEqual(3)
  expect((await cli.end('SIGINT')).status).toBe(130)
  await stand.expectNothingLeft()
})

test('a child of the backend in a session of its own ends with it', async () => {
  stand = await makeStand({ consumer: sessionChildConsumer })
  const cli = stand.start(longStop)
  await cli.waitFor(ready)
  expect((await stand.mark.processes()).length).toBeGreaterThanOrEqual(3)
  expect((await cli.end('SIGINT')).status).toBe(130)
  await stand.expectNothingLeft()
})

test('a child in a session of its own, orphaned by kill -9, does not hold the launcher', { tags: ['slow'] }, async () => {
  stand = await makeStand({ consumer: sessionChildConsumer })
  const cli = stand.start(['--no-restart'])
  await cli.waitFor(ready)
  process.kill(await listenerOf(stand.port), 'SIGKILL')
  const exited = once(cli.child, 'exit')
  expect(await exited).toEqual([1, null])
})

variants([['uvicorn'], ['hypercorn']], { title: 'open sockets of a browser do not hold %s', quick: 1 }, async (server) => {
  stand = await makeStand()
  const cli = stand.start(['--server', server, ...longStop])
  await cli.waitFor(ready)
  const sockets = [1, 2, 3].map(
    () => new WebSocket(`ws://127.0.0.1:${stand.port}/ws/election-updates/`, { origin: `http://127.0.0.1:${stand.port}` }),
  )
  await Promise.all(sockets.map((socket) => once(socket, 'open')))
  // a page that is gone behind a sleeping laptop answers no close
  for (const socket of sockets) socket.pause()
  const asked = performance.now()
  expect((await cli.end('SIGINT')).status).toBe(130)
  expect(performance.now() - asked).toBeLessThan(12_000)
  for (const socket of sockets) socket.terminate()
  await stand.expectNothingLeft()
})

test('SIGINT before the server listens', async () => {
  stand = await makeStand({ settings: 'print("settings are read", flush=True)\nimport time\ntime.sleep(30)' })
  const cli = stand.start()
  await until(async () => (await stand.mark.processes()).length > 1)
  const asked = performance.now()
  expect((await cli.end('SIGINT')).status).toBe(130)
  expect(performance.now() - asked).toBeLessThan(10_000)
  expect(cli.stdout()).not.toContain('✖')
  await stand.expectNothingLeft()
})

test('SIGINT while the settings are asked for their application', { tags: ['slow'] }, async () => {
  // no asgi.py beside the settings and a computed name: the interpreter has to be asked first
  stand = await makeStand({ settings: 'ASGI_APPLICATION = ".".join(["somewhere", "asgi", "application"])\nimport time\ntime.sleep(30)' })
  const cli = stand.start()
  await until(async () => (await stand.mark.processes()).length > 1)
  const asked = performance.now()
  expect((await cli.end('SIGINT')).status).toBe(130)
  expect(performance.now() - asked).toBeLessThan(10_000)
  await stand.expectNothingLeft()
})

variants([[0], [300], [60], [120], [200], [450]], { title: 'SIGTERM %s ms after the launcher was started', quick: 1 }, async (ms) => {
  stand = await makeStand()
  const cli = stand.start()
  await delay(ms)
  const { status, signal } = await cli.end('SIGTERM')
  // before Node has read our first line, the signal itself ends it
  expect(signal === 'SIGTERM' || status === 143).toBe(true)
  await stand.expectNothingLeft()
})

test('the reader of the output goes away', async () => {
  stand = await makeStand({ consumer: chattyConsumer })
  const cli = stand.start(longStop)
  await cli.waitFor(/chatter 5\b/)
  const asked = performance.now()
  cli.child.stdout?.destroy()
  expect((await cli.end()).status).toBe(129)
  expect(performance.now() - asked).toBeLessThan(10_000)
  expect(cli.stderr()).toContain('nobody reads the output')
  await stand.expectNothingLeft()
})

test('the parent of the launcher is killed', { tags: ['slow'] }, async () => {
  stand = await makeStand()
  const parent = spawn('sh', ['-c', '"$@" & wait', 'sh', process.execPath, bin, ...stand.args, '--json'], {
    cwd: stand.project.root,
    env: cliEnvironment(stand.mark.env),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let output = ''
  parent.stdout.on('data', (data: Buffer) => (output += data.toString()))
  await until(async () => output.includes('"event":"ready"'))
  parent.kill('SIGKILL')
  // the launcher holds the other end until it has ended
  await once(parent.stdout, 'close')
  expect(output).toContain('the process that started this is gone')
  expect(output).toContain('"event":"end","exitCode":129')
  await until(async () => (await stand.mark.processes()).length === 0)
  await stand.expectNothingLeft()
})

async function leavesNothing(rounds: number): Promise<void> {
  stand = await makeStand()
  for (let round = 0; round < rounds; round++) {
    const cli = stand.start()
    await cli.waitFor(ready)
    expect((await cli.end('SIGINT')).status).toBe(130)
    await stand.expectNothingLeft()
  }
}

test('5 starts and stops leave everything as it was', { tags: ['slow'], timeout: 60_000 }, () => leavesNothing(5))
test('50 starts and stops leave everything as it was', { timeout: 600_000, tags: ['slow'] }, () => leavesNothing(50))
