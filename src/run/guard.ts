/**
 * Stands between the launcher and the command of `smoke` on Windows: when the
 * launcher is gone, the channel between the two closes, and all that the command has
 * started is ended. Its arguments are the command, which shares the user's console.
 * What has one of its own has guard_windows.py above it, and elsewhere all have guard.py.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { errorCode } from '../errors.ts'
import { runToEnd } from '../host/processes.ts'
import { systemProgram } from '../host/programs.ts'

/** How long the command and its children may take to end, in milliseconds. */
const graceMs = 2000

const [file = '', ...args] = process.argv.slice(2)
const child = execa(file, args, {
  stdio: ['ignore', 'inherit', 'inherit'],
  buffer: false,
  reject: false,
  cleanup: false,
  windowsHide: true,
})

let ending: Promise<void> | undefined
const whenGone = () => void (ending ??= endRest())
process.on('disconnect', whenGone)

const result = await child
const code = child.pid === undefined ? (errorCode(result.cause) ?? 'unknown') : undefined
const exit = { exitCode: result.exitCode ?? null, signal: result.signal ?? null, code: code ?? null }
await ending
process.off('disconnect', whenGone)
if (process.connected) process.send?.(exit, () => process.disconnect())

async function endRest(): Promise<void> {
  // of a command that has ended Windows doesn't tell the children any more
  if (child.pid === undefined || child.exitCode !== null) return
  await runToEnd(systemProgram('taskkill'), ['/PID', String(child.pid), '/T'], { deadlineMs: graceMs })
  await Promise.race([child, delay(graceMs, undefined, { ref: false })])
  if (child.exitCode === null) await runToEnd(systemProgram('taskkill'), ['/PID', String(child.pid), '/T', '/F'], { deadlineMs: graceMs })
}
