import type { ServerExit } from '../facts/startup.ts'
import { isFile, isFolder } from '../host/files.ts'
import { installHint } from '../plan/install-hint.ts'
import type { ServicePlan } from '../plan/service.ts'

/** `ended with 1 after 0.4 s: ModuleNotFoundError: No module named 'celery'`. `lines`: the last that it has printed. */
export async function whyEnded(plan: ServicePlan, exit: ServerExit, lines: readonly string[]): Promise<string> {
  if (exit.spawnError !== undefined) return whyUnborn(plan, exit.spawnError)
  const how = exit.exitCode === undefined ? `was ended by ${exit.signal ?? 'a signal'}` : `ended with ${exit.exitCode}`
  const seconds = (exit.afterMs / 1000).toFixed(1)
  return [`${how} after ${seconds} s`, ...tellingLine(lines)].join(': ')
}

/** ENOENT alone doesn't tell a missing program from a missing folder, or from a script whose interpreter is gone (execve(2)). */
async function whyUnborn(plan: ServicePlan, spawnError: string): Promise<string> {
  if (!(await isFolder(plan.cwd))) return `its working folder ${plan.cwd} isn't there`
  if (!spawnError.startsWith('ENOENT')) return `${plan.file} could not be run (${spawnError})`
  if (await isFile(plan.file)) return `${plan.file} could not be run: the interpreter that its first line names isn't there`
  const python = plan.env['VIRTUAL_ENV'] === undefined ? 'python3' : 'python'
  return `there is no program ${plan.file}. ${installHint(plan.file, python)}`
}

/** The line that says what it died of: an exception stands below its stack in Python, and above it in Node (`    at …`). */
function tellingLine(lines: readonly string[]): readonly string[] {
  const told = lines.filter((line) => line.trim() !== '' && !/^\s+at /.test(line) && !/^Node\.js v\d/.test(line))
  return told.slice(-1).map((line) => line.trim().slice(0, 300))
}
