/** JavaScript and its kin as text: enough to find literals and objects, never to run or understand code. */

/** Where something stands. */
export interface SourcePlace {
  /** Relative to the folder that was read, with forward slashes. */
  readonly file: string
  /** Counted from 1. */
  readonly line: number
}

/** The text with comments made blank, so that places in it stay what they are. Quotes that are open at a line's end are taken for apostrophes. */
export function withoutComments(text: string): string {
  return text.replace(token, (found) => (/^(?:\/\/|\/\*|<!--)/.test(found) ? found.replace(/[^\n]/g, ' ') : found))
}

const strings = String.raw`'(?:\\[^]|[^'\\\n])*'|"(?:\\[^]|[^"\\\n])*"|\`(?:\\[^]|[^\`\\])*\``

// In this order: what is escaped, strings, comments. The colon before // is that of a URL, which JSX and HTML have outside of strings too.
const token = new RegExp(String.raw`\\.|${strings}|:\/\/|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)|<!--[^]*?(?:-->|$)`, 'g')

/** The brackets and commas from a place on, as far as `end`, each with how deep it leaves the text. Those in strings don't count. */
function* bracketsFrom(text: string, from: number, end = text.length): Generator<{ sign: string; at: number; depth: number }> {
  const pattern = new RegExp(String.raw`\\[^]|${strings}|[{[(}\]),]`, 'g')
  pattern.lastIndex = from
  let depth = 0
  for (let match = pattern.exec(text); match !== null && match.index < end; match = pattern.exec(text)) {
    const [sign] = match
    if ('{[('.includes(sign)) depth += 1
    else if ('}])'.includes(sign)) depth = Math.max(0, depth - 1)
    yield { sign, at: match.index, depth }
  }
}

/** The place behind the bracket that closes the one at `open`; the text's end where none does. Brackets in strings don't count. */
export function closingOf(text: string, open: number): number {
  for (const { sign, at, depth } of bracketsFrom(text, open)) if (depth === 0 && '}])'.includes(sign)) return at + 1
  return text.length
}

/** A property of an object literal, as it is written. */
export interface Entry {
  readonly key: string
  readonly value: string
  /** Where the key stands, and where the value, in the whole text. */
  readonly at: number
  readonly valueAt: number
}

/** The properties of the object literal whose brace is at `open`; spreads, methods and computed names are passed over. */
export function entriesOf(text: string, open: number): Entry[] {
  const end = closingOf(text, open) - 1
  const entries: Entry[] = []
  const key = /\s*(?:(['"])((?:\\.|(?!\1)[^\\\n])*)\1|([\w$]+))\s*:\s*/y
  for (let at = open + 1; at < end;) {
    key.lastIndex = at
    const match = key.exec(text)
    const valueAt = match === null ? at : key.lastIndex
    const comma = commaAfter(text, valueAt, end)
    if (match !== null) {
      const begin = at + (/^\s*/.exec(match[0])?.[0].length ?? 0)
      entries.push({ key: match[2] ?? match[3] ?? '', value: text.slice(valueAt, comma).trim(), at: begin, valueAt })
    }
    at = comma + 1
  }
  return entries
}

function commaAfter(text: string, from: number, end: number): number {
  for (const { sign, at, depth } of bracketsFrom(text, from, end)) if (depth === 0 && sign === ',') return at
  return end
}

/** What a string literal says; undefined for anything that would have to be evaluated. */
export function literalOf(value: string): string | undefined {
  const [, quote, text] = /^(['"`])((?:\\.|(?!\1)[^\\])*)\1$/s.exec(value) ?? []
  return text === undefined || (quote === '`' && text.includes('${')) ? undefined : text
}

/** The line of a place, counted from 1. */
export function lineOf(text: string, at: number): number {
  let line = 1
  for (let next = text.indexOf('\n'); next >= 0 && next < at; next = text.indexOf('\n', next + 1)) line += 1
  return line
}

/** Whether a file is an installed package's: nobody edits it. */
export const isInstalled = (file: string): boolean => /(?:^|\/)node_modules\//.test(file)

/** A text as an expression that fits it alone. */
export const escapedText = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
