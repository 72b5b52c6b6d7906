import { dirname, join, relative, sep } from 'node:path'
import { firstFile, isFile, readText, upwards } from '../host/files.ts'
import { pipfileRequirements, pyprojectRequirements, namesOf, requirementsOfFile, setupRequirements } from './requirement-lines.ts'
import type { RequirementLine } from './requirement-lines.ts'

/** How the project says what it needs. Paths are absolute. */
export interface Requirements {
  readonly kind: 'requirements' | 'pyproject' | 'setuptools' | 'poetry' | 'pdm' | 'pipenv' | 'uv'
  readonly file: string
  /** Normalised names of the distributions that are asked for without a condition; empty where only the tool knows. */
  readonly names: readonly string[]
  /** Everything that is asked for, as far as it can be read, with where. */
  readonly lines?: readonly RequirementLine[]
  /** What developers install besides. */
  readonly development?: readonly RequirementLine[]
  /** Where the tool is called, if not beside the file: a member of a workspace. */
  readonly folder?: string
}

const requirementFiles = [
  'requirements.txt',
  'requirements/local.txt',
  'requirements/dev.txt',
  'requirements/development.txt',
  'requirements/base.txt',
  'requirements-dev.txt',
]

/** A file that says what to install, and how much of a Channels project it asks for. */
interface Found extends Requirements {
  readonly score: number
}

/**
 * The file that says what to install, beside manage.py or above it up to `top`:
 * the first in the order of their worth that asks for Django and Channels, since
 * a project may keep a poor one beside the one that it installs by.
 */
export async function findRequirements(backend: string, top: string): Promise<Requirements | undefined> {
  const folders = upwards(backend, top)
  const found = (await Promise.all(folders.map((folder) => inFolder(folder, backend)))).flat()
  const [best] = found.toSorted((a, b) => b.score - a.score)
  if (best === undefined) return undefined
  const { score: _, ...requirements } = best
  return requirements
}

async function inFolder(folder: string, backend: string): Promise<Found[]> {
  const at = (name: string) => join(folder, name)
  const text = (await readText(at('pyproject.toml'))) ?? ''
  const project = pyprojectRequirements(text, at('pyproject.toml'))
  const isPoetry = /^\[tool\.poetry\.dependencies\]/m.test(text)
  const found: Found[] = []
  for (const [kind, name] of [
    ['uv', 'uv.lock'],
    ['poetry', 'poetry.lock'],
    ['pdm', 'pdm.lock'],
  ] as const) {
    const lock = await readText(at(name))
    if (lock === undefined) continue
    const member = kind === 'uv' ? await memberOf(lock, folder, backend) : undefined
    const own = member === undefined ? project : pyprojectRequirements((await readText(member)) ?? '', member)
    const entry = made(kind, at(name), own.main, own.development, lockNames(lock))
    found.push(member === undefined ? entry : { ...entry, folder: dirname(member), score: entry.score + 0.5 })
  }
  for (const name of requirementFiles) {
    const lines = await requirementsOfFile(at(name))
    if (lines === undefined) continue
    const entry = made('requirements', at(name), lines)
    // what a host of the deployment wants to find at the root
    const isDeployed = /^\s*(?:-r|--requirement)[ =]?\s*\S*prod/m.test((await readText(at(name))) ?? '')
    found.push(isDeployed ? { ...entry, score: entry.score - 0.5 } : entry)
  }
  const pipfile = await readText(at('Pipfile'))
  if (pipfile !== undefined) found.push(made('pipenv', at('Pipfile'), pipfileRequirements(pipfile, at('Pipfile'))))
  if (isPoetry) found.push(made('poetry', at('pyproject.toml'), project.main, project.development))
  else if (/^\[project\]/m.test(text)) found.push(made('pyproject', at('pyproject.toml'), project.main, project.development))
  const setup = await firstFile([at('setup.cfg'), at('setup.py')])
  const asked = (await Promise.all(['setup.cfg', 'setup.py'].map((name) => setupRequirements(at(name))))).flatMap((lines) => lines ?? [])
  if (setup !== undefined && asked.length > 0) found.push(made('setuptools', asked[0]?.file ?? setup, asked))
  return found
}

function made(
  kind: Requirements['kind'],
  file: string,
  lines: readonly RequirementLine[],
  development: readonly RequirementLine[] = [],
  locked: readonly string[] = [],
): Found {
  const all = new Set([...[...lines, ...development].map(({ name }) => name), ...locked])
  const names = namesOf(lines)
  return { kind, file, names, lines, development, score: ['django', 'channels'].filter((name) => all.has(name)).length }
}

/** Distributions of a lock file of uv, Poetry or pdm. */
function lockNames(text: string): string[] {
  return [...text.matchAll(/^name = "([^"]+)"/gm)].flatMap(([, name]) => name ?? [])
}

/** The pyproject.toml of the workspace's member that the backend is in, where the lock has it: `source = { editable = "apps/site" }`. */
async function memberOf(lock: string, folder: string, backend: string): Promise<string | undefined> {
  for (const each of upwards(backend, folder)) {
    const path = relative(folder, each).split(sep).join('/')
    if (path === '') return undefined
    if (
      new RegExp(String.raw`\b(?:editable|virtual) = "${path.replaceAll(/[.+]/g, String.raw`\$&`)}"`).test(lock) &&
      (await isFile(join(each, 'pyproject.toml')))
    )
      return join(each, 'pyproject.toml')
  }
  return undefined
}
