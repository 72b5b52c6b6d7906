import { join } from 'node:path'
import { isFile, readText } from '../host/files.ts'
import { requirementsOfFile, scored, type RequirementLine } from './requirement-lines.ts'

/** Tools that keep a project's environment by themselves. */
const managers = ['uv', 'poetry', 'pdm', 'pipenv'] as const
export type Manager = (typeof managers)[number]

/** The tool of a project's lock, where it has one. */
export function managerNamed(requirements: Requirements | undefined): Manager | undefined {
  return managers.find((name) => name === requirements?.kind)
}

/** How the project says what it needs. Paths are absolute. */
export interface Requirements {
  readonly kind: 'requirements' | 'pyproject' | 'setuptools' | Manager
  readonly file: string
  /** Normalised names of the distributions that are asked for without a condition; empty where only the tool knows. */
  readonly names: readonly string[]
  /** Everything that is asked for, as far as it can be read, with where. */
  readonly lines?: readonly RequirementLine[]
  /** What developers install besides. */
  readonly development?: readonly RequirementLine[]
  /** What is asked for that another platform alone can have: in none of the above. */
  readonly left?: readonly RequirementLine[]
  /** What a requirements file says besides, in the words of pip's command line: options, folders, URLs. */
  readonly words?: readonly string[]
  /** It says what only a file can say: hashes. */
  readonly isFileOnly?: true
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

/** A file that says what to install, and how much of a Channels project it asks for, 2 at most. */
export interface ScoredRequirements extends Requirements {
  readonly score: number
}

/**
 * The file that says what to install, in one of `folders`, the nearest first:
 * the first in the order of their worth that asks for Django and Channels, since
 * a project may keep a poor one beside the one that it installs by.
 */
export async function findRequirements(backend: string, folders: readonly string[]): Promise<Requirements | undefined> {
  const plain = await Promise.all(folders.map(async (folder) => ({ folder, files: await requirementsIn(folder) })))
  const hasLock = (await Promise.all(folders.flatMap((folder) => lockFiles.map((name) => isFile(join(folder, name)))))).some(Boolean)
  const isEnough = !hasLock && plain[0]?.files.some(({ score }) => score === 2) === true
  const sources = isEnough ? undefined : await import('./requirement-sources.ts')
  const found: ScoredRequirements[] = []
  for (const { folder, files } of plain) {
    const others = await sources?.otherSources(folder, backend)
    found.push(...(others?.locks ?? []), ...files, ...(others?.unlocked ?? []))
  }
  const [best] = found.toSorted((a, b) => b.score - a.score)
  if (best === undefined) return undefined
  const { score: _, ...requirements } = best
  return requirements
}

/** The locks of uv, Poetry and pdm. */
const lockFiles = ['uv.lock', 'poetry.lock', 'pdm.lock'] as const

async function requirementsIn(folder: string): Promise<ScoredRequirements[]> {
  const found: ScoredRequirements[] = []
  for (const name of requirementFiles) {
    const file = join(folder, name)
    const { lines, ...more } = (await requirementsOfFile(file)) ?? {}
    if (lines === undefined) continue
    const entry = { kind: 'requirements' as const, file, ...more, ...scored(lines) }
    // what a host of the deployment wants to find at the root
    const isDeployed = /^[ \t]*(?:-r|--requirement)[ =]?\s*\S*prod/m.test((await readText(file)) ?? '')
    found.push(isDeployed ? { ...entry, score: entry.score - 0.5 } : entry)
  }
  return found
}
