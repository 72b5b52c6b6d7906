/** A short command: its deadline holds, whoever else holds its output. */
import { expect, test } from 'vitest'
import { processTable } from '../../src/host/process-table.ts'
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

/** A shell that waits for a shell that waits, and tells the PIDs of all; `trap`: what they do with SIGTERM. */
const nested = (trap: string) =>
  `${trap} echo $$; sh -c '${trap} echo $$; sh -c "${trap} echo \\$\\$; sleep 30 & echo \\$!; wait; sleep 30"; sleep 30'; sleep 30`

test.skipIf(process.platform === 'win32').each([
  ['asked first', nested(''), {}],
  ['deaf to it', nested('trap : TERM;'), {}],
  ['without a word', nested(''), { now: true }],
] as const)('at its deadline a command ends with all that it has started: %s', async (_, script, more) => {
  const { outcome, stdout } = await runToEnd('sh', ['-c', script], { env: process.env, deadlineMs: 700, ...more })
  const pids = stdout.trim().split('\n').map(Number)
  expect(pids).toHaveLength(4)
  expect({ outcome, left: await runningOf(pids) }).toEqual({ outcome: 'timeout', left: [] })
})

/** Those that haven't ended; one that nobody has waited for yet has. */
const runningOf = async (pids: readonly number[]) =>
  ((await processTable(process)) ?? []).filter(({ pid, zombie }) => !zombie && pids.includes(pid))

test.skipIf(process.platform === 'win32')('so it does when it is aborted', async () => {
  const abort = new AbortController()
  const running = runToEnd('sh', ['-c', nested('')], { env: process.env, deadlineMs: 20_000, signal: abort.signal })
  setTimeout(() => abort.abort(), 500)
  const pids = (await running).stdout.trim().split('\n').map(Number)
  expect(pids).toHaveLength(4)
  expect(await runningOf(pids)).toEqual([])
})
