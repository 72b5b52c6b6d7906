import { access, constants } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { isFile, readText, succeeds } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { endings, filesOnPath } from '../host/programs.ts'
import { managerNamed, type Requirements } from './requirements.ts'

/** A program that is to be run, as it is written in a command. */
export interface ProgramRequest {
  readonly program: string
  /** Where a path is relative to. */
  readonly cwd: string
  /** Whose PATH is looked through. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** What runs when a program is asked for. */
export type ProgramFact =
  /** `args` come before those of the command: the script that a shim runs. */
  | { readonly kind: 'program'; readonly file: string; readonly args: readonly string[] }
  /** Windows: only a batch file bears the name, and what it runs isn't known. It takes cmd.exe, which breaks arguments and stopping. */
  | { readonly kind: 'batch'; readonly file: string }
  | { readonly kind: 'missing' }

/**
 * Finds a program as the system would, without running anything: a path as it
 * is, a name in the PATH of the environment. On Windows a `.cmd` that npm made
 * for a Node script is read, and that script is run by node itself. Never throws.
 */
export async function findProgram(host: Host, request: ProgramRequest): Promise<ProgramFact> {
  const { program, cwd, env } = request
  const windows = host.platform === 'win32'
  const isPath = program.includes('/') || (windows && program.includes('\\'))
  const file = isPath ? await atPath(resolve(cwd, program), host.platform) : await onPath({ platform: host.platform, env }, program)
  if (file === undefined) return { kind: 'missing' }
  if (!windows || !/^\.(?:cmd|bat)$/i.test(extname(file))) return { kind: 'program', file, args: [] }
  const script = shimScript((await readText(file)) ?? '')
  if (script === undefined) return { kind: 'batch', file }
  const target = resolve(dirname(file), script)
  return (await isFile(target)) ? { kind: 'program', file: process.execPath, args: [target] } : { kind: 'batch', file }
}

/**
 * The Node script that a `.cmd` of npm's cmd-shim, or npm's own (npm.cmd, npx.cmd), runs
 * with all its arguments, relative to the shim's folder, with forward slashes; undefined
 * for any other batch file. Of npm's own the one beside it is taken, where it would
 * look for one that is installed globally first. Pure.
 */
export function shimScript(text: string): string | undefined {
  if (!/node/i.test(text)) return undefined
  const match =
    /"%(?:~dp0|dp0%)\\?([^"%\r\n]+\.[cm]?js)"\s+%\*/i.exec(text) ??
    /SET "(?<own>NP[MX]_CLI_JS)=%~dp0\\?(?<script>[^"%\r\n]+\.js)"[^]*"%NODE_EXE%" "%\k<own>%" %\*/i.exec(text)
  return (match?.groups?.['script'] ?? match?.[1])?.replaceAll('\\', '/')
}

/** Where a program is on the PATH, or undefined. Nothing is run. */
export async function onPath(host: Pick<Host, 'platform' | 'env'>, name: string): Promise<string | undefined> {
  for (const file of filesOnPath(host, name)) if (await mayRun(file)) return file
  return undefined
}

/** The installers that are on the PATH. */
export interface Installers {
  readonly hasUv: boolean
  /** Whether the tool of the project's lock is; undefined where it has none. */
  readonly hasManager?: boolean | undefined
}

/** Which of uv and the tool of the project's lock are on the PATH. */
export async function installersOf(host: Pick<Host, 'platform' | 'env'>, requirements: Requirements | undefined): Promise<Installers> {
  const manager = managerNamed(requirements)
  const [hasUv, hasManager] = await Promise.all(
    ['uv', manager].map(async (name) => (name === undefined ? undefined : (await onPath(host, name)) !== undefined)),
  )
  return { hasUv: hasUv === true, hasManager }
}

/** Whether it is a program that this user may run. */
export const mayRun = async (file: string): Promise<boolean> => succeeds(access(file, constants.X_OK))

async function atPath(file: string, platform: NodeJS.Platform): Promise<string | undefined> {
  for (const candidate of endings(file, platform).map((ending) => file + ending)) {
    if ((await isFile(candidate)) && (await mayRun(candidate))) return candidate
  }
  return undefined
}
