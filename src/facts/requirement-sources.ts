import { dirname, join, relative, sep } from 'node:path'
import { isFile, readText, upwards } from '../host/files.ts'
import { originWords, withLocalPackages } from './local-packages.ts'
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
  const project = await pyprojectRequirements(text, at('pyproject.toml'))
  const locks: ScoredRequirements[] = []
  for (const kind of ['uv', 'poetry', 'pdm'] as const) {
    const file = at(`${kind}.lock`)
    const lock = await readText(file)
    if (lock === undefined) continue
    const member = kind === 'uv' ? await memberOf(lock, folder, backend) : undefined
    const own =
      member === undefined
        ? await pyprojectRequirements(text, at('pyproject.toml'), kind === 'poetry' ? lockVersions(lock) : undefined)
        : await pyprojectRequirements((await readText(member)) ?? '', member)
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

/** The version of each distribution that a lock has once. */
function lockVersions(text: string): Map<string, string> {
  const found = [...text.matchAll(/^name = "([^"]+)"\r?\nversion = "([^"]+)"/gm)].map(
    ([, name = '', version = '']) => [normalName(name), version] as const,
  )
  const twice = new Set(found.filter(([name], index) => found.findIndex(([other]) => other === name) !== index).map(([name]) => name))
  return new Map(found.filter(([name]) => !twice.has(name)))
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
async function pyprojectRequirements(
  text: string,
  file: string,
  locked?: ReadonlyMap<string, string>,
): Promise<{ main: RequirementLine[]; development: RequirementLine[] }> {
  const tables = tomlTables(text)
  const array = (entry: TomlEntry) => tomlStrings(entry).flatMap((one) => requirement(one.text, { file, line: one.line }) ?? [])
  const main = (tables.get('project') ?? []).filter(({ key }) => key === 'dependencies').flatMap((entry) => array(entry))
  const groups = ['project.optional-dependencies', 'dependency-groups', 'tool.pdm.dev-dependencies'].flatMap(
    (name) => tables.get(name) ?? [],
  )
  const development = groups.filter(({ key }) => developers.test(key)).flatMap((entry) => array(entry))
  for (const [name, entries] of tables) {
    if (name === 'tool.poetry.dependencies') main.push(...keyed(entries, file, locked))
    else if (/^tool\.poetry\.(?:dev-dependencies|group\.(?:dev|develop|development|local)\.dependencies)$/.test(name))
      development.push(...keyed(entries, file, locked))
  }
  return { main: await withLocalPackages(main, file), development: await withLocalPackages(development, file) }
}

/** What a Pipfile asks for. */
function pipfileRequirements(text: string, file: string): RequirementLine[] {
  return keyed(tomlTables(text).get('packages') ?? [], file)
}

/** A table of a name and its version each, as Poetry and pipenv have it; `locked`: the versions that a lock has. */
function keyed(entries: readonly TomlEntry[], file: string, locked?: ReadonlyMap<string, string>): RequirementLine[] {
  return entries
    .filter(({ key, value }) => key !== 'python' && !/\boptional\s*=\s*true/.test(value))
    .map(({ key, value, line }) => {
      const condition = /\b(?:markers|python|sys_platform|platform|os_name|python_version)\s*=\s*(["'])(.*?)\1/.exec(value)?.[0]
      const name = normalName(key)
      const spec = keyedSpec(key, value, locked?.get(name))
      const isElsewhere = /^\s*\[|\b(?:git|path|url|file)\s*=/.test(value)
      const words = isElsewhere ? originWords({ name }, { value, folder: dirname(file) }) : undefined
      return {
        name,
        spec,
        marker: condition,
        file,
        line,
        ...(isElsewhere ? { isElsewhere } : {}),
        ...(words === undefined ? {} : { words }),
      }
    })
}

/** The requirement in the words of pip: `channels = {version = "^4", extras = ["daphne"]}` is `channels[daphne]>=4,<5`. */
function keyedSpec(key: string, value: string, locked: string | undefined): string {
  const extras = [...(/\bextras\s*=\s*\[([^\]]*)\]/.exec(value)?.[1] ?? '').matchAll(/["']([\w.-]+)["']/g)].map(([, extra = '']) => extra)
  const marker = /\bmarkers\s*=\s*(["'])(.*?)\1/.exec(value)?.[2]
  const written = /^\s*["']([^"']*)["']/.exec(value)?.[1] ?? /\bversion\s*=\s*["']([^"']*)["']/.exec(value)?.[1] ?? '*'
  const versions = locked === undefined ? pipVersions(written) : `==${locked}`
  return `${key}${extras.length === 0 ? '' : `[${extras.join(',')}]`}${versions}${marker === undefined ? '' : ` ; ${marker}`}`
}

/** A constraint in the words of PEP 440: Poetry's `^` keeps the leftmost number that isn't zero (python-poetry.org, "Dependency specification"). Of alternatives nothing is said. */
function pipVersions(constraint: string): string {
  if (constraint.includes('|')) return ''
  return constraint
    .split(',')
    .map((clause) => clause.trim().replaceAll(/\s+/g, ''))
    .filter((clause) => clause !== '' && clause !== '*')
    .map((clause) => {
      const [, sign = '', version = ''] = /^([\^~](?!=)|)(\d[\w.]*)(?:\.\*)?$/.exec(clause) ?? []
      if (version === '') return clause
      if (sign === '') return clause.endsWith('.*') ? `==${clause}` : `==${version}`
      const parts = version.split('.').map((part) => Number.parseInt(part, 10) || 0)
      const kept =
        sign === '~'
          ? Math.min(1, parts.length - 1)
          : Math.max(
              0,
              parts.findIndex((part) => part > 0),
            )
      const upper = parts.slice(0, kept + 1).map((part, index) => (index === kept ? part + 1 : part))
      return `>=${version},<${upper.join('.')}`
    })
    .join(',')
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
