import { setTimeout as delay } from 'node:timers/promises'
import { rowOf, type ProcessIdentity } from '../facts/run-state.ts'
import type { Host } from '../host/host.ts'
import { exists, processTable, treeOf, type ProcessRow } from '../host/process-table.ts'
import { runToEnd } from '../host/processes.ts'
import { systemProgram } from '../host/programs.ts'
import { send } from '../host/process-table.ts'

/** How often the processes are looked at, in milliseconds. */
const lookEveryMs = 40
/** How long the system may take to clear away what was killed, in milliseconds. */
const killedMs = 3000

/** `gone`: it didn't run any more, or its PID is another process now: nothing was signalled. `left`: it could not be ended. */
export type EndOfProcess = 'gone' | 'ended' | 'left'

/** What is ended with a process that isn't a child of ours. */
export interface EndOptions {
  /** Milliseconds until force is used. */
  readonly timeoutMs: number
  /**
   * `tree`: what it has started; `group`: also the process group that it leads,
   * which is right only where it was made its leader by us; `alone`: nothing else.
   */
  readonly reach: 'tree' | 'group' | 'alone'
}

/**
 * Ends a process that was written down, and what it has started: politely, then
 * by force. Each one is signalled by its own PID, right after the table of
 * processes has shown that it is still the one of that start, never as a group:
 * a PID that was given out again is never hit. Never throws.
 */
export async function endRecorded(host: Host, identity: ProcessIdentity, options: EndOptions): Promise<EndOfProcess> {
  const rows = await processTable(host)
  if (rows === undefined) return 'left'
  if (rowOf(rows, identity) === undefined) return 'gone'
  return host.platform === 'win32' ? endOnWindows(host, identity, options) : endOnPosix(host, identity, options)
}

async function endOnPosix(host: Host, identity: ProcessIdentity, options: EndOptions): Promise<EndOfProcess> {
  const known = new Map<number, string>([[identity.pid, identity.started]])
  const asked = new Set<number>()
  const forceAt = host.now() + options.timeoutMs
  for (;;) {
    const rows = await processTable(host)
    if (rows === undefined) return 'left'
    const left = membersLeft(rows, identity, known, options.reach)
    if (left.length === 0) return 'ended'
    const isForced = host.now() >= forceAt
    if (host.now() >= forceAt + killedMs) return 'left'
    for (const { pid } of left) {
      if (isForced) {
        if (!send(pid, 'SIGKILL')) return 'left'
      } else if (!asked.has(pid)) {
        asked.add(pid)
        if (!send(pid, 'SIGTERM')) return 'left'
        // a stopped process (Ctrl+Z) takes no signal before it goes on
        send(pid, 'SIGCONT')
      }
    }
    await delay(lookEveryMs)
  }
}

/** Those that were known before and still run, and what belongs to them now; `known` grows by these. */
function membersLeft(
  rows: readonly ProcessRow[],
  leader: ProcessIdentity,
  known: Map<number, string>,
  reach: EndOptions['reach'],
): readonly ProcessRow[] {
  const same = () => rows.filter(({ pid, started, zombie }) => known.get(pid) === started && !zombie)
  if (reach === 'alone') return same()
  const living = same()
  const tree = new Set(living.flatMap(({ pid }) => treeOf(rows, pid)))
  // while one that is known to be of the group lives, its number can't have been given to another group (POSIX, fork)
  const isLed = reach === 'group' && living.some(({ group }) => group === leader.pid)
  for (const row of rows) if (tree.has(row.pid) || (isLed && row.group === leader.pid)) known.set(row.pid, row.started)
  return same()
}

async function endOnWindows(host: Host, identity: ProcessIdentity, { timeoutMs, reach }: EndOptions): Promise<EndOfProcess> {
  const pid = String(identity.pid)
  const tree = reach === 'alone' ? [] : ['/T']
  const isGoneWithin = async (ms: number) => {
    // a table takes PowerShell a second: until the time is over it will do that the number is in use
    for (const until = host.now() + ms; host.now() < until; await delay(lookEveryMs)) if (!exists(identity.pid)) return true
    const rows = await processTable(host)
    return rows !== undefined && rowOf(rows, identity) === undefined
  }
  await runToEnd(systemProgram('taskkill'), ['/PID', pid, ...tree], { deadlineMs: 5000 })
  if (await isGoneWithin(timeoutMs)) return 'ended'
  await runToEnd(systemProgram('taskkill'), ['/PID', pid, ...tree, '/F'], { deadlineMs: killedMs })
  return (await isGoneWithin(killedMs)) ? 'ended' : 'left'
}
