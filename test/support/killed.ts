/** `smoke` ended at a moment of its life by a signal: what must hold whichever it was. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, type TestContext } from 'vitest'
import { checkJunit } from './junit.ts'
import { listens } from './processes.ts'
import { until } from './redis.ts'
import { makeSmokeStand, script } from './smoke.ts'

export interface Moment {
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'
  readonly afterMs: number
}

/** Moments from a seed: the same ones again from the same number (mulberry32). */
export function moments(seed: number, count: number, withinMs: number): Moment[] {
  const signals = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const
  let state = seed
  const random = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return Array.from({ length: count }, (_, index) => ({
    signal: signals[index % 3] ?? 'SIGKILL',
    afterMs: Math.round(random() * withinMs),
  }))
}

/** Starts children that outlive it where nobody ends them: one in its group, one in a session of its own. */
export const family = script(`
const { spawn } = require('node:child_process')
const code = 'setInterval(() => {}, 1000)'
spawn(process.execPath, ['-e', code], { stdio: 'ignore' })
spawn(process.execPath, ['-e', code], { stdio: 'ignore', detached: true })
console.log('the command is up')
setTimeout(() => process.exit(0), 1500)
`)

/** Runs it, ends it at the moment, and looks that nothing is left and that every report that was to be written is whole. */
export async function killAt(context: Pick<TestContext, 'onTestFinished'>, { signal, afterMs }: Moment): Promise<void> {
  const stand = await makeSmokeStand(context)
  const cli = stand.smoke([], family)
  await delay(afterMs)
  const result = await cli.end(signal)
  // the end of the launcher's pipes is seen by those who hold the others: at once, but not before
  await until(async () => (await stand.mark.processes()).length === 0 && !(await listens(stand.port)))
  await stand.expectNothingLeft()
  // a signal before the first line of ours ends the process itself
  if (result.status === null) return
  expect([0, signal === 'SIGINT' ? 130 : 143]).toContain(result.status)
  const document = await stand.json()
  expect(document).toMatchObject({ exitCode: result.status, state: result.status === 0 ? 'passed' : 'interrupted' })
  await checkJunit(stand.junit)
}
