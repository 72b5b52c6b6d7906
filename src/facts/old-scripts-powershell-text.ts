import { posix } from 'node:path'
import { fromRoot, type Reading, type Scope, type Word } from './old-scripts-session.ts'

/** Strings, variables and brackets of PowerShell, as text. */

/** What a sticky pattern finds at a place. */
export function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

/** Two quotes are one in it. */
const singleQuoted = /'((?:[^']|'')*)'?/y
/** `@"` to `"@` at the beginning of a line. */
const hereString = /@(["'])[ \t]*\r?(?:\n\1@|\n([^]*?)\r?(?:\n\1@|$))/y

/** The text in quotes that begins at a place, and where it ends; undefined where none begins. One that isn't closed goes to the end. */
export function stringAt(text: string, at: number, scope: Scope, reading: Reading): { inner: string; end: number } | undefined {
  const [here, quote, raw = ''] = matchAt(hereString, text, at) ?? []
  if (here !== undefined) return { inner: quote === '"' ? expandVariables(raw, scope, reading) : raw, end: at + here.length }
  const [single, inner = ''] = matchAt(singleQuoted, text, at) ?? []
  if (single !== undefined) return { inner: inner.replaceAll("''", "'"), end: at + single.length }
  if (text.charAt(at) !== '"') return undefined
  const end = doubleQuotedEnd(text, at)
  return { inner: expandVariables(text.slice(at + 1, end - 1), scope, reading), end }
}

/** Behind the closing quote; a backtick makes the next character plain. */
function doubleQuotedEnd(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    const char = text.charAt(at)
    if (char === '`') at += 1
    else if (char === '$' && text.charAt(at + 1) === '(') at = groupEnd(text, at + 1) - 1
    else if (char === '"') {
      if (text.charAt(at + 1) !== '"') return at + 1
      at += 1
    }
  }
  return text.length + 1
}

/** Behind the bracket that closes the one at `open`; brackets in strings don't count. */
export function groupEnd(text: string, open: number): number {
  let depth = 0
  for (let at = open; at < text.length; at += 1) {
    const char = text.charAt(at)
    if (char === "'") at += (matchAt(singleQuoted, text, at)?.[0].length ?? 1) - 1
    else if (char === '"') at = doubleQuotedEnd(text, at) - 1
    else if (char === '`') at += 1
    else if (char === '(') depth += 1
    else if (char === ')' && --depth === 0) return at + 1
  }
  return text.length + 1
}

const path = (where: string): Word[] => [{ text: `${fromRoot}${where}`, line: 1 }]

/** The variable at a place, how it is written, and what it holds; undefined words where that isn't known. */
export function variableAt(
  text: string,
  at: number,
  scope: Scope,
  { file }: Reading,
): { written: string; words: readonly Word[] | undefined } {
  const match = /^\$(?:\{([\w:]+)\}|((?:[A-Za-z]+:)?\w+)|[?$^])/.exec(text.slice(at, at + 200))
  if (match === null) return { written: '$', words: undefined }
  const [written] = match
  const name = match[1] ?? match[2] ?? ''
  const env = /^env:(\w+)$/i.exec(name)?.[1]
  if (env !== undefined) {
    const set = scope.env.get(env)
    return { written, words: set === undefined ? undefined : [{ text: set.value, line: set.place.line }] }
  }
  const bare = name.replace(/^\w+:/, '').toLowerCase()
  if (bare === 'psscriptroot') return { written, words: path(posix.dirname(file)) }
  if (bare === 'pscommandpath') return { written, words: path(file) }
  if (bare === 'pwd') return { written, words: scope.cwd === undefined ? undefined : path(scope.cwd) }
  return { written, words: scope.variables.get(bare) }
}

/** The content of a string in double quotes: escapes taken away, variables put in as far as they are known. */
export function expandVariables(text: string, scope: Scope, reading: Reading): string {
  let result = ''
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at)
    if (char === '`') {
      at += 1
      const next = text.charAt(at)
      result += next === 'n' ? '\n' : next === 'r' || next === '0' ? '' : next === 't' ? '\t' : next
    } else if (char === '"' && text.charAt(at + 1) === '"') {
      at += 1
      result += '"'
    } else if (char === '$' && text.charAt(at + 1) === '(') {
      const end = groupEnd(text, at + 1)
      const inner = text.slice(at + 2, end - 1)
      const known = /^\s*(?:Get-Location|pwd)\s*$/i.test(inner) ? '$PWD' : inner
      result += /^\s*\$[\w:]+\s*$/.test(known) ? expandVariables(known.trim(), scope, reading) : text.slice(at, end)
      at = end - 1
    } else if (char === '$') {
      const { written, words } = variableAt(text, at, scope, reading)
      result += words === undefined ? written : words.map((word) => word.text).join(' ')
      at += written.length - 1
    } else result += char
  }
  return result
}
