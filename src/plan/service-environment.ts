import { pathOf } from '../host/programs.ts'
import type { PythonEnvironment } from '../facts/python.ts'
import { pathsOf } from '../host/paths.ts'

/**
 * The environment of what runs beside the backend: the backend's own (settings
 * module, channel layer, unbuffered output), with the programs of its Python
 * first in PATH, as an activated environment has them. An interpreter of the
 * system stays where it is: moved to the front, its folder would bring other
 * programs (an older node, say) before the user's. Pure.
 */
export function serviceEnvironment(
  backendEnv: Readonly<Record<string, string | undefined>>,
  python: Pick<PythonEnvironment, 'python' | 'isVirtual'>,
  platform: NodeJS.Platform,
): Readonly<Record<string, string | undefined>> {
  const paths = pathsOf(platform)
  const delimiter = platform === 'win32' ? ';' : ':'
  const bin = paths.dirname(python.python)
  const path = pathOf(backendEnv)
  const present = path.split(delimiter)
  // conda keeps python.exe above Scripts, venv within
  const folders = platform === 'win32' && paths.basename(bin).toLowerCase() !== 'scripts' ? [bin, paths.join(bin, 'Scripts')] : [bin]
  const isAdded = paths.isAbsolute(python.python) && (python.isVirtual ? present[0] !== bin : !present.includes(bin))
  // two spellings of PATH in one environment are one variable to Windows, and which of them counts is chance
  const others = Object.fromEntries(
    Object.entries(backendEnv).filter(([name]) => platform !== 'win32' || name === 'PATH' || name.toUpperCase() !== 'PATH'),
  )
  return {
    ...others,
    PYTHONUNBUFFERED: '1',
    PATH: isAdded ? [...folders, ...(path === '' ? [] : [path])].join(delimiter) : path,
    ...(python.isVirtual
      ? { VIRTUAL_ENV: folders.length === 1 ? paths.dirname(bin) : bin, PYTHONHOME: undefined }
      : // of another environment, whose packages this interpreter doesn't have
        { VIRTUAL_ENV: undefined }),
  }
}
