import { dirname, join } from 'node:path'
import { readMarkedText } from '../host/files.ts'
import { normalName } from './packages.ts'

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
  /** Of a repository, a folder or a URL: on an index its name may be a stranger's. */
  readonly isElsewhere?: true
}

type Place = Pick<RequirementLine, 'file' | 'line'>

const options = /\s+--(?:hash|config-settings|global-option|install-option)\b.*$/

/** One requirement (PEP 508); undefined for an option, a path, and a URL without a name. */
export function requirement(text: string, place: Place): RequirementLine | undefined {
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

/** Names that are asked for without a condition, each once. */
function namesOf(lines: readonly RequirementLine[]): string[] {
  const asked = lines.filter(({ marker, isConstraint }) => marker === undefined && isConstraint === undefined)
  return [...new Set(asked.map(({ name }) => name))]
}

/** Lines with the names that they ask for, and how many of Django and Channels they, `more` or `locked` have. */
export function scored(
  lines: readonly RequirementLine[],
  more: readonly RequirementLine[] = [],
  locked: readonly string[] = [],
): { lines: readonly RequirementLine[]; names: readonly string[]; score: number } {
  const all = new Set([...[...lines, ...more].map(({ name }) => name), ...locked])
  return { lines, names: namesOf(lines), score: ['django', 'channels'].filter((name) => all.has(name)).length }
}
