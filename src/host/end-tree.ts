import { setTimeout as delay } from 'node:timers/promises'
import { outputOf } from './process-listing.ts'
import { exists, processTable, send, treeOf } from './process-table.ts'
import { systemProgram } from './programs.ts'

/** How long what is asked to end has for it, in milliseconds. */
const graceMs = 500
const lookEveryMs = 20

/** With all that they have started. */
async function withChildren(pids: readonly number[]): Promise<number[]> {
  const rows = (await processTable(process)) ?? []
  return [...new Set([...pids, ...pids.flatMap((pid) => treeOf(rows, pid))])]
}

/** Ends a process and all that it has started, as far as their parents are there: asked first, unless `now`. Never throws. */
export async function endTree(pid: number, now: boolean): Promise<void> {
  if (process.platform === 'win32') {
    await outputOf(systemProgram('taskkill'), ['/PID', String(pid), '/T', '/F'], 5000)
    return
  }
  let tree = await withChildren([pid])
  if (!now) {
    for (const each of tree) send(each, 'SIGTERM')
    for (let waited = 0; waited < graceMs && tree.some((each) => exists(each)); waited += lookEveryMs) await delay(lookEveryMs)
  }
  // what is stopped starts nothing: a child of a process that has ended would be nobody's
  for (let known = 0; known < tree.length; tree = await withChildren(tree)) {
    for (const each of tree.slice(known)) send(each, 'SIGSTOP')
    known = tree.length
  }
  for (const each of tree) send(each, 'SIGKILL')
}
