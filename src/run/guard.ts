/**
 * Stands between the launcher and the command of `smoke`, in a process of its
 * own that leads the command's process group: when the launcher is gone, even by
 * SIGKILL, the channel between the two closes, and all that the command has
 * started is ended. Its arguments are the command.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { errorCode } from '../errors.ts'
import { runToEnd } from '../host/processes.ts'
import { endOwnGroup } from './own-group.ts'

/** How long the command and its children may take to end, in milliseconds. */
const graceMs = 2000

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
  if (await endOwnGroup(graceMs)) return
  // no table of processes on this machine: the group is all that can be reached
  if (child.exitCode === null) process.kill(-process.pid, 'SIGTERM')
  await Promise.race([child, delay(graceMs, undefined, { ref: false })])
}

async function endWindowsRest(): Promise<void> {
  // of a command that has ended Windows doesn't tell the children any more
  if (child.pid === undefined || child.exitCode !== null) return
  await runToEnd('taskkill', ['/PID', String(child.pid), '/T'], { deadlineMs: graceMs })
  await Promise.race([child, delay(graceMs, undefined, { ref: false })])
  if (child.exitCode === null) await runToEnd('taskkill', ['/PID', String(child.pid), '/T', '/F'], { deadlineMs: graceMs })
}
