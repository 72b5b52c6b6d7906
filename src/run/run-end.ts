import { setTimeout as delay } from 'node:timers/promises'
import { readText } from '../host/files.ts'
import { parseRun, strayOf, type FactOfRun, type RecordedProcess, type RunState } from '../facts/run-state.ts'
import { endAll, endTree } from '../host/end-tree.ts'
import type { Host } from '../host/host.ts'
import { exists, processTable, rowOf } from '../host/process-table.ts'
import { bearersOf } from '../host/marked.ts'
import { askRun, unansweredWords } from './control-client.ts'
import { removeRun, removeSocket } from './run-state.ts'

/** How long a launcher may take to take a request, in milliseconds. */
const answerMs = 3000
/** What the launcher itself needs beside its services, in milliseconds. */
const graceMs = 5000
/** How often what is waited for is looked at and said, in milliseconds. */
const lookEveryMs = 50
const sayEveryMs = 3000

/** What came of ending a run. */
export interface EndOfRun {
  readonly id: string
  /** What ran before and doesn't any more, the launcher among it. */
  readonly ended: readonly RecordedProcess[]
  /** What could not be ended: of another user, or not to be killed. */
  readonly left: readonly RecordedProcess[]
  /** By the launcher itself, or process by process where it is gone or hangs. */
  readonly by: 'launcher' | 'signals'
}

/**
 * Ends a run and waits until all of it is gone: asks its launcher; where that
 * doesn't answer or was killed, ends exactly the processes that it has written
 * down and that are still the same ones. `say` gets a sentence on what is waited for.
 */
export async function endRun(
  host: Host,
  root: string,
  fact: FactOfRun<'alive' | 'orphaned'>,
  say: (text: string) => void,
): Promise<EndOfRun> {
  const { run, file } = fact
  const before = await living(host, membersOf(run))
  const by = fact.kind === 'alive' && (await byLauncher(host, run, say)) ? 'launcher' : 'signals'
  // what it started since it was read
  const latest = parseRun((await readText(file)) ?? '')
  const known = typeof latest === 'string' || latest.id !== run.id ? [] : latest.processes
  const members = distinct([...before, ...known])
  if (by === 'signals') await bySignals(host, run, members, say)
  const strays = await endStrays(host, run, say)
  members.push(...strays)
  const left = await living(host, members)
  if (left.length === 0) {
    if (run.control !== null) await removeSocket(run.control.address)
    await removeRun(root, run.id, file)
  }
  return { id: run.id, ended: members.filter(({ pid }) => !left.some((one) => one.pid === pid)), left, by }
}

/** True where the launcher took the request and nothing of the run is left. */
async function byLauncher(host: Host, run: RunState, say: (text: string) => void): Promise<boolean> {
  const outcome = await askRun(run, 'stop', { deadlineMs: answerMs })
  // services end one after the other where they depend on each other
  const timeoutMs = run.stopTimeoutMs * Math.max(1, run.processes.length) + graceMs
  if (outcome.kind === 'answer') return untilGone(host, membersOf(run), timeoutMs, say)
  say(`The launcher (PID ${run.launcher.pid}) ${unansweredWords(outcome, answerMs)}: ending what it has written down`)
  return false
}

/** The launcher first: asked by a signal it ends its services itself, and once it is gone nobody starts them again. */
async function bySignals(host: Host, run: RunState, members: readonly RecordedProcess[], say: (text: string) => void): Promise<void> {
  const timeoutMs = run.stopTimeoutMs + graceMs
  await endTree(host, run.launcher, { timeoutMs, reach: 'alone' })
  const left = (await living(host, members)).filter(({ pid }) => pid !== run.launcher.pid)
  if (left.length > 0) say(`Ending ${left.map(({ service, pid }) => `${service} (PID ${pid})`).join(', ')}`)
  await Promise.all(left.map((process) => endTree(host, process, { timeoutMs: run.stopTimeoutMs, reach: { group: process.pid } })))
}

/** What nobody has written down, and what has lost its guard: it is known by its mark alone. */
async function endStrays(host: Host, { mark, stopTimeoutMs }: RunState, say: (text: string) => void): Promise<RecordedProcess[]> {
  const rows = (await processTable(host)) ?? []
  const strays = mark === undefined ? [] : await bearersOf(host.platform, mark, rows)
  if (strays.length === 0) return []
  say(`Ending what was left behind: ${strays.map(({ pid }) => `PID ${pid}`).join(', ')}`)
  await endAll(host, strays, { timeoutMs: stopTimeoutMs, reach: 'tree' })
  return strays.map((row) => strayOf(row))
}

async function untilGone(
  host: Host,
  members: readonly RecordedProcess[],
  timeoutMs: number,
  say: (text: string) => void,
): Promise<boolean> {
  const until = host.now() + timeoutMs
  let sayAt = host.now() + sayEveryMs
  for (;;) {
    // a table takes PowerShell a second: until the time is over it will do that the number is in use
    const left = host.platform === 'win32' ? members.filter(({ pid }) => exists(pid)) : await living(host, members)
    if (left.length === 0) return true
    if (host.now() >= until) return false
    if (host.now() >= sayAt) {
      sayAt = host.now() + sayEveryMs
      say(`Waiting for ${left.map(({ service, pid }) => `${service} (PID ${pid})`).join(', ')}`)
    }
    await delay(lookEveryMs)
  }
}

function membersOf(run: RunState): readonly RecordedProcess[] {
  return [{ service: 'launcher', ...run.launcher }, ...run.processes]
}

/** Those that still run; all of them where the machine doesn't tell. */
async function living(host: Host, members: readonly RecordedProcess[]): Promise<readonly RecordedProcess[]> {
  const rows = await processTable(host)
  return rows === undefined ? members : members.filter((process) => rowOf(rows, process) !== undefined)
}

function distinct(members: readonly RecordedProcess[]): RecordedProcess[] {
  return members.filter(({ pid, started }, index) => members.findIndex((other) => other.pid === pid && other.started === started) === index)
}
