import { spawnSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import type { Host } from '../host/host.ts'
import { exists, processTable, send } from '../host/process-table.ts'
import { runToEnd } from '../host/processes.ts'
import { systemProgram } from '../host/programs.ts'

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
    const { pid } = this
    if (pid === undefined) return
    if (this.#host.platform !== 'win32') {
      if (this.#ownsGroup(pid)) send(-pid, 'SIGKILL')
    }
    // process.kill would end the one process and leave its children (nodejs.org/api/process.html#signal-events)
    else if (!this.ended) spawnSync(systemProgram('taskkill'), ['/PID', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true })
  }

  async #endOnPosix(pid: number, timeoutMs: number): Promise<void> {
    if (!this.#ownsGroup(pid)) return
    const rows = await processTable(this.#host)
    // its leader may have ended, and not be waited for yet
    const members = rows?.filter((row) => row.group === pid || row.pid === pid)
    const options = { timeoutMs, reach: { group: pid }, isHurried: () => this.#forced }
    // few come to it: the guard does it
    const { endAll } = await import('../host/end-tree.ts')
    if (members === undefined || (await endAll(this.#host, members, options)) === 'left') this.kill()
  }

  async #endOnWindows(pid: number, timeoutMs: number): Promise<void> {
    // the PID of an ended process may be a stranger's
    if (this.ended) return
    await runToEnd(systemProgram('taskkill'), ['/PID', String(pid), '/T'], { deadlineMs: timeoutMs })
    for (const until = this.#host.now() + timeoutMs; !this.#forced && !this.ended && this.#host.now() < until;) await delay(10)
    if (!this.ended) await runToEnd(systemProgram('taskkill'), ['/PID', String(pid), '/T', '/F'], { deadlineMs: killedMs })
  }

  /**
   * A PID isn't given out again while a group bears its number (POSIX, fork): an
   * ended leader whose PID runs again says that its group is gone.
   */
  #ownsGroup(leader: number): boolean {
    return !this.ended || !exists(leader)
  }
}
