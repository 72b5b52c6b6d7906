import { accessSync } from 'node:fs'
import { join, win32 } from 'node:path'

type Environment = Readonly<Record<string, string | undefined>>

/** The PATH of an environment; on Windows its name may be written in any case. */
export function pathOf(env: Environment): string {
  return env['PATH'] ?? Object.entries(env).find(([name]) => name.toUpperCase() === 'PATH')?.[1] ?? ''
}

interface Place {
  readonly platform: NodeJS.Platform
  readonly env: Environment
}

/** The folders of that PATH. */
export function pathFolders({ platform, env }: Place): string[] {
  return pathOf(env)
    .split(platform === 'win32' ? ';' : ':')
    .filter((folder) => folder !== '')
}

/** What a program's file ends with beyond its name, in the order in which Windows looks for it (PATHEXT); what has no such ending isn't run there. */
export function endings(name: string, platform: NodeJS.Platform): readonly string[] {
  return platform !== 'win32' || /\.(?:com|exe|bat|cmd)$/i.test(name) ? [''] : ['.com', '.exe', '.bat', '.cmd']
}

/** The files that a name may mean on the PATH, the first one first. */
export function filesOnPath({ platform, env }: Place, name: string): string[] {
  return pathFolders({ platform, env }).flatMap((folder) => endings(name, platform).map((ending) => join(folder, name + ending)))
}

/**
 * The file to run where a program is called by its name. Windows looks into the working folder before it goes by the
 * PATH (CreateProcessW; libuv, src/win/process.c, search_path; cmd.exe): a checkout would name what runs. Undefined where there is none.
 */
export function programFile(name: string, env: Environment): string | undefined {
  if (process.platform !== 'win32' || /[\\/]/.test(name)) return name
  return filesOnPath({ platform: 'win32', env }, name).find((file) => isThere(file))
}

/** An alias of the Store's is there, and can't be looked into. */
function isThere(file: string): boolean {
  try {
    accessSync(file)
    return true
  } catch {
    return false
  }
}

/** A program that comes with Windows, where it is. */
export function systemProgram(name: 'netsh' | 'netstat' | 'powershell' | 'rundll32' | 'taskkill'): string {
  const folder = win32.join(process.env['SystemRoot'] ?? String.raw`C:\Windows`, 'System32')
  return win32.join(folder, ...(name === 'powershell' ? ['WindowsPowerShell', 'v1.0'] : []), `${name}.exe`)
}

/**
 * The environment of what writes into a pipe: there Python's streams have the code page of Windows' language, and
 * what it hasn't ends the program (docs.python.org/3/library/sys.html#sys.stdout). Files that the project opens are left alone.
 */
export function writingUtf8<T extends Environment>(env: T, platform: NodeJS.Platform = process.platform): T {
  const isSet = env['PYTHONIOENCODING'] !== undefined || env['PYTHONUTF8'] !== undefined
  return platform !== 'win32' || isSet ? env : { ...env, PYTHONIOENCODING: 'utf-8' }
}
