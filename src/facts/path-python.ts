import type { Host } from '../host/host.ts'
import { runToEnd } from '../host/processes.ts'

/** The interpreter that `python3` (on Windows `python`) means in this shell. */
export interface PathInterpreter {
  readonly executable: string
  readonly version: string
  readonly hasDjango: boolean
  readonly hasDaphne: boolean
}

const question =
  'import sys,importlib.util as u;print(sys.executable);print("%d.%d.%d"%sys.version_info[:3]);print(*(int(u.find_spec(n) is not None) for n in ("django","daphne")))'

/** Asks the interpreter of the PATH what it has. Undefined where there is none. Never throws; milliseconds. */
export async function pathInterpreter(host: Host, deadlineMs: number): Promise<PathInterpreter | undefined> {
  const program = host.platform === 'win32' ? 'python' : 'python3'
  // -I: a folder of the project must not answer for a package
  const finished = await runToEnd(program, ['-I', '-c', question], { env: host.env, deadlineMs })
  const [executable, version, packages = ''] = finished.stdout.trim().split(/\r?\n/)
  if (finished.exitCode !== 0 || executable === undefined || version === undefined) return undefined
  const [django, daphne] = packages.split(' ')
  return { executable, version, hasDjango: django === '1', hasDaphne: daphne === '1' }
}
