import type { ServerExit } from '../facts/startup.ts'
import { isFile, isFolder } from '../host/files.ts'
import { installHint } from '../plan/install-hint.ts'
import type { ServicePlan } from '../plan/service.ts'

/** `ended with 1 after 0.4 s: ModuleNotFoundError: No module named 'celery'`. */
export async function whyEnded(plan: ServicePlan, exit: ServerExit, last: string | undefined): Promise<string> {
  if (exit.spawnError !== undefined) return whyUnborn(plan, exit.spawnError)
  const how = exit.exitCode === undefined ? `was ended by ${exit.signal ?? 'a signal'}` : `ended with ${exit.exitCode}`
  const seconds = (exit.afterMs / 1000).toFixed(1)
  return `${how} after ${seconds} s${last === undefined || last.trim() === '' ? '' : `: ${last.trim().slice(0, 300)}`}`
}

/** ENOENT alone doesn't tell a missing program from a missing folder, or from a script whose interpreter is gone (execve(2)). */
async function whyUnborn(plan: ServicePlan, spawnError: string): Promise<string> {
  if (!(await isFolder(plan.cwd))) return `its working folder ${plan.cwd} isn't there`
  if (!spawnError.startsWith('ENOENT')) return `${plan.file} could not be run (${spawnError})`
  if (await isFile(plan.file)) return `${plan.file} could not be run: the interpreter that its first line names isn't there`
  const python = plan.env['VIRTUAL_ENV'] === undefined ? 'python3' : 'python'
  return `there is no program ${plan.file}. ${installHint(plan.file, python)}`
}
