import { join } from 'node:path'
import { isFile, readMarkedText, readText } from '../host/files.ts'
import { normalName } from './packages.ts'

/** How the project says what it needs. Paths are absolute. */
export interface Requirements {
  readonly kind: 'requirements' | 'pyproject' | 'poetry' | 'pipenv' | 'uv'
  readonly file: string
  /** Normalised names of the distributions that are asked for without a condition; empty where only the tool knows. */
  readonly names: readonly string[]
}

const requirementFiles = [
  'requirements.txt',
  'requirements/local.txt',
  'requirements/dev.txt',
  'requirements/development.txt',
  'requirements/base.txt',
  'requirements-dev.txt',
]

/** The file that says what to install, beside manage.py or one level above it. */
export async function findRequirements(backend: string, above: string): Promise<Requirements | undefined> {
  for (const folder of backend === above ? [backend] : [backend, above]) {
    if (await isFile(join(folder, 'uv.lock'))) return { kind: 'uv', file: join(folder, 'uv.lock'), names: [] }
    if (await isFile(join(folder, 'poetry.lock'))) return { kind: 'poetry', file: join(folder, 'poetry.lock'), names: [] }
    for (const name of requirementFiles) {
      const names = await namesOf(join(folder, name))
      if (names !== undefined) return { kind: 'requirements', file: join(folder, name), names: [...new Set(names)] }
    }
    if (await isFile(join(folder, 'Pipfile'))) return { kind: 'pipenv', file: join(folder, 'Pipfile'), names: [] }
    const pyproject = await readText(join(folder, 'pyproject.toml'))
    if (pyproject !== undefined && /^\[tool\.poetry\.dependencies\]/m.test(pyproject))
      return { kind: 'poetry', file: join(folder, 'pyproject.toml'), names: [] }
    if (pyproject !== undefined && /^\[project\]/m.test(pyproject))
      return { kind: 'pyproject', file: join(folder, 'pyproject.toml'), names: [] }
  }
  return undefined
}

async function namesOf(file: string, seen: ReadonlySet<string> = new Set()): Promise<string[] | undefined> {
  // `pip freeze > requirements.txt` in PowerShell writes UTF-16, which pip reads
  const text = await readMarkedText(file)
  if (text === undefined) return undefined
  const names = requirementNames(text)
  for (const included of text.matchAll(/^\s*(?:-r|--requirement)[ =]?\s*([^\s#=]+)/gm)) {
    const path = join(file, '..', included[1] ?? '')
    if (path !== file && !seen.has(path)) names.push(...((await namesOf(path, new Set([...seen, file]))) ?? []))
  }
  return names
}

/** Names of a requirements file (PEP 508): without options, URLs, and lines with a condition, which may not apply here. */
export function requirementNames(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('-') && !line.includes(';') && !/^[a-z+]+:\/\//i.test(line))
    .flatMap((line) => /^([A-Za-z0-9][A-Za-z0-9._-]*)/.exec(line)?.[1] ?? [])
    .map((name) => normalName(name))
}
