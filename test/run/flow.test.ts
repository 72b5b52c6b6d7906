import { afterEach, beforeEach, expect, test } from 'vitest'
import { launchServer, type RunningServer } from '../../src/run/server.ts'
import { makeMark, testHost, type Mark } from '../support/processes.ts'
import { until } from '../support/redis.ts'

let mark: Mark
let server: RunningServer | undefined

beforeEach(async () => {
  mark = await makeMark()
})

afterEach(async () => {
  await server?.stop(1000)
  server = undefined
  expect(await mark.processes()).toEqual([])
  await mark.remove()
})

const launch = (script: string, onLine: (line: string) => void, input?: string) =>
  (server = launchServer(
    testHost,
    {
      file: process.execPath,
      args: ['-e', script],
      cwd: mark.env['TMPDIR'] ?? '/',
      env: { ...process.env, ...mark.env },
      ...(input === undefined ? {} : { input }),
    },
    onLine,
  ))

/** Numbers from 0, a line each, as fast as they are taken. */
const count = (lines: number) => `
let i = 0
const go = () => {
  while (i < ${lines}) { let text = ''; for (let j = 0; j < 500 && i < ${lines}; j++) text += i++ + '\\n'; if (!process.stdout.write(text)) return process.stdout.once('drain', go) }
}
go()`

test('200,000 lines keep their order and none is lost, though their reader pauses all the time', async () => {
  let [next, wrong, pauses, mostWhilePaused] = [0, 0, 0, 0]
  let since = 0
  let paused = false
  const running = launch(count(200_000), (line) => {
    if (Number(line) !== next) wrong++
    next++
    if (paused) mostWhilePaused = Math.max(mostWhilePaused, ++since)
    if (next % 5000 !== 0 || paused) return
    running.pause()
    ;[paused, since] = [true, 0]
    pauses++
    setTimeout(() => {
      paused = false
      running.resume()
    }, 2)
  })
  expect((await running.exited).exitCode).toBe(0)
  expect({ next, wrong }).toEqual({ next: 200_000, wrong: 0 })
  expect(pauses).toBeGreaterThan(10)
  // what comes after `pause` is the rest of one piece
  expect(mostWhilePaused * 2).toBeLessThan(64 * 1024)
})

test('a paused writer waits, and what it wrote before its end comes after `resume`', async () => {
  let lines = 0
  const running = launch('setTimeout(() => { for (let i = 0; i < 1000; i++) console.log(i); process.exitCode = 3 }, 50)', () => lines++)
  running.pause()
  let over = false
  const exited = running.exited.finally(() => (over = true))
  await until(async () => (await mark.processes()).length === 0)
  // longer than an end without any output takes to be told
  await new Promise((resolve) => setTimeout(resolve, 400))
  expect({ lines, over }).toEqual({ lines: 0, over: false })
  running.resume()
  expect((await exited).exitCode).toBe(3)
  expect(lines).toBe(1000)
})

test('a writer that fills the pipe is ended though nobody reads it', async () => {
  let lines = 0
  const running = launch(count(10_000_000), () => lines++)
  await until(async () => lines > 0)
  running.pause()
  const atPause = lines
  await running.stop(5000)
  expect(lines).toBeGreaterThanOrEqual(atPause)
  expect((await running.exited).signal).toBe('SIGTERM')
})

test('the input is read to its end, and is in no argument and no environment', async () => {
  const said: string[] = []
  const script = `let text = ''; process.stdin.on('data', (d) => (text += d)).on('end', () => console.log(JSON.stringify([text, process.argv.includes(text), Object.values(process.env).includes(text)])))`
  await launch(script, (line) => said.push(line), 'one\ntwo').exited
  expect(said).toEqual(['["one\\ntwo",false,false]'])
})
