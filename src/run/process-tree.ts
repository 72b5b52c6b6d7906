import { spawnSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import type { Host } from '../host/host.ts'
import { exists, processTable, treeOf, type ProcessRow } from '../host/process-table.ts'
import { runToEnd } from '../host/processes.ts'

/** How often a group that is ending is looked at, in milliseconds: no system tells when a whole group is gone. */
const lookEveryMs = 10
/** How long the system may take to clear away what was killed, in milliseconds. */
const killedMs = 2000

/** A process of ours that leads all that it started. On POSIX it leads a process group, too. */
export interface Leader {
  readonly pid: number
  /** It has ended and was waited for: from then on the system may give its PID to a stranger. */
  readonly ended: () => boolean
  /** It is to be ended by force, now. */
  readonly forced: () => boolean
}

/**
 * Ends a process and all that it started: politely first, by force when
 * `timeoutMs` milliseconds are over. POSIX: its process group, and those of its
 * descendants that have left the group. Windows: `taskkill /T`, which asks, then `/F`.
 */
export async function endTree(host: Host, leader: Leader, timeoutMs: number): Promise<void> {
  if (host.platform === 'win32') return endWindowsTree(host, leader, timeoutMs)
  const rows = leader.ended() ? undefined : await processTable(host)
  const strays = rows === undefined ? [] : strayRows(rows, leader.pid)
  signalAll(leader, strays, 'SIGTERM')
  // a stopped process (Ctrl+Z) takes no signal before it goes on
  signalAll(leader, strays, 'SIGCONT')
  const gone = async () => {
    const left = await strayRowsLeft(host, strays)
    return left.length === 0 && (await groupIsGone(host, leader))
  }
  if (await isTrue(host.now, async () => leader.forced() || gone(), timeoutMs)) {
    if (await gone()) return
  }
  signalAll(leader, await strayRowsLeft(host, strays), 'SIGKILL')
  await isTrue(host.now, gone, killedMs)
}

async function endWindowsTree(host: Host, leader: Leader, timeoutMs: number): Promise<void> {
  const pid = String(leader.pid)
  // the PID of an ended process may be a stranger's
  if (leader.ended()) return
  await runToEnd('taskkill', ['/PID', pid, '/T'], { deadlineMs: timeoutMs })
  await isTrue(host.now, () => leader.forced() || leader.ended(), timeoutMs)
  if (leader.ended()) return
  await runToEnd('taskkill', ['/PID', pid, '/T', '/F'], { deadlineMs: killedMs })
}

/** Ends the tree by force, without waiting: for the second Ctrl+C and for our own exit. */
export function killTreeNow(platform: NodeJS.Platform, leader: Leader): void {
  if (platform !== 'win32') {
    signalGroup(leader, 'SIGKILL')
    return
  }
  // process.kill would end the one process and leave its children (nodejs.org/api/process.html#signal-events)
  if (!leader.ended()) spawnSync('taskkill', ['/PID', String(leader.pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true })
}

/** Descendants that went into a group or session of their own: a signal to the leader's group misses them. */
export function strayRows(rows: readonly ProcessRow[], leader: number): ProcessRow[] {
  const tree = new Set(treeOf(rows, leader))
  return rows.filter(({ pid, group }) => tree.has(pid) && group !== leader)
}

/** Those that still run, and are still the same process. */
async function strayRowsLeft(host: Host, strays: readonly ProcessRow[]): Promise<readonly ProcessRow[]> {
  if (strays.length === 0) return strays
  const rows = await processTable(host)
  return strays.filter(({ pid, started }) => rows?.some((row) => row.pid === pid && row.started === started && !row.zombie))
}

/**
 * No process of the group runs any more. Zombies count as gone: in a container
 * whose first process waits for nobody, an orphan stays one for ever.
 */
async function groupIsGone(host: Host, leader: Leader): Promise<boolean> {
  if (!ownsGroup(leader) || !exists(-leader.pid)) return true
  if (!leader.ended()) return false
  const rows = await processTable(host)
  return rows !== undefined && !rows.some(({ group, zombie }) => group === leader.pid && !zombie)
}

/**
 * A PID isn't given out again while a group bears its number (POSIX, fork): an
 * ended leader whose PID runs again says that its group is gone.
 */
function ownsGroup(leader: Leader): boolean {
  return !leader.ended() || !exists(leader.pid)
}

function signalAll(leader: Leader, strays: readonly ProcessRow[], signal: NodeJS.Signals): void {
  signalGroup(leader, signal)
  for (const { pid } of strays) send(pid, signal)
}

function signalGroup(leader: Leader, signal: NodeJS.Signals): void {
  if (ownsGroup(leader)) send(-leader.pid, signal)
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // it is gone
  }
}

async function isTrue(now: () => number, holds: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = now() + timeoutMs
  while (!(await holds())) {
    if (now() >= deadline) return false
    await delay(lookEveryMs)
  }
  return true
}
