import { dirname, isAbsolute, join, resolve } from 'node:path'
import { isFile, isFolder, readText } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { runToEnd } from '../host/processes.ts'
import { findBase } from './base-python.ts'
import { askedFor, assess, inPlaces, names, usable, type EnvironmentName } from './environments.ts'
import type { Project } from './project.ts'
import { minorOf } from './python-spec.ts'
import type { Candidate, PythonFact } from './python.ts'

/** One that was named; where that is no environment, those that were made with it as well: nothing is ever installed into it. */
export async function namedPython(host: Host, named: string, project: Project, folders: readonly string[]): Promise<PythonFact> {
  const file = /[\\/]/.test(named) ? resolve(project.root, named) : named
  // the folder of an environment stands for its interpreter
  const seen = (await isFolder(file)) ? await assess(host, file, named) : await assessInterpreter(host, file, named)
  const candidate: Candidate =
    seen.state === 'absent'
      ? { state: 'broken', label: named, folder: file, reason: `${named} is a folder, and no environment`, own: false }
      : seen
  if (candidate.state !== 'usable' || candidate.environment.isVirtual) return { named: true, candidates: [candidate] }
  const { version } = candidate.environment
  const places = folders.flatMap((folder) => names.map((name) => join(folder, name)))
  const made = (await inPlaces(host, project, places)).map((each): Candidate => {
    const other = each.state === 'usable' ? each.environment : undefined
    if (other === undefined || minorOf(other.version) === minorOf(version)) return each
    return { state: 'other-version', label: other.label, folder: dirname(dirname(other.python)), version: other.version }
  })
  return { named: true, candidates: [candidate, ...made], ignored: await ignoredNames(folders) }
}

async function assessInterpreter(host: Host, file: string, label: string): Promise<Candidate> {
  const environment = dirname(dirname(file))
  if (isAbsolute(file) && (await isFile(join(environment, 'pyvenv.cfg')))) {
    const candidate = await assess(host, environment, label)
    return candidate.state === 'usable' ? usable({ ...candidate.environment, python: file }) : candidate
  }
  return askedFor(host, { python: file, label, isVirtual: false }, environment)
}

/** `python3` of the PATH, or `py -3` on Windows, as the path of the interpreter that answers. */
export async function ofThePath(host: Host): Promise<Candidate[]> {
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

/** Asked where an environment has to be made. */
export async function baseFor(
  host: Host,
  project: Project,
  folders: readonly string[],
  candidates: readonly Candidate[],
): Promise<Pick<PythonFact, 'base' | 'ignored'>> {
  const usable = candidates.flatMap((candidate) => (candidate.state === 'usable' ? [candidate.environment] : []))
  if (usable.some(({ isVirtual }) => isVirtual)) return {}
  const [base, ignored] = await Promise.all([findBase(host, project.root, folders, usable[0]), ignoredNames(folders)])
  return { ...(base === undefined ? {} : { base }), ignored }
}

/** The usual names of an environment that the .gitignore of these folders has. */
async function ignoredNames(folders: readonly string[]): Promise<EnvironmentName[]> {
  const texts = await Promise.all(folders.map((folder) => readText(join(folder, '.gitignore'))))
  const lines = new Set(texts.flatMap((text) => text?.split(/\r?\n/) ?? []).map((line) => line.trim().replaceAll(/^(?:\*\*)?\/|\/$/g, '')))
  return names.filter((name) => lines.has(name))
}
