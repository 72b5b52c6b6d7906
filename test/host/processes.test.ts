/** A short command: its deadline holds, whoever else holds its output. */
import { expect, test } from 'vitest'
import { runToEnd } from '../../src/host/processes.ts'

const sh = async (script: string, deadlineMs: number) => {
  const began = performance.now()
  const finished = await runToEnd('sh', ['-c', script], { env: process.env, deadlineMs })
  return { ...finished, tookMs: performance.now() - began }
}

test.skipIf(process.platform === 'win32').each([
  ['one that has ended, whose child goes on', 'echo said; sleep 20 & exit 0', 10_000, { outcome: 'exited', exitCode: 0, stdout: 'said' }],
  ['one that does not end, nor its child', 'echo said; sleep 20', 500, { outcome: 'timeout', stdout: 'said' }],
  ['one that fails', 'echo said; exit 3', 10_000, { outcome: 'exited', exitCode: 3, stdout: 'said' }],
])('%s', async (_, script, deadlineMs, seen) => {
  const { tookMs, ...finished } = await sh(script, deadlineMs)
  expect(finished).toMatchObject(seen)
  expect(tookMs).toBeLessThan(5000)
})
