import { dirname, join, resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import { isEntry, upwards } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import type { BasePython } from './base-python.ts'
import { assess, inPlaces, names, ownEnvironment, type EnvironmentName } from './environments.ts'
import type { Packages } from './packages.ts'
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
  /** It runs, with another version of Python than the interpreter that was named to make one with. */
  | { readonly state: 'other-version'; readonly label: string; readonly folder: string; readonly version: string }

/** Every place that was looked at, the most wanted first. */
export interface PythonFact {
  readonly candidates: readonly Candidate[]
  /** True where a flag or the configuration names the interpreter: no other is taken then. */
  readonly named: boolean
  /** What a new environment is to be made with, where one has to be made and `python3` isn't the one. */
  readonly base?: BasePython
  /** The names that the checkout keeps out of git for an environment; looked at where one has to be made. */
  readonly ignored?: readonly EnvironmentName[]
}

/**
 * Looks for the interpreters that could run the backend: flag or config,
 * VIRTUAL_ENV, `.venv`/`venv`/`env` from beside manage.py up to the repository's
 * root, those that a tool keeps elsewhere, then `python3` of the PATH, which is
 * asked only where no environment before it has Django. Never throws.
 */
export async function findPython(host: Host, config: Config, project: Project): Promise<PythonFact> {
  const folders = await foldersOf(project)
  if (config.python !== undefined) return (await import('./python-asked.ts')).namedPython(host, config.python, project, folders)
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
  if (!candidates.some((candidate) => hasDjango(candidate))) {
    const { toolFolders } = await import('./python-tools.ts')
    for (const { folder, tool } of await toolFolders(host, folders))
      candidates.push(await assess(host, resolve(project.backend, folder), `${tool} (${shown(project, folder)})`))
  }
  if (candidates.some((candidate) => hasDjango(candidate))) return { named: false, candidates }
  const { baseFor, ofThePath } = await import('./python-asked.ts')
  candidates.push(...(await ofThePath(host)))
  return { named: false, candidates, ...(await baseFor(host, project, folders, candidates)) }
}

/** The folders that may hold the project's environment, manage.py's first: up to the repository's root, and the one above where there is no other. */
async function foldersOf(project: Project): Promise<string[]> {
  const { backend, root } = project
  return [...new Set([backend, dirname(backend), backend === root ? dirname(root) : root, ...(await projectFolders(project))])]
}

/** The folders that may say something of the project, manage.py's first: up to the root of the repository, and at least to where it was called. */
export async function projectFolders({ backend, root }: Pick<Project, 'backend' | 'root'>): Promise<string[]> {
  const above = upwards(backend, '').slice(0, mostAbove)
  const isRoot = await Promise.all(above.map((folder) => isEntry(join(folder, '.git'))))
  return above.slice(0, Math.max(isRoot.indexOf(true), above.indexOf(root), 0) + 1)
}

/** So many folders are looked at for the repository's root. */
const mostAbove = 6

function hasDjango(candidate: Candidate): boolean {
  return candidate.state === 'usable' && candidate.environment.packages.has('django')
}
