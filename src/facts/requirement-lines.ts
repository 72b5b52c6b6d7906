import { dirname, isAbsolute, join } from 'node:path'
import { readMarkedText } from '../host/files.ts'
import { showsSecret } from '../host/secret-patterns.ts'
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
  /** How pip is told where that is: `-e /srv/vote/packages/tally`; without, the tool of the lock alone knows. Paths are absolute. */
  readonly words?: readonly string[]
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

/** What a requirements file says. */
interface FileRequirements {
  /** What it and those that it includes ask for, in pip's order. */
  readonly lines: readonly RequirementLine[]
  /** The rest of it, in the words of pip's command line. */
  readonly words: readonly string[]
  /** It says what no command line can. */
  readonly isFileOnly?: true
}

/** What a requirements file and those that it includes ask for; undefined where it can't be read. */
export async function requirementsOfFile(file: string): Promise<FileRequirements | undefined> {
  const seen = new Set<string>()
  const words: string[] = []
  let isFileOnly = false
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
      if (included !== undefined) {
        const isBounds = /^--?c/.test(option)
        if (isBounds && !isConstraint) words.push('-c', join(dirname(path), included))
        found.push(...((await read(join(dirname(path), included), isConstraint || isBounds)) ?? []))
      } else if (own !== undefined) found.push(isConstraint ? { ...own, isConstraint } : own)
      const others = isConstraint || included !== undefined || (own !== undefined && !options.test(line)) ? [] : otherWords(line, path)
      // a login of an index or a repository would stand where every user's `ps` shows it
      if (others === undefined || showsSecret(line)) isFileOnly = true
      else words.push(...others)
    }
    return found
  }
  const lines = await read(file, false)
  return lines === undefined ? undefined : { lines, words, ...(isFileOnly ? { isFileOnly } : {}) }
}

/** A line that names no distribution, in the words of pip's command line, its folder from the file's; undefined where only a file can say it. Pure. */
function otherWords(line: string, file: string): string[] | undefined {
  const text = line.replace(/(^|\s)#.*$/, '').trim()
  const there = (place: string) => (/^[a-z+]+:/i.test(place) || isAbsolute(place) ? place : join(dirname(file), place))
  if (text === '' || /^--(?:pre|no-index|prefer-binary)$/.test(text)) return text === '' ? [] : [text]
  // pip fills in variables in a file alone
  if (text.includes('${')) return undefined
  const [, option, value] =
    /^(-e|--editable|-f|--find-links|-i|--index-url|--extra-index-url|--(?:no|only)-binary)[ =]\s*(\S+)$/.exec(text) ?? []
  if (option !== undefined && value !== undefined) return [option, /binary|index/.test(option) || option === '-i' ? value : there(value)]
  return text.startsWith('-') || /\s/.test(text) ? undefined : [there(text)]
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
