/**
 * Stands between the launcher and the command of `smoke`, in a process of its
 * own that leads the command's process group: when the launcher is gone, even by
 * SIGKILL, the channel between the two closes, and all that the command has
 * started is ended. Its arguments are the command.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { errorCode } from '../errors.ts'
import { processTable, type ProcessRow } from '../host/process-table.ts'
import { runToEnd } from '../host/processes.ts'
import { send, strayRows } from './process-tree.ts'

/** How long the command and its children may take to end, in milliseconds. */
const graceMs = 2000
/** How often they are looked at, in milliseconds. */
const lookEveryMs = 20

const [file = '', ...args] = process.argv.slice(2)
// what the group is sent is for the command; the guard ends after it
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

const child = execa(file, args, {
  stdio: ['ignore', 'inherit', 'inherit'],
  buffer: false,
  reject: false,
  cleanup: false,
  windowsHide: true,
})

let ending: Promise<void> | undefined
const endRest = () => (ending ??= process.platform === 'win32' ? endWindowsRest() : endGroup())
const whenGone = () => void endRest()
process.on('disconnect', whenGone)

const result = await child
const code = child.pid === undefined ? (errorCode(result.cause) ?? 'unknown') : undefined
const exit = { exitCode: result.exitCode ?? null, signal: result.signal ?? null, code: code ?? null }
// what it has left behind is ended before its end is told: who reads that expects nothing more of it
await endRest()
process.off('disconnect', whenGone)
if (process.connected) process.send?.(exit, () => process.disconnect())

/** Asks what is left of the group, and what has left it; kills what doesn't go. */
async function endGroup(): Promise<void> {
  const first = await members()
  // no table of processes on this machine: the group is all that can be reached
  if (first === undefined) {
    if (child.exitCode === null) process.kill(-process.pid, 'SIGTERM')
    await Promise.race([child, delay(graceMs, undefined, { ref: false })])
    return
  }
  let left: readonly ProcessRow[] = first
  for (const { pid } of left) {
    send(pid, 'SIGTERM')
    send(pid, 'SIGCONT')
  }
  const deadline = performance.now() + graceMs
  while (left.length > 0 && performance.now() < deadline) {
    await delay(lookEveryMs)
    left = await still(first)
  }
  for (const { pid } of await still(first)) send(pid, 'SIGKILL')
}

/** All others of our group, and our descendants in groups of their own. */
async function members(): Promise<ProcessRow[] | undefined> {
  const rows = await processTable({ platform: process.platform })
  if (rows === undefined) return undefined
  const group = rows.filter((row) => row.group === process.pid && row.pid !== process.pid && !row.zombie)
  return [...group, ...strayRows(rows, process.pid).filter((row) => !row.zombie)]
}

/** Those that still run, and what has joined them since. */
async function still(first: readonly ProcessRow[]): Promise<ProcessRow[]> {
  const rows = (await processTable({ platform: process.platform })) ?? []
  const known = rows.filter((row) => !row.zombie && first.some(({ pid, started }) => pid === row.pid && started === row.started))
  const joined = rows.filter((row) => !row.zombie && row.group === process.pid && row.pid !== process.pid && !known.includes(row))
  return [...known, ...joined]
}

async function endWindowsRest(): Promise<void> {
  // of a command that has ended Windows doesn't tell the children any more
  if (child.pid === undefined || child.exitCode !== null) return
  await runToEnd('taskkill', ['/PID', String(child.pid), '/T'], { deadlineMs: graceMs })
  await Promise.race([child, delay(graceMs, undefined, { ref: false })])
  if (child.exitCode === null) await runToEnd('taskkill', ['/PID', String(child.pid), '/T', '/F'], { deadlineMs: graceMs })
}
