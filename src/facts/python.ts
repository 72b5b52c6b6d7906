import { lstat, readlink, realpath, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, posix, resolve, sep, win32 } from 'node:path'
import type { Config } from '../config/config.ts'
import { isEntry, isFile, readText, upwards } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { runToEnd } from '../host/processes.ts'
import { askInterpreter, readSitePackages, type Packages } from './packages.ts'
import { shown, type Project } from './project.ts'
import { pythonWish, wantsAnother, type PythonWish } from './python-wish.ts'
import { toolFolders } from './python-tools.ts'
import { interpreters, type Interpreter } from './pythons.ts'

/** An interpreter that runs, and what is installed for it. */
export interface PythonEnvironment {
  /** Path of the interpreter, links not resolved: through the link it finds its own packages. */
  readonly python: string
  /** What to call it: `backend/venv`, `VIRTUAL_ENV (…)`, `python3`. */
  readonly label: string
  readonly packages: Packages
  readonly version: string
  /** False for an interpreter of the system or the PATH: nothing is installed into that one. */
  readonly isVirtual: boolean
}

/** One place that was looked at. */
export type Candidate =
  | { readonly state: 'usable'; readonly environment: PythonEnvironment }
  | {
      readonly state: 'broken'
      readonly label: string
      readonly folder: string
      readonly reason: string
      /** True where the folder is an environment of this project's own: only that one may ever be emptied and made anew. */
      readonly own: boolean
    }
  | { readonly state: 'absent'; readonly label: string }
  /** One of another system in the same folder, as Windows and WSL share a checkout: somebody works with it. */
  | { readonly state: 'foreign'; readonly label: string; readonly folder: string; readonly system: 'Windows' | 'Linux or macOS' }
  /** It runs, with another version of Python than the interpreter that was named to make one with. */
  | { readonly state: 'other-version'; readonly label: string; readonly folder: string; readonly version: string }

/** Every place that was looked at, the most wanted first. */
export interface PythonFact {
  readonly candidates: readonly Candidate[]
  /** True where a flag or the configuration names the interpreter: no other is taken then. */
  readonly named: boolean
  /** What the checkout says about its Python, and what there is: looked for where an environment has to be made and `python3` isn't the one. */
  readonly wish?: PythonWish
  readonly interpreters?: readonly Interpreter[]
}

/**
 * Looks for the interpreters that could run the backend: flag or config,
 * VIRTUAL_ENV, `.venv`/`venv`/`env` from beside manage.py up to the repository's
 * root, those that a tool keeps elsewhere, then `python3` of the PATH, which is
 * asked only where no environment before it has Django. Never throws.
 */
export async function findPython(host: Host, config: Config, project: Project): Promise<PythonFact> {
  const folders = await foldersOf(project)
  if (config.python !== undefined) return namedPython(host, config.python, project, folders)
  const candidates: Candidate[] = []
  const active = host.env['VIRTUAL_ENV'] ?? ''
  const places = folders.flatMap((folder) => names.map((name) => join(folder, name)))
  if (active !== '') {
    const candidate = await assess(host, active, `VIRTUAL_ENV (${shown(project, active)})`)
    candidates.push(places.includes(active) ? await ownEnvironment(candidate, active, project) : candidate)
  }
  candidates.push(
    ...(await inPlaces(
      host,
      project,
      places.filter((path) => path !== active),
    )),
  )
  if (!candidates.some((candidate) => hasDjango(candidate)))
    for (const { folder, tool } of await toolFolders(host, project, folders))
      candidates.push(await assess(host, resolve(project.backend, folder), `${tool} (${shown(project, folder)})`))
  if (!candidates.some((candidate) => hasDjango(candidate))) candidates.push(...(await ofThePath(host)))
  return { named: false, candidates, ...(await another(host, project, folders, candidates)) }
}

/** The folders that may hold the project's environment, manage.py's first: up to the repository's root, and the one above where there is no other. */
async function foldersOf({ backend, root }: Project): Promise<string[]> {
  const top = backend === root ? dirname(root) : root
  const above = upwards(backend, '').slice(0, mostAbove)
  const isRoot = await Promise.all(above.map((folder) => isEntry(join(folder, '.git'))))
  const repository = isRoot.indexOf(true)
  return [...new Set([backend, dirname(backend), top, ...above.slice(0, repository + 1)])]
}

/** So many folders are looked at for the repository's root. */
const mostAbove = 6

/** One that was named; where that is no environment, those that were made with it as well: nothing is ever installed into it. */
async function namedPython(host: Host, named: string, project: Project, folders: readonly string[]): Promise<PythonFact> {
  const file = /[\\/]/.test(named) ? resolve(project.root, named) : named
  const candidate = await assessInterpreter(host, file, named)
  if (candidate.state !== 'usable' || candidate.environment.isVirtual) return { named: true, candidates: [candidate] }
  const { version } = candidate.environment
  const places = folders.flatMap((folder) => names.map((name) => join(folder, name)))
  const made = (await inPlaces(host, project, places)).map((each): Candidate => {
    const other = each.state === 'usable' ? each.environment : undefined
    if (other === undefined || minorOf(other.version) === minorOf(version)) return each
    return { state: 'other-version', label: other.label, folder: dirname(dirname(other.python)), version: other.version }
  })
  return { named: true, candidates: [candidate, ...made] }
}

const minorOf = (version: string): string | undefined => /^\d+\.\d+/.exec(version)?.[0]

async function inPlaces(host: Host, project: Project, places: readonly string[]): Promise<Candidate[]> {
  const candidates: Candidate[] = []
  for (const path of places) {
    const lost = await lostLink(path)
    if (lost !== undefined) candidates.push(broken(shown(project, path), lost, `it is a link to ${lost}, which isn't there`, true))
    else if (await isEnvironment(path)) candidates.push(await ownEnvironment(await assess(host, path, shown(project, path)), path, project))
  }
  return candidates
}

/** What the checkout says of its Python, and which there are: asked where an environment has to be made, and `python3` isn't the one. */
async function another(
  host: Host,
  project: Project,
  folders: readonly string[],
  candidates: readonly Candidate[],
): Promise<Pick<PythonFact, 'wish' | 'interpreters'>> {
  const usable = candidates.flatMap((candidate) => (candidate.state === 'usable' ? [candidate.environment] : []))
  if (usable.some(({ isVirtual }) => isVirtual)) return {}
  const wish = await pythonWish(project.root, folders)
  return wantsAnother(wish, usable[0]?.version) ? { wish, interpreters: await interpreters(host) } : {}
}

function hasDjango(candidate: Candidate): boolean {
  return candidate.state === 'usable' && candidate.environment.packages.has('django')
}

/** A broken environment inside the checkout is the project's own, if pyvenv.cfg says that it is an environment at all. */
async function ownEnvironment(candidate: Candidate, folder: string, project: Project): Promise<Candidate> {
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

/** Names that environments have, in the order in which they are looked for. */
const names = ['.venv', 'venv', 'env'] as const

async function assess(host: Host, folder: string, label: string): Promise<Candidate> {
  const python = interpreterOf(folder, host.platform)
  const [there, system] = host.platform === 'win32' ? (['linux', 'Linux or macOS'] as const) : (['win32', 'Windows'] as const)
  if (!(await isEntry(python)) && (await isEntry(join(folder, ...interpreterIn[there])))) return { state: 'foreign', label, folder, system }
  const reason = await brokenReason(python, folder)
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
async function brokenReason(python: string, folder: string): Promise<string | 'absent' | undefined> {
  const entry = await lstat(python).catch(() => undefined)
  const home = /^home\s*=\s*(.+)$/m.exec((await readText(join(folder, 'pyvenv.cfg'))) ?? '')?.[1]?.trim()
  if (entry === undefined) {
    return (await isFile(join(folder, 'pyvenv.cfg'))) ? `it has no interpreter: ${python} isn't there` : 'absent'
  }
  if ((await stat(python).catch(() => undefined)) === undefined) {
    return `${python} is a link that leads nowhere${home === undefined ? '' : `; pyvenv.cfg says its Python was in ${home}`}`
  }
  return undefined
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

async function assessInterpreter(host: Host, file: string, label: string): Promise<Candidate> {
  const environment = dirname(dirname(file))
  if (isAbsolute(file) && (await isFile(join(environment, 'pyvenv.cfg')))) {
    const candidate = await assess(host, environment, label)
    return candidate.state === 'usable' ? usable({ ...candidate.environment, python: file }) : candidate
  }
  return askedFor(host, { python: file, label, isVirtual: false }, environment)
}

/** An interpreter with what it says of itself. */
async function askedFor(host: Host, known: Omit<PythonEnvironment, 'packages' | 'version'>, folder: string): Promise<Candidate> {
  const asked = await askInterpreter([known.python], host.env)
  if (asked === undefined) return broken(known.label, folder, `${known.python} doesn't run`)
  return usable({ ...known, packages: asked.packages, version: asked.python })
}

function usable(environment: PythonEnvironment): Candidate {
  return { state: 'usable', environment }
}

function broken(label: string, folder: string, reason: string, own = false): Candidate {
  return { state: 'broken', label, folder, reason, own }
}

/** `python3` of the PATH, or `py -3` on Windows, as the path of the interpreter that answers. */
async function ofThePath(host: Host): Promise<Candidate[]> {
  for (const command of host.platform === 'win32' ? [['py', '-3'], ['python']] : [['python3'], ['python']]) {
    const [file = '', ...args] = command
    const finished = await runToEnd(file, [...args, '-c', 'import sys;print(sys.executable)'], { env: host.env, deadlineMs: 5000 })
    const python = finished.stdout.trim()
    if (finished.exitCode !== 0 || python === '') continue
    const candidate = await askedFor(host, { python, label: command.join(' '), isVirtual: false }, '')
    if (candidate.state === 'usable') return [candidate]
  }
  return [{ state: 'absent', label: 'python3' }]
}
