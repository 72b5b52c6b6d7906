import { dirname, join } from 'node:path'
import { readMarkedText, readText } from '../host/files.ts'
import { normalName } from './packages.ts'
import { tomlStrings, tomlTables, type TomlEntry } from './toml-text.ts'

/** One distribution that a file asks for. */
export interface RequirementLine {
  /** Normalised. */
  readonly name: string
  /** As it is written, or as pip would have it written: `Django~=5.2; python_version >= "3.10"`. */
  readonly spec: string
  /** The condition that it is asked for under: `python_version >= "3.10"`. */
  readonly marker: string | undefined
  /** Absolute. */
  readonly file: string
  readonly line: number
  /** A constraint (`-c`), which asks for nothing. */
  readonly isConstraint?: true
}

type Place = Pick<RequirementLine, 'file' | 'line'>

const options = /\s+--(?:hash|config-settings|global-option|install-option)\b.*$/

/** One requirement (PEP 508); undefined for an option, a path, and a URL without a name. */
function requirement(text: string, place: Place): RequirementLine | undefined {
  const spec = text
    .replace(/(^|\s)#.*$/, '')
    .replace(/\s*\\$/, '')
    .replace(options, '')
    .trim()
  const name = /^([A-Za-z0-9][A-Za-z0-9._-]*)(?![+:/\\])/.exec(spec)?.[1]
  if (name === undefined || /^[a-z+]+:\/\//i.test(spec)) return undefined
  const marker = /;\s*(.+)$/.exec(spec)?.[1]
  return { name: normalName(name), spec, marker, ...place }
}

/** What a requirements file and those that it includes ask for, in pip's order; undefined where it can't be read. */
export async function requirementsOfFile(file: string): Promise<RequirementLine[] | undefined> {
  const seen = new Set<string>()
  const read = async (path: string, isConstraint: boolean): Promise<RequirementLine[] | undefined> => {
    if (seen.has(path) || seen.size > 20) return []
    seen.add(path)
    // `pip freeze > requirements.txt` in PowerShell writes UTF-16, which pip reads
    const text = await readMarkedText(path)
    if (text === undefined) return undefined
    const found: RequirementLine[] = []
    for (const [index, line] of text.split(/\r?\n/).entries()) {
      const [, option = '', included] = /^\s*(-r|--requirement|-c|--constraint)[ =]?\s*([^\s#=]+)/.exec(line) ?? []
      const own = requirement(line, { file: path, line: index + 1 })
      if (included !== undefined) found.push(...((await read(join(dirname(path), included), isConstraint || /^--?c/.test(option))) ?? []))
      else if (own !== undefined) found.push(isConstraint ? { ...own, isConstraint } : own)
    }
    return found
  }
  return read(file, false)
}

/** Names of a requirements file: without options, URLs, and lines with a condition, which may not apply here. Pure. */
export function requirementNames(text: string): string[] {
  return namesOf(text.split(/\r?\n/).flatMap((line, index) => requirement(line, { file: '', line: index + 1 }) ?? []))
}

/** Names that are asked for without a condition, each once. Pure. */
export function namesOf(lines: readonly RequirementLine[]): string[] {
  const asked = lines.filter(({ marker, isConstraint }) => marker === undefined && isConstraint === undefined)
  return [...new Set(asked.map(({ name }) => name))]
}

/** Groups and extras that a developer installs, by the names that projects give them. */
const developers = /^(?:dev|develop|development|local)$/

/** What a pyproject.toml asks for: of a project (PEP 621), of its groups for developers (PEP 735), of Poetry. `development`: of those groups. */
export function pyprojectRequirements(text: string, file: string): { main: RequirementLine[]; development: RequirementLine[] } {
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
export function pipfileRequirements(text: string, file: string): RequirementLine[] {
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
export async function setupRequirements(file: string): Promise<RequirementLine[] | undefined> {
  const text = await readText(file)
  if (text === undefined) return undefined
  const isPython = file.endsWith('.py')
  const found = (isPython ? /\binstall_requires\s*=\s*\[([^\]]*)\]/ : /^install_requires\s*=[ \t]*(.*(?:\r?\n[ \t]+.*)*)/m).exec(text)
  const [whole = '', body = ''] = found ?? []
  const from = text.slice(0, (found?.index ?? 0) + whole.indexOf(body)).split('\n').length
  return body.split(/\r?\n/).flatMap((line, index) => {
    const specs = isPython ? [...line.replace(/(^|\s)#.*$/, '').matchAll(/(["'])(.*?)\1/g)].map(([, , spec = '']) => spec) : [line]
    return specs.flatMap((spec) => requirement(spec.trim(), { file, line: from + index }) ?? [])
  })
}
