import { readBytes } from '../host/files.ts'

import { errorCode, errorMessage } from '../errors.ts'
import {
  afterLine,
  isBlank,
  isKeyCharacter,
  isNewline,
  isNotNewline,
  isSpace,
  isSplitlinesBoundary,
  lineCounter,
  lineStartOf,
  linesOf,
  skip,
  strip,
  stripped,
  universal,
} from './dotenv-text.ts'

/** Which library reads the file: they differ in `export`, quotes, comments, multi-line values and what ends a line. */
export type DotenvReader = 'decouple' | 'environ' | 'dotenv'

/** A key that the library reads from the file. Offsets count UTF-16 units of the text, a byte order mark included. */
export interface DotenvEntry {
  readonly key: string
  /** As the library answers it, without interpolation; empty where `hasValue` is false. */
  readonly value: string
  /** 1-based, of the line with the key; CRLF, LF and CR each end a line. */
  readonly line: number
  /** False for a bare `KEY` without `=`, which only python-dotenv reads: as a key that is set to nothing. */
  readonly hasValue: boolean
  /** The quotes around the value that this reader takes off; the outer ones where it takes off two pairs. */
  readonly quote: DotenvQuote
  readonly lineStart: number
  /** Where the last line of the entry ends, before its newline. */
  readonly lineEnd: number
  readonly keyEnd: number
  /** Of the `=`; the same as `keyEnd` where there is none. */
  readonly equals: number
  /** Of the value with its quotes. */
  readonly valueStart: number
  readonly valueEnd: number
}

export type DotenvQuote = '' | "'" | '"'

/** What is at the path of a `.env`. */
export type DotenvFact =
  | { readonly kind: 'absent'; readonly path: string }
  | {
      readonly kind: 'unreadable'
      readonly path: string
      readonly code: 'env-encoding' | 'permission' | 'size' | 'io'
      /** For people; holds nothing of the file's contents. */
      readonly reason: string
    }
  | {
      readonly kind: 'present'
      readonly path: string
      /** All of it, a byte order mark included: encoding it as UTF-8 gives `bytes` again. */
      readonly text: string
      readonly bom: boolean
      readonly entries: readonly DotenvEntry[]
      readonly bytes: Uint8Array
    }

/**
 * Reads a `.env` as its library would. Links are followed; one that leads
 * nowhere is absent, as it is for the libraries. Never throws.
 */
export async function readDotenv(path: string, reader: DotenvReader = 'decouple'): Promise<DotenvFact> {
  try {
    const bytes: Uint8Array = await readBytes(path)
    const decoded = decode(bytes)
    if ('reason' in decoded) return { kind: 'unreadable', path, code: 'env-encoding', reason: decoded.reason }
    const { text } = decoded
    return { kind: 'present', path, text, bom: text.startsWith(BOM), entries: parseDotenv(text, reader), bytes }
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent', path }
    const isDenied = code === 'EACCES' || code === 'EPERM'
    const reason = isDenied ? 'this user may not read it' : errorMessage(error)
    return { kind: 'unreadable', path, code: isDenied ? 'permission' : code === 'EFBIG' ? 'size' : 'io', reason }
  }
}

/**
 * Every key that the library takes from the text, in order, duplicates
 * included. The rules are those of the libraries' own sources: python-decouple
 * 3.8 `RepositoryEnv`, django-environ 0.14 `Env.read_env` with its default
 * `parse_comments=False`, python-dotenv 1.2 `dotenv/parser.py`.
 */
export function parseDotenv(text: string, reader: DotenvReader): readonly DotenvEntry[] {
  const lineAt = lineCounter(text)
  const spans = reader === 'decouple' ? decoupleSpans(text) : reader === 'environ' ? environSpans(text) : pythonDotenvSpans(text)
  return Array.from(spans, (span) => ({ ...span, line: lineAt(span.lineStart) }))
}

/** What stands in a file that can be read; nothing in any other. */
export function entriesOf(fact: DotenvFact | undefined): readonly DotenvEntry[] {
  return fact?.kind === 'present' ? fact.entries : []
}

/**
 * What the library answers for the key, or undefined where it has none. The
 * last duplicate wins in all three; in django-environ only since 0.8, before
 * it was the first (seen with 0.6 and 0.8.1).
 */
export function dotenvValue(entries: readonly DotenvEntry[], key: string, reader: DotenvReader): DotenvEntry | undefined {
  const entry = entries.findLast((candidate) => candidate.key === key)
  // load_dotenv leaves a key without `=` out of the environment, also where an earlier line gives it a value
  return reader === 'dotenv' && entry?.hasValue === false ? undefined : entry
}

/**
 * The truth value that the library gives the text, or undefined where it knows
 * no such word: decouple raises ValueError for it, django-environ takes it for
 * false without a word. python-dotenv leaves the question to the project, and
 * gets the words of decouple. An empty value is false in decouple and django-environ.
 */
export function booleanOf(value: string, reader: DotenvReader = 'decouple'): boolean | undefined {
  if (reader === 'environ') {
    const word = stripped(value).toLowerCase()
    if (ENVIRON_TRUE.has(word)) return true
    // Python's int(): underscores between digits, a sign
    if (/^[+-]?\d+(?:_\d+)*$/.test(word)) return /[1-9]/.test(word)
    return word === '' || DECOUPLE_FALSE.has(word) ? false : undefined
  }
  const word = value.toLowerCase()
  if (DECOUPLE_TRUE.has(word)) return true
  return (word === '' && reader === 'decouple') || DECOUPLE_FALSE.has(word) ? false : undefined
}

const DECOUPLE_TRUE = new Set(['y', 'yes', 't', 'true', 'on', '1'])
const DECOUPLE_FALSE = new Set(['n', 'no', 'f', 'false', 'off', '0'])
const ENVIRON_TRUE = new Set(['true', 'on', 'ok', 'y', 'yes', '1'])

const BOM = '\u{feff}'

type Span = Omit<DotenvEntry, 'line'>

function decode(bytes: Uint8Array): { text: string } | { reason: string } {
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return { reason: `it is UTF-16 (its first bytes are ${first === 0xff ? 'FF FE' : 'FE FF'}); the libraries read UTF-8` }
  if (bytes.includes(0)) return { reason: 'it holds NUL bytes, as UTF-16 without a byte order mark does; the libraries read UTF-8' }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return { reason: 'it is not valid UTF-8' }
  }
}

/** decouple: a line of the file each, cut at the first `=`; nothing else is special, not `export`, not an inline comment. */
function* decoupleSpans(text: string): Generator<Span> {
  for (const [lineStart, lineEnd] of linesOf(text, isNewline)) {
    const [start, end] = strip(text, lineStart, lineEnd)
    const separator = text.slice(start, end).indexOf('=')
    if (separator === -1 || text[start] === '#') continue
    const equals = start + separator
    const [keyStart, keyEnd] = strip(text, start, equals)
    const [valueStart, valueEnd] = strip(text, equals + 1, end)
    const raw = text.slice(valueStart, valueEnd)
    const quote = isQuoted(raw, "'") ? "'" : isQuoted(raw, '"') ? '"' : ''
    const value = quote === '' ? raw : raw.slice(1, -1)
    yield { key: text.slice(keyStart, keyEnd), value, hasValue: true, quote, lineStart, lineEnd, keyEnd, equals, valueStart, valueEnd }
  }
}

/** django-environ: nothing before `export ` and the key, no blanks around `=`, and all that follows is the value. */
function* environSpans(text: string): Generator<Span> {
  for (const [lineStart, lineEnd] of linesOf(text, isSplitlinesBoundary)) {
    const match = /^(?:export )?([A-Za-z_0-9]+)=([^]*)$/.exec(text.slice(lineStart, lineEnd))
    const [, key, raw] = match ?? []
    if (key === undefined || raw === undefined) continue
    const single = isQuoted(raw, "'")
    let value = single ? raw.slice(1, -1) : raw
    const double = isQuoted(value, '"')
    if (double) value = value.slice(1, -1).replace(/\\([^])/g, (pair, escaped: string) => ('rnt'.includes(escaped) ? pair : escaped))
    const equals = lineEnd - raw.length - 1
    const quote = single ? "'" : double ? '"' : ''
    yield { key, value, hasValue: true, quote, lineStart, lineEnd, keyEnd: equals, equals, valueStart: equals + 1, valueEnd: lineEnd }
  }
}

/** python-dotenv: statements that may span lines; one that doesn't parse is dropped up to the end of the line where it broke. */
function* pythonDotenvSpans(text: string): Generator<Span> {
  let at = text.startsWith(BOM) ? 1 : 0
  while (at < text.length) {
    const start = skip(text, at, isSpace)
    if (start === text.length) return
    const lineStart = lineStartOf(text, start)
    let keyStart = start
    if (text.startsWith('export', start)) {
      const afterExport = skip(text, start + 6, isBlank)
      if (afterExport > start + 6) keyStart = afterExport
    }
    const quotedKey = text[keyStart] === "'"
    const keyEnd = quotedKey ? text.indexOf("'", keyStart + 1) + 1 : skip(text, keyStart, isKeyCharacter)
    // a comment has no key and passes on to the end of its line, as does what has neither
    if (keyEnd <= keyStart + (quotedKey ? 2 : 0)) {
      at = afterLine(text, keyStart)
      continue
    }
    const equals = skip(text, keyEnd, isBlank)
    const hasValue = text[equals] === '='
    const found = hasValue ? pythonDotenvValue(text, equals) : { value: '', quote: '' as const, valueStart: keyEnd, valueEnd: keyEnd }
    if (found === undefined) {
      at = afterLine(text, skip(text, equals + 1, isBlank))
      continue
    }
    const rest = skip(text, found.valueEnd, isBlank)
    at = afterLine(text, rest)
    if (rest < text.length && text[rest] !== '#' && !isNewline(text.charCodeAt(rest))) continue
    const key = universal(quotedKey ? text.slice(keyStart + 1, keyEnd - 1) : text.slice(keyStart, keyEnd))
    yield { key, hasValue, lineStart, lineEnd: skip(text, rest, isNotNewline), keyEnd, equals: hasValue ? equals : keyEnd, ...found }
  }
}

function pythonDotenvValue(text: string, equals: number): Pick<DotenvEntry, 'value' | 'quote' | 'valueStart' | 'valueEnd'> | undefined {
  const valueStart = skip(text, equals + 1, isBlank)
  const quote = text[valueStart]
  if (quote === "'" || quote === '"') {
    const close = closingQuote(text, valueStart + 1, quote)
    if (close === -1) return undefined
    const inner = universal(text.slice(valueStart + 1, close))
    const value =
      quote === "'"
        ? inner.replace(/\\([\\'])/g, '$1')
        : inner.replace(/\\([\\'"abfnrtv])/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped)
    return { value, quote, valueStart, valueEnd: close + 1 }
  }
  // `KEY= # words` is an empty value and a comment, `KEY=#words` a value
  if (quote === '#' && valueStart > equals + 1) return { value: '', quote: '', valueStart, valueEnd: valueStart }
  const lineEnd = skip(text, valueStart, isNotNewline)
  let end = lineEnd
  for (let index = valueStart + 1; index < lineEnd; index += 1) {
    if (text[index] === '#' && isSpace(text.charCodeAt(index - 1))) {
      end = index
      break
    }
  }
  const valueEnd = strip(text, valueStart, end)[1]
  return { value: text.slice(valueStart, valueEnd), quote: '', valueStart, valueEnd }
}

const ESCAPES: Readonly<Record<string, string>> = { a: '\u{7}', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

function closingQuote(text: string, from: number, quote: string): number {
  for (let index = from; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1
    else if (text[index] === quote) return index
  }
  return -1
}

function isQuoted(raw: string, quote: string): boolean {
  return raw.length >= 2 && raw.startsWith(quote) && raw.endsWith(quote)
}
