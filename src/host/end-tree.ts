import { setTimeout as delay } from 'node:timers/promises'
import type { Host } from './host.ts'
import { outputOf } from './process-listing.ts'
import { exists, processTable, rowOf, send, treeOf, type ProcessIdentity, type ProcessRow } from './process-table.ts'
import { systemProgram } from './programs.ts'

/** How often the processes are looked at, in milliseconds: no system tells when a whole tree is gone. */
const lookEveryMs = 20
/** How long the system may take to clear away what was killed, in milliseconds. */
const killedMs = 3000
/** How long a command that has run out of its time has for its end, in milliseconds. */
const graceMs = 500

/** `gone`: it didn't run any more, or its PID is another process now: nothing was signalled. `left`: it could not be ended. */
export type EndOfProcess = 'gone' | 'ended' | 'left'

export interface EndOptions {
  /** Milliseconds until force is used. */
  readonly timeoutMs: number
  /**
   * `tree`: what it has started; a group: also what is in that one, which is
   * right only where it was made its leader by us; `alone`: nothing else.
   */
  readonly reach: 'tree' | 'alone' | { readonly group: number }
  /** Force is to be used now. */
  readonly isHurried?: () => boolean
}

/**
 * Ends a process that the system told of, and what it has started: politely, then
 * by force. Each one is signalled by its own PID, right after the table of
 * processes has shown that it is still the one of that start, never as a group:
 * a PID that was given out again is never hit. Never throws.
 */
export async function endTree(host: Pick<Host, 'platform' | 'now'>, identity: ProcessIdentity, options: EndOptions): Promise<EndOfProcess> {
  const rows = await processTable(host)
  if (rows === undefined) return 'left'
  if (rowOf(rows, identity) === undefined) return 'gone'
  return host.platform === 'win32' ? endOnWindows(host, identity, options) : endAll(host, [identity], options)
}

/** The same for a child of ours that isn't kept up: at once and without a word, or after a moment. Never throws. */
export async function endChild(pid: number, now: boolean): Promise<void> {
  const host = { platform: process.platform, now: () => performance.now() }
  const rows = await processTable(host)
  const row = rows?.find((each) => each.pid === pid)
  if (row !== undefined) await endTree(host, row, { timeoutMs: now ? 0 : graceMs, reach: 'tree' })
  else if (rows === undefined) send(pid, 'SIGKILL')
}

/** The same on POSIX for several, which still run. Never throws. */
export async function endAll(
  host: Pick<Host, 'platform' | 'now'>,
  members: readonly ProcessIdentity[],
  { timeoutMs, reach, isHurried }: EndOptions,
): Promise<Exclude<EndOfProcess, 'gone'>> {
  const known = new Map(members.map(({ pid, started }) => [pid, started]))
  const asked = new Set<number>()
  const stopped = new Set<number>()
  const forceAt = host.now() + timeoutMs
  for (;;) {
    const rows = await processTable(host)
    if (rows === undefined || host.now() >= forceAt + killedMs) return 'left'
    const left = membersLeft(rows, known, reach)
    if (left.length === 0) return 'ended'
    const isForced = host.now() >= forceAt || isHurried?.() === true
    // what is stopped starts nothing: a child of a process that has ended would be nobody's
    const fresh = left.filter(({ pid }) => !(isForced ? stopped : asked).has(pid))
    for (const { pid } of fresh) {
      if (!send(pid, isForced ? 'SIGSTOP' : 'SIGTERM')) return 'left'
      // a stopped process (Ctrl+Z) takes no signal before it goes on
      if (!isForced) send(pid, 'SIGCONT')
      ;(isForced ? stopped : asked).add(pid)
    }
    if (isForced && fresh.length > 0) continue
    if (isForced) for (const { pid } of left) send(pid, 'SIGKILL')
    await delay(lookEveryMs)
  }
}

/** Those that were known before and still run, and what belongs to them now; `known` grows by these. */
function membersLeft(rows: readonly ProcessRow[], known: Map<number, string>, reach: EndOptions['reach']): readonly ProcessRow[] {
  const same = () => rows.filter(({ pid, started, zombie }) => known.get(pid) === started && !zombie)
  if (reach === 'alone') return same()
  const living = same()
  const tree = new Set(living.flatMap(({ pid }) => treeOf(rows, pid)))
  const group = typeof reach === 'string' ? undefined : reach.group
  // while one that is known to be of the group lives, its number can't have been given to another group (POSIX, fork)
  const isLed = group !== undefined && living.some((row) => row.group === group)
  for (const row of rows) if (tree.has(row.pid) || (isLed && row.group === group)) known.set(row.pid, row.started)
  return same()
}

async function endOnWindows(
  host: Pick<Host, 'platform' | 'now'>,
  identity: ProcessIdentity,
  { timeoutMs, reach }: EndOptions,
): Promise<EndOfProcess> {
  const tree = reach === 'alone' ? [] : ['/T']
  const kill = (...more: readonly string[]) => outputOf(systemProgram('taskkill'), ['/PID', String(identity.pid), ...tree, ...more], 5000)
  const isGoneWithin = async (ms: number) => {
    // a table takes PowerShell a second: until the time is over it will do that the number is in use
    for (const until = host.now() + ms; host.now() < until; await delay(lookEveryMs)) if (!exists(identity.pid)) return true
    const rows = await processTable(host)
    return rows !== undefined && rowOf(rows, identity) === undefined
  }
  if (timeoutMs > 0) await kill()
  if (timeoutMs > 0 && (await isGoneWithin(timeoutMs))) return 'ended'
  await kill('/F')
  return (await isGoneWithin(killedMs)) ? 'ended' : 'left'
}
