import type { Host } from '../host/host.ts'
import { runToEnd } from '../host/processes.ts'
import { onPath } from './programs.ts'

/** The version of Python 3 that is needed at least, with the oldest interpreter of the PATH that is as new and can make an environment. */
export async function newerPython(
  host: Host,
  need: { readonly minor: number } | undefined,
): Promise<{ readonly minor: number; readonly file: string | undefined } | undefined> {
  if (need === undefined) return undefined
  const { minor: least } = need
  const minors = Array.from({ length: 8 }, (_, index) => least + index)
  const found = await Promise.all(
    minors.map(async (minor) => {
      const file = await onPath(host, `python3.${minor}`)
      if (file === undefined) return []
      // a shim of pyenv may stand for a version that isn't chosen, and a Debian Python may lack venv
      const { exitCode } = await runToEnd(file, ['-c', 'import venv, ensurepip'], { env: host.env, deadlineMs: 4000 })
      return exitCode === 0 ? [file] : []
    }),
  )
  return { minor: least, file: found.flat()[0] }
}
