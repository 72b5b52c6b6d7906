import { spawnSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import type { Host } from '../host/host.ts'
import { exists, processTable, send, treeOf, type ProcessRow } from '../host/process-table.ts'
import { runToEnd } from '../host/processes.ts'
import { systemProgram } from '../host/programs.ts'

/** How often a group that is ending is looked at, in milliseconds: no system tells when a whole group is gone. */
const lookEveryMs = 10
/** How long the system may take to clear away what was killed, in milliseconds. */
export const killedMs = 2000

/** What has to be ended by force at our own end. */
const living = new Set<ProcessTree>()

function killAll(): void {
  for (const tree of living) tree.kill()
}

/** What stands above a process, and reaches also what has left its group and its parent (guard.py, guard_windows.py). */
export interface Guard {
  /** Ends all, by force when `timeoutMs` milliseconds are over; false where the guard itself is gone. */
  readonly end: (timeoutMs: number) => Promise<boolean>
  /** Has all ended by force at once. */
  readonly hurry: () => void
}

/** A process of ours and all that it started. On POSIX it leads a process group. */
export class ProcessTree {
  /** Undefined where it could not be started, or isn't yet. */
  pid: number | undefined
  guard: Guard | undefined
  /** It has ended and was waited for: from then on the system may give its PID to a stranger. */
  ended = false
  readonly #host: Host
  #forced = false

  constructor(host: Host, pid: number | undefined) {
    this.#host = host
    this.pid = pid
    // an exception of ours must not leave a server behind. One listener for all: Node warns of more than ten
    if (living.size === 0) process.off('exit', killAll).once('exit', killAll)
    living.add(this)
  }

  /**
   * Ends it: politely first, by force when `timeoutMs` milliseconds are over.
   * POSIX: its process group, and those of its descendants that have left the
   * group. Windows: `taskkill /T`, which asks, then `/F`.
   */
  async end(timeoutMs: number): Promise<void> {
    if (this.guard !== undefined && (await this.guard.end(timeoutMs))) {
      living.delete(this)
      return
    }
    const pid = this.pid
    if (pid !== undefined) await (this.#host.platform === 'win32' ? this.#endOnWindows(pid, timeoutMs) : this.#endOnPosix(pid, timeoutMs))
    living.delete(this)
  }

  /** Ends it by force, without waiting: for the second Ctrl+C and for our own exit. */
  kill(): void {
    this.#forced = true
    this.guard?.hurry()
    if (this.#host.platform !== 'win32') this.#signal('SIGKILL')
    // process.kill would end the one process and leave its children (nodejs.org/api/process.html#signal-events)
    else if (this.pid !== undefined && !this.ended)
      spawnSync(systemProgram('taskkill'), ['/PID', String(this.pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true })
  }

  async #endOnPosix(pid: number, timeoutMs: number): Promise<void> {
    const rows = this.ended ? undefined : await processTable(this.#host)
    const strays = rows === undefined ? [] : strayRows(rows, pid)
    this.#signal('SIGTERM', strays)
    // a stopped process (Ctrl+Z) takes no signal before it goes on
    this.#signal('SIGCONT', strays)
    const gone = async () => {
      const left = await this.#left(strays)
      return left.length === 0 && (await this.#groupIsGone(pid))
    }
    if ((await this.#within(timeoutMs, async () => this.#forced || gone())) && (await gone())) return
    this.#signal('SIGKILL', await this.#left(strays))
    await this.#within(killedMs, gone)
  }

  async #endOnWindows(pid: number, timeoutMs: number): Promise<void> {
    // the PID of an ended process may be a stranger's
    if (this.ended) return
    await runToEnd(systemProgram('taskkill'), ['/PID', String(pid), '/T'], { deadlineMs: timeoutMs })
    await this.#within(timeoutMs, () => this.#forced || this.ended)
    if (!this.ended) await runToEnd(systemProgram('taskkill'), ['/PID', String(pid), '/T', '/F'], { deadlineMs: killedMs })
  }

  /** Those that still run, and are still the same process. */
  async #left(strays: readonly ProcessRow[]): Promise<readonly ProcessRow[]> {
    if (strays.length === 0) return strays
    const rows = await processTable(this.#host)
    return strays.filter(({ pid, started }) => rows?.some((row) => row.pid === pid && row.started === started && !row.zombie))
  }

  /**
   * No process of the group runs any more. Zombies count as gone: in a container
   * whose first process waits for nobody, an orphan stays one for ever.
   */
  async #groupIsGone(leader: number): Promise<boolean> {
    if (!this.#ownsGroup(leader) || !exists(-leader)) return true
    if (!this.ended) return false
    const rows = await processTable(this.#host)
    return rows !== undefined && !rows.some(({ group, zombie }) => group === leader && !zombie)
  }

  /**
   * A PID isn't given out again while a group bears its number (POSIX, fork): an
   * ended leader whose PID runs again says that its group is gone.
   */
  #ownsGroup(leader: number): boolean {
    return !this.ended || !exists(leader)
  }

  /** To its group, and to the strays. */
  #signal(signal: NodeJS.Signals, strays: readonly ProcessRow[] = []): void {
    if (this.pid !== undefined && this.#ownsGroup(this.pid)) send(-this.pid, signal)
    for (const { pid } of strays) send(pid, signal)
  }

  async #within(timeoutMs: number, holds: () => boolean | Promise<boolean>): Promise<boolean> {
    const deadline = this.#host.now() + timeoutMs
    while (!(await holds())) {
      if (this.#host.now() >= deadline) return false
      await delay(lookEveryMs)
    }
    return true
  }
}

/** Descendants that went into a group or session of their own: a signal to the leader's group misses them. */
export function strayRows(rows: readonly ProcessRow[], leader: number): ProcessRow[] {
  const tree = new Set(treeOf(rows, leader))
  return rows.filter(({ pid, group }) => tree.has(pid) && group !== leader)
}
