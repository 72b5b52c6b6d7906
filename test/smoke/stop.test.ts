/** `smoke` that is ended before its time: by its deadline, by signals, by kill -9. */
import { beforeAll, expect, test, vi } from 'vitest'
import { checkJunit } from '../support/junit.ts'
import { family, killAt, moments } from '../support/killed.ts'
import { listens } from '../support/processes.ts'
import { until } from '../support/redis.ts'
import { makeSmokeStand, script } from '../support/smoke.ts'
import { junitChecker } from '../support/tools.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 })

beforeAll(async () => {
  await junitChecker()
})

/** Goes on after SIGTERM, and so does its child. */
const stubborn = script(`
process.on('SIGTERM', () => {})
const child = require('node:child_process').spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"], { stdio: 'ignore' })
child.once('spawn', () => console.log('the command is up'))
setInterval(() => {}, 1000)
`)

test.concurrent('a start that takes too long: ended at the deadline, and said what it was', async (context) => {
  const stand = await makeSmokeStand(context, { settings: 'import time\ntime.sleep(600)' })
  const { status, stdout } = await stand.smoke(['--timeout', '4000', '--stop-timeout', '1000']).end()
  expect(status).toBe(1)
  const document = await stand.json()
  expect(document).toMatchObject({ state: 'interrupted', interruption: { reason: 'deadline' } })
  expect(document.steps[0]).toMatchObject({ name: 'server', state: 'failed', diagnosis: { id: 'smoke-timeout' } })
  expect(document.elapsedMs).toBeLessThan(8000)
  expect(stdout).toContain('What took how long:')
  await checkJunit(stand.junit)
  await stand.expectNothingLeft()
})

test.concurrent('a command that goes on after SIGTERM is killed at the deadline, with its child', async (context) => {
  const stand = await makeSmokeStand(context)
  const { status } = await stand.smoke(['--timeout', '15000', '--stop-timeout', '1000'], stubborn).end()
  expect(status).toBe(1)
  const document = await stand.json()
  expect(document.interruption?.reason).toBe('deadline')
  expect(document.elapsedMs).toBeLessThan(20_000)
  await stand.expectNothingLeft()
})

test.concurrent.for([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s while the command runs: %i, and the reports say so', async ([signal, expected], context) => {
  const stand = await makeSmokeStand(context)
  const cli = stand.smoke(['--stop-timeout', '1000'], stubborn)
  await cli.waitFor(/the command is up/)
  const { status } = await cli.end(signal)
  expect(status).toBe(expected)
  const document = await stand.json()
  expect(document).toMatchObject({ state: 'interrupted', exitCode: expected, interruption: { reason: signal } })
  expect(document.steps.find(({ name }) => name === 'command')?.state).toBe('failed')
  await checkJunit(stand.junit)
  expect(await stand.github()).toContain('::error title=election-dev smoke')
  await stand.expectNothingLeft()
})

test.concurrent('kill -9 of the launcher while the command runs ends the command, its children and the server', async (context) => {
  const stand = await makeSmokeStand(context)
  const cli = stand.smoke(
    [],
    [...family.slice(0, -1), (family.at(-1) ?? '').replace('setTimeout(() => process.exit(0), 1500)', 'setInterval(() => {}, 1000)')],
  )
  await cli.waitFor(/the command is up/)
  expect((await stand.mark.processes()).length).toBeGreaterThanOrEqual(5)
  await cli.end('SIGKILL')
  await until(async () => (await stand.mark.processes()).length === 0 && !(await listens(stand.port)))
  await stand.expectNothingLeft()
})

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000)

const killed = `$signal after $afterMs ms (TEST_SEED=${seed}) leaves nothing`
const all = moments(seed, 12, 4500)
test.concurrent.for(all.slice(0, 1))(killed, async (moment, context) => killAt(context, moment))
test.concurrent.for(all.slice(1))(killed, { tags: ['slow'] }, async (moment, context) => killAt(context, moment))
