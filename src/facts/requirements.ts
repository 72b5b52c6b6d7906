import { join } from 'node:path'
import { isFile, readText } from '../host/files.ts'
import { normalName } from './packages.ts'

/** How the project says what it needs. Paths are absolute. */
export interface Requirements {
  readonly kind: 'requirements' | 'pyproject' | 'poetry' | 'pipenv' | 'uv'
  readonly file: string
  /** Normalised names of the distributions that are asked for without a condition; empty where only the tool knows. */
  readonly names: readonly string[]
}

const requirementFiles = ['requirements.txt', 'requirements/local.txt', 'requirements/dev.txt', 'requirements/development.txt', 'requirements/base.txt', 'requirements-dev.txt']

/** The file that says what to install, beside manage.py or one level above it. */
export async function findRequirements(backend: string, above: string): Promise<Requirements | undefined> {
  for (const folder of backend === above ? [backend] : [backend, above]) {
    if (await isFile(join(folder, 'uv.lock'))) return { kind: 'uv', file: join(folder, 'uv.lock'), names: [] }
    if (await isFile(join(folder, 'poetry.lock'))) return { kind: 'poetry', file: join(folder, 'poetry.lock'), names: [] }
    for (const name of requirementFiles) {
      const text = await readText(join(folder, name))
      if (text !== undefined) return { kind: 'requirements', file: join(folder, name), names: await namesOf(join(folder, name), text) }
    }
    if (await isFile(join(folder, 'Pipfile'))) return { kind: 'pipenv', file: join(folder, 'Pipfile'), names: [] }
    const pyproject = await readText(join(folder, 'pyproject.toml'))
    if (pyproject !== undefined && /^\[project\]/m.test(pyproject)) return { kind: 'pyproject', file: join(folder, 'pyproject.toml'), names: [] }
  }
  return undefined
}

async function namesOf(file: string, text: string, depth = 0): Promise<string[]> {
  const names = requirementNames(text)
  if (depth > 4) return names
  for (const included of text.matchAll(/^\s*(?:-r|--requirement)[ =]\s*(\S+)/gm)) {
    const path = join(file, '..', included[1] ?? '')
    const inner = await readText(path)
    if (inner !== undefined) names.push(...(await namesOf(path, inner, depth + 1)))
  }
  return names
}

/** Names of a requirements file (PEP 508): without options, URLs, and lines with a condition, which may not apply here. */
export function requirementNames(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('-') && !line.includes(';') && !line.includes('://'))
    .flatMap((line) => /^([A-Za-z0-9][A-Za-z0-9._-]*)/.exec(line)?.[1] ?? [])
    .map((name) => normalName(name))
}
