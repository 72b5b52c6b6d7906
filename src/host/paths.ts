import { posix, win32, type PlatformPath } from 'node:path'
import type { Host } from './host.ts'

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

/** A command of a POSIX shell as PowerShell has it, where the project lies on Windows; every other one as it is. `env -u` takes two there. */
export function asShell(root: string, command: readonly string[]): readonly (readonly string[])[] {
  if (styleOf(root) !== win32) return [command]
  const [program, option, name = '', ...more] = command
  return program === 'env' && option === '-u' ? [['Remove-Item', `Env:${name}`], more] : [asPowerShell(command)]
}

function asPowerShell(command: readonly string[]): readonly string[] {
  const [program, ...rest] = command
  if (program === 'mkdir') return ['mkdir', ...rest.filter((word) => word !== '-p')]
  if (program === 'cp') return ['copy', ...rest]
  // Windows knows no signals: what is stopped is ended
  if (program === 'kill') return ['taskkill', '/PID', rest.at(-1) ?? '']
  return command
}

/** The PATH of an environment; on Windows its name may be written in any case. */
export function pathOf(env: Readonly<Record<string, string | undefined>>): string {
  return env['PATH'] ?? Object.entries(env).find(([name]) => name.toUpperCase() === 'PATH')?.[1] ?? ''
}

/** The folders of that PATH. */
export function pathFolders({ platform, env }: Pick<Host, 'platform' | 'env'>): string[] {
  return pathOf(env)
    .split(platform === 'win32' ? ';' : ':')
    .filter((folder) => folder !== '')
}
