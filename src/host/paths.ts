import { posix, win32, type PlatformPath } from 'node:path'

/** The path rules of the platform that a plan is for, which isn't the one that a test runs on. */
export function pathsOf(platform: NodeJS.Platform): PlatformPath {
  return platform === 'win32' ? win32 : posix
}

/** Paths as the machine that is judged writes them: the rules are pure, so what tells is the path itself. */
const styleOf = (path: string) => (/^(?:[A-Za-z]:[\\/]|\\\\)/.test(path) ? win32 : posix)

/** The platform that writes paths so; which of the POSIX ones makes no difference to a path. */
export const platformOf = (path: string): NodeJS.Platform => (styleOf(path) === win32 ? 'win32' : 'linux')

/** True where the path is the folder itself or lies below it. Both are absolute. */
export function isWithin(folder: string, path: string): boolean {
  const { relative, isAbsolute, sep } = styleOf(folder)
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

/** The path from the folder, where it lies below it; else as it is. */
export function pathFrom(folder: string | undefined, path: string): string {
  return folder !== undefined && folder !== path && isWithin(folder, path) ? styleOf(folder).relative(folder, path) : path
}

/** A path below a folder, with the separators of that folder. */
export function joined(folder: string, ...parts: readonly string[]): string {
  return styleOf(folder).join(folder, ...parts)
}

/** The interpreter of a virtual environment; `root` is any absolute path of the same machine. */
export function interpreterIn(root: string, environment: string): string {
  const style = styleOf(root)
  return style === win32 ? style.join(environment, 'Scripts', 'python.exe') : style.join(environment, 'bin', 'python')
}
