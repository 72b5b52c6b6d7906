import { spawnSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { errorCode } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { runToEnd } from '../host/processes.ts'

/** How often a group that is ending is looked at, in milliseconds: no system tells when a whole group is gone. */
const lookEveryMs = 10

/**
 * Ends a process and all that it started: politely first, by force when
 * `timeoutMs` milliseconds are over. POSIX: its process group, which it must
 * lead. Windows: `taskkill /T`, which asks, then `/F`.
 */
export async function endTree(host: Host, pid: number, timeoutMs: number): Promise<void> {
  if (host.platform === 'win32') {
    await runToEnd('taskkill', ['/PID', String(pid), '/T'], { deadlineMs: timeoutMs })
    if (await isGone(host.now, () => !exists(pid), timeoutMs)) return
    await runToEnd('taskkill', ['/PID', String(pid), '/T', '/F'], { deadlineMs: timeoutMs })
    return
  }
  signalGroup(pid, 'SIGTERM')
  // a stopped process (Ctrl+Z) takes no signal before it goes on
  signalGroup(pid, 'SIGCONT')
  if (await isGone(host.now, () => !groupExists(pid), timeoutMs)) return
  signalGroup(pid, 'SIGKILL')
  await isGone(host.now, () => !groupExists(pid), timeoutMs)
}

/** Ends the tree by force, without waiting: for the second Ctrl+C and for our own exit. */
export function killGroupNow(platform: NodeJS.Platform, pid: number): void {
  if (platform !== 'win32') {
    signalGroup(pid, 'SIGKILL')
    return
  }
  // process.kill would end the one process and leave its children (nodejs.org/api/process.html#signal-events)
  spawnSync('taskkill', ['/PID', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true })
}

/** True while a process of the group is left; one that has ended and isn't reaped yet counts. */
export function groupExists(pid: number): boolean {
  return exists(-pid)
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // the group is gone
  }
}

async function isGone(now: () => number, gone: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = now() + timeoutMs
  while (!gone()) {
    if (now() >= deadline) return false
    await delay(lookEveryMs)
  }
  return true
}
