import { setTimeout as delay } from 'node:timers/promises'
import { processTable, type ProcessRow } from '../host/process-table.ts'
import { send } from '../host/process-table.ts'
import { strayRows } from './process-tree.ts'

/** How often those that are to end are looked at, in milliseconds. */
const lookEveryMs = 20

/**
 * Ends all others of the process group that this process leads, and its
 * descendants in groups of their own: asked first, killed after `graceMs`
 * milliseconds; 0: killed at once. False where this machine has no table of
 * processes. POSIX alone. Never throws.
 */
export async function endOwnGroup(graceMs: number): Promise<boolean> {
  const first = await members()
  if (first === undefined) return false
  let left: readonly ProcessRow[] = first
  for (const { pid } of graceMs > 0 ? left : []) {
    send(pid, 'SIGTERM')
    send(pid, 'SIGCONT')
  }
  const deadline = performance.now() + graceMs
  while (left.length > 0 && performance.now() < deadline) {
    await delay(lookEveryMs)
    left = await still(first)
  }
  for (const { pid } of await still(first)) send(pid, 'SIGKILL')
  return true
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
