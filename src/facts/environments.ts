import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises'
import { dirname, join, posix, resolve, sep, win32 } from 'node:path'
import { errorCode } from '../errors.ts'
import { isEntry, isFile, readText } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { askInterpreter, readSitePackages } from './packages.ts'
import { shown, type Project } from './project.ts'
import type { Candidate, PythonEnvironment } from './python.ts'

/** Names that environments have, in the order in which they are looked for. */
export const names = ['.venv', 'venv', 'env'] as const
export type EnvironmentName = (typeof names)[number]

/** A broken environment inside the checkout is the project's own, if pyvenv.cfg says that it is an environment at all. */
export async function ownEnvironment(candidate: Candidate, folder: string, project: Project): Promise<Candidate> {
  if (candidate.state !== 'broken') return candidate
  return { ...candidate, own: folder.startsWith(join(project.root, sep)) && (await isFile(join(folder, 'pyvenv.cfg'))) }
}

/** A folder named env may be anything; pyvenv.cfg or an interpreter makes it an environment (PEP 405). */
async function isEnvironment(path: string): Promise<boolean> {
  return (
    (await isFile(join(path, 'pyvenv.cfg'))) ||
    (await isEntry(join(path, 'bin', 'python'))) ||
    (await isEntry(join(path, 'Scripts', 'python.exe')))
  )
}

/** Where a link leads that leads nowhere; a new environment is to be made there, because the link stays. */
async function lostLink(path: string): Promise<string | undefined> {
  const target = await readlink(path).catch(() => undefined)
  return target === undefined || (await stat(path).catch(() => undefined)) !== undefined ? undefined : resolve(dirname(path), target)
}

/** Where an environment has its interpreter (PEP 405). */
const interpreterIn = { win32: ['Scripts', 'python.exe'], linux: ['bin', 'python'] } as const

/** Path of the interpreter inside an environment's folder. */
export function interpreterOf(environment: string, platform: NodeJS.Platform): string {
  return platform === 'win32' ? win32.join(environment, ...interpreterIn.win32) : posix.join(environment, ...interpreterIn.linux)
}

/** The environments in these places. Never throws. */
export async function inPlaces(host: Host, project: Project, places: readonly string[]): Promise<Candidate[]> {
  const candidates: Candidate[] = []
  for (const path of places) {
    const lost = await lostLink(path)
    if (lost !== undefined) candidates.push(broken(shown(project, path), lost, `it is a link to ${lost}, which isn't there`, true))
    else if (await isEnvironment(path)) candidates.push(await ownEnvironment(await assess(host, path, shown(project, path)), path, project))
  }
  return candidates
}

/** What an environment's folder is worth. Never throws. */
export async function assess(host: Host, folder: string, label: string): Promise<Candidate> {
  const python = interpreterOf(folder, host.platform)
  const [there, system] = host.platform === 'win32' ? (['linux', 'Linux or macOS'] as const) : (['win32', 'Windows'] as const)
  if (!(await isEntry(python)) && (await isEntry(join(folder, ...interpreterIn[there])))) return { state: 'foreign', label, folder, system }
  const reason = await brokenReason(python, folder, host.platform)
  if (reason !== undefined) return reason === 'absent' ? { state: 'absent', label } : broken(label, folder, reason)
  const read = await readSitePackages(folder, host.platform)
  const other = read === undefined ? undefined : await otherVersion(python, read.python)
  if (other !== undefined) return broken(label, folder, `it was made for Python ${read?.python ?? ''}, and ${python} is ${other} now`)
  const systemToo = /^include-system-site-packages\s*=\s*true/im.test((await readText(join(folder, 'pyvenv.cfg'))) ?? '')
  if (read !== undefined && read.complete && !systemToo) {
    const version = read.python || (await configuredVersion(folder))
    return usable({ python, label, packages: read.packages, version, isVirtual: true })
  }
  return askedFor(host, { python, label, isVirtual: true }, folder)
}

/** Why an environment can't run: ENOENT alone doesn't tell a missing file from a link that leads nowhere. */
async function brokenReason(python: string, folder: string, platform: NodeJS.Platform): Promise<string | 'absent' | undefined> {
  const entry = await lstat(python).catch(() => undefined)
  const home = /^home\s*=\s*(.+)$/m.exec((await readText(join(folder, 'pyvenv.cfg'))) ?? '')?.[1]?.trim()
  if (entry === undefined) {
    return (await isFile(join(folder, 'pyvenv.cfg'))) ? `it has no interpreter: ${python} isn't there` : 'absent'
  }
  if ((await stat(python).catch(() => undefined)) === undefined) {
    return `${python} is a link that leads nowhere${home === undefined ? '' : `; pyvenv.cfg says its Python was in ${home}`}`
  }
  return platform === 'win32' && home !== undefined && (await isDeserted(home))
    ? `its Python was in ${home}, and isn't there any more`
    : undefined
}

/**
 * Whether no interpreter is in the folder that pyvenv.cfg calls home. On Windows an environment's own only starts the
 * one there, and ends with 103 where that is gone (PC/venvlauncher.c, RC_NO_PYTHON). A folder of the Store's that can't be read is none.
 */
export async function isDeserted(home: string): Promise<boolean> {
  const names = await readdir(home).catch((error: unknown) => (errorCode(error) === 'ENOENT' ? [] : undefined))
  return names?.some((name) => /^(?:python|pypy)\w*\.exe$/i.test(name)) === false
}

/** The version of an interpreter that was replaced beneath its environment, as an upgrade of the system does: none of the packages is found by it. */
async function otherVersion(python: string, made: string): Promise<string | undefined> {
  const real = await realpath(python).catch(() => '')
  const version = /python(\d\.\d+)$/.exec(real)?.[1]
  return version === undefined || made === '' || version === made ? undefined : version
}

async function configuredVersion(folder: string): Promise<string> {
  return /^version(?:_info)?\s*=\s*(\S+)/m.exec((await readText(join(folder, 'pyvenv.cfg'))) ?? '')?.[1] ?? 'unknown'
}

/** An interpreter with what it says of itself. */
export async function askedFor(host: Host, known: Omit<PythonEnvironment, 'packages' | 'version'>, folder: string): Promise<Candidate> {
  const asked = await askInterpreter([known.python], host.env)
  if (asked === undefined) return broken(known.label, folder, `${known.python} doesn't run`)
  return usable({ ...known, packages: asked.packages, version: asked.python })
}

export function usable(environment: PythonEnvironment): Candidate {
  return { state: 'usable', environment }
}

function broken(label: string, folder: string, reason: string, own = false): Candidate {
  return { state: 'broken', label, folder, reason, own }
}
