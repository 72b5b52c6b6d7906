import { lstat, readlink, realpath, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, posix, resolve, sep, win32 } from 'node:path'
import type { Config } from '../config/config.ts'
import { isEntry, isFile, readText } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { runToEnd } from '../host/processes.ts'
import { askInterpreter, readSitePackages, type Packages } from './packages.ts'
import { shown, type Project } from './project.ts'

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

/** Every place that was looked at, the most wanted first. */
export interface PythonFact {
  readonly candidates: readonly Candidate[]
  /** True where a flag or the configuration names the interpreter: no other is taken then. */
  readonly named: boolean
}

/**
 * Looks for the interpreters that could run the backend: flag or config,
 * VIRTUAL_ENV, `.venv`/`venv`/`env` beside manage.py or above it, poetry,
 * pipenv, conda, then `python3` of the PATH, which is asked only where no
 * environment before it has Django. Never throws.
 */
export async function findPython(host: Host, config: Config, project: Project): Promise<PythonFact> {
  if (config.python !== undefined) {
    const file = /[\\/]/.test(config.python) ? resolve(project.root, config.python) : config.python
    return { named: true, candidates: [await assessInterpreter(host, file, config.python)] }
  }
  const candidates: Candidate[] = []
  const active = host.env['VIRTUAL_ENV']
  const top = project.backend === project.root ? dirname(project.root) : project.root
  const folders = [...new Set([project.backend, dirname(project.backend), top])]
  const places = folders.flatMap((folder) => names.map((name) => join(folder, name)))
  if (active !== undefined && active !== '') {
    const candidate = await assess(host, active, `VIRTUAL_ENV (${shown(project, active)})`)
    candidates.push(places.includes(active) ? await ownEnvironment(candidate, active, project) : candidate)
  }
  for (const path of places) {
    if (path !== active) {
      const lost = await lostLink(path)
      if (lost !== undefined) candidates.push(broken(shown(project, path), lost, `it is a link to ${lost}, which isn't there`, true))
      else if (await isEnvironment(path))
        candidates.push(await ownEnvironment(await assess(host, path, shown(project, path)), path, project))
    }
  }
  if (!candidates.some((candidate) => hasDjango(candidate))) candidates.push(...(await managed(host, project)))
  if (!candidates.some((candidate) => hasDjango(candidate))) candidates.push(...(await ofThePath(host)))
  return { named: false, candidates }
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

/** Environments that a tool keeps elsewhere; the tool is asked only where its own file is in the project. */
async function managed(host: Host, project: Project): Promise<Candidate[]> {
  const folders = [project.backend, project.root]
  const has = async (name: string) => (await Promise.all(folders.map((folder) => isFile(join(folder, name))))).some(Boolean)
  const places: { folder: string | undefined; tool: string }[] = []
  if (await has('poetry.lock')) places.push({ folder: await answerOf(host, project, 'poetry', ['env', 'info', '--path']), tool: 'poetry' })
  if (await has('Pipfile')) places.push({ folder: await answerOf(host, project, 'pipenv', ['--venv']), tool: 'pipenv' })
  places.push({ folder: host.env['UV_PROJECT_ENVIRONMENT'], tool: 'uv' }, { folder: host.env['CONDA_PREFIX'], tool: 'conda' })
  const candidates: Candidate[] = []
  for (const { folder, tool } of places) {
    if (folder === undefined || folder === '') continue
    candidates.push(await assess(host, resolve(project.backend, folder), `${tool} (${shown(project, folder)})`))
  }
  return candidates
}

async function answerOf(host: Host, project: Project, tool: string, args: readonly string[]): Promise<string | undefined> {
  const finished = await runToEnd(tool, args, { cwd: project.backend, env: host.env, deadlineMs: 5000 })
  const line = finished.stdout.trim().split(/\r?\n/).at(-1)
  return finished.exitCode === 0 && line !== undefined && line !== '' ? line : undefined
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
