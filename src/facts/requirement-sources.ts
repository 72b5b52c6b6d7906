import { dirname, join, relative, sep } from 'node:path'
import { isFile, readText, upwards } from '../host/files.ts'
import { normalName } from './packages.ts'
import { requirement, scored, type RequirementLine } from './requirement-lines.ts'
import type { Requirements, ScoredRequirements } from './requirements.ts'
import { tomlStrings, tomlTables, type TomlEntry } from './toml-text.ts'

/** What says what to install beside requirements files, in the order of its worth: locks before them, the rest after. */
export async function otherSources(
  folder: string,
  backend: string,
): Promise<{ locks: ScoredRequirements[]; unlocked: ScoredRequirements[] }> {
  const at = (name: string) => join(folder, name)
  const text = (await readText(at('pyproject.toml'))) ?? ''
  const project = pyprojectRequirements(text, at('pyproject.toml'))
  const locks: ScoredRequirements[] = []
  for (const kind of ['uv', 'poetry', 'pdm'] as const) {
    const file = at(`${kind}.lock`)
    const lock = await readText(file)
    if (lock === undefined) continue
    const member = kind === 'uv' ? await memberOf(lock, folder, backend) : undefined
    const own = member === undefined ? project : pyprojectRequirements((await readText(member)) ?? '', member)
    const entry = made(kind, file, own.main, own.development, lockNames(lock))
    locks.push(member === undefined ? entry : { ...entry, folder: dirname(member), score: entry.score + 0.5 })
  }
  const unlocked: ScoredRequirements[] = []
  const pipfile = await readText(at('Pipfile'))
  if (pipfile !== undefined) unlocked.push(made('pipenv', at('Pipfile'), pipfileRequirements(pipfile, at('Pipfile'))))
  if (/^\[tool\.poetry\.dependencies\]/m.test(text)) unlocked.push(made('poetry', at('pyproject.toml'), project.main, project.development))
  else if (/^\[project\]/m.test(text)) unlocked.push(made('pyproject', at('pyproject.toml'), project.main, project.development))
  const asked = (await Promise.all(['setup.cfg', 'setup.py'].map((name) => setupRequirements(at(name))))).flat()
  const [first] = asked
  if (first !== undefined) unlocked.push(made('setuptools', first.file, asked))
  return { locks, unlocked }
}

function made(
  kind: Requirements['kind'],
  file: string,
  lines: readonly RequirementLine[],
  development: readonly RequirementLine[] = [],
  locked: readonly string[] = [],
): ScoredRequirements {
  return { kind, file, development, ...scored(lines, development, locked) }
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

/** Groups and extras that a developer installs, by the names that projects give them. */
const developers = /^(?:dev|develop|development|local)$/

/** What a pyproject.toml asks for: of a project (PEP 621), of its groups for developers (PEP 735), of Poetry. `development`: of those groups. */
function pyprojectRequirements(text: string, file: string): { main: RequirementLine[]; development: RequirementLine[] } {
  const tables = tomlTables(text)
  // a package of the workspace or of a folder: on an index its name may be a stranger's
  const local = new Set(
    [...tables].flatMap(([name, entries]) => (name === 'tool.uv.sources' ? entries.map(({ key }) => normalName(key)) : [])),
  )
  const array = (entry: TomlEntry) =>
    tomlStrings(entry)
      .flatMap((one) => requirement(one.text, { file, line: one.line }) ?? [])
      .filter(({ name }) => !local.has(name))
  const main = (tables.get('project') ?? []).filter(({ key }) => key === 'dependencies').flatMap((entry) => array(entry))
  const groups = ['project.optional-dependencies', 'dependency-groups', 'tool.pdm.dev-dependencies'].flatMap(
    (name) => tables.get(name) ?? [],
  )
  const development = groups.filter(({ key }) => developers.test(key)).flatMap((entry) => array(entry))
  for (const [name, entries] of tables) {
    if (name === 'tool.poetry.dependencies') main.push(...keyed(entries, file))
    else if (/^tool\.poetry\.(?:dev-dependencies|group\.(?:dev|develop|development|local)\.dependencies)$/.test(name))
      development.push(...keyed(entries, file))
  }
  return { main, development }
}

/** What a Pipfile asks for. */
function pipfileRequirements(text: string, file: string): RequirementLine[] {
  return keyed(tomlTables(text).get('packages') ?? [], file)
}

/** A table of a name and its version each, as Poetry and pipenv have it. */
function keyed(entries: readonly TomlEntry[], file: string): RequirementLine[] {
  return entries
    .filter(({ key, value }) => key !== 'python' && !/\boptional\s*=\s*true/.test(value))
    .map(({ key, value, line }) => {
      const condition = /\b(?:markers|python|sys_platform|platform|os_name|python_version)\s*=\s*(["'])(.*?)\1/.exec(value)?.[0]
      return { name: normalName(key), spec: key, marker: condition, file, line }
    })
}

/** What setup.cfg or setup.py asks for, as far as it is written there in so many words. */
async function setupRequirements(file: string): Promise<RequirementLine[]> {
  const text = await readText(file)
  if (text === undefined) return []
  const isPython = file.endsWith('.py')
  const found = (isPython ? /\binstall_requires\s*=\s*\[([^\]]*)\]/ : /^install_requires\s*=[ \t]*(.*(?:\r?\n[ \t]+.*)*)/m).exec(text)
  const [whole = '', body = ''] = found ?? []
  const from = text.slice(0, (found?.index ?? 0) + whole.indexOf(body)).split('\n').length
  return body.split(/\r?\n/).flatMap((line, index) => {
    const specs = isPython ? [...line.replace(/(^|\s)#.*$/, '').matchAll(/(["'])(.*?)\1/g)].map(([, , spec = '']) => spec) : [line]
    return specs.flatMap((spec) => requirement(spec.trim(), { file, line: from + index }) ?? [])
  })
}
