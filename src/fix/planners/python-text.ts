/** Finds statements and elements in Python source, as text: enough for small edits that leave all the rest as it is. */

/** An assignment, at any indentation. Offsets into the text. */
export interface Assignment {
  readonly operator: '=' | '+='
  /** Of its line. */
  readonly start: number
  readonly valueStart: number
  /** Without blanks and a comment behind it. */
  readonly valueEnd: number
}

/** A part of the text. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** The assignments to a name, in their order. Strings, comments and brackets over several lines are passed over rightly. */
export function assignmentsOf(text: string, name: string): Assignment[] {
  const head = new RegExp(String.raw`[ \t]*${name}[ \t]*(?::[^=\n]*)?(\+?=)(?!=)[ \t]*`, 'y')
  const found: Assignment[] = []
  let at = 0
  while (at < text.length) {
    head.lastIndex = at
    const match = head.exec(text)
    const line = logicalLine(text, match === null ? at : at + match[0].length)
    if (match !== null)
      found.push({ operator: match[1] === '+=' ? '+=' : '=', start: at, valueStart: at + match[0].length, valueEnd: line.lastEnd })
    at = line.next
  }
  return found
}

/** The statements of a source at any depth, comments and blank lines among them; each ends behind its line. */
export function statementsOf(text: string): Span[] {
  const found: Span[] = []
  for (let at = 0; at < text.length;) {
    const { next } = logicalLine(text, at)
    found.push({ start: at, end: next })
    at = next
  }
  return found
}

/** The elements between a bracket and its end, comments and blanks around them left out. */
export function elementsOf(text: string, open: number): { elements: Span[]; close: number } {
  const elements: Span[] = []
  let depth = 0
  let current: { start: number; end: number } | undefined
  for (let at = open; at < text.length;) {
    const char = text[at] ?? ''
    if (char === '#') {
      at = lineEnd(text, at)
      continue
    }
    const next = char === '"' || char === "'" ? stringEnd(text, at) : at + 1
    if (')]}'.includes(char)) depth -= 1
    if (depth === 0 && at > open) {
      if (current !== undefined) elements.push(current)
      return { elements, close: at }
    }
    if (char === ',' && depth === 1) {
      if (current !== undefined) elements.push(current)
      current = undefined
    } else if (depth > 0 && !/\s/.test(char)) current = { start: current?.start ?? at, end: next }
    if ('([{'.includes(char)) depth += 1
    at = next
  }
  return { elements, close: -1 }
}

/** The value of a key in a dict literal, however deep between the offsets: `"hosts": …`. */
export function entryOf(text: string, { start, end }: Span, key: string): Span | undefined {
  const match = new RegExp(String.raw`(["'])${key}\1[ \t]*:[ \t]*`, 'g')
  match.lastIndex = start
  const found = match.exec(text)
  if (found === null || found.index >= end) return undefined
  const valueStart = found.index + found[0].length
  return { start: valueStart, end: valueUntil(text, valueStart) }
}

/** Where a value ends: before the comma or the bracket that closes what it stands in. */
function valueUntil(text: string, from: number): number {
  let depth = 0
  let last = from
  for (let at = from; at < text.length;) {
    const char = text[at] ?? ''
    if (char === '#') {
      at = lineEnd(text, at)
      continue
    }
    if (depth === 0 && (char === ',' || ')]}'.includes(char))) return last
    if ('([{'.includes(char)) depth += 1
    if (')]}'.includes(char)) depth -= 1
    at = char === '"' || char === "'" ? stringEnd(text, at) : at + 1
    if (!/\s/.test(char)) last = at
  }
  return last
}

/** The text of a plain string literal; undefined for anything else. */
export function literalOf(written: string): string | undefined {
  return /^[rbuRBU]?(["'])((?:(?!\1)[^\\\n])*)\1$/.exec(written.trim())?.[2]
}

/** From the offset to the end of the statement. */
function logicalLine(text: string, from: number): { lastEnd: number; next: number } {
  let depth = 0
  let last = from
  let at = from
  while (at < text.length) {
    const char = text[at] ?? ''
    if (char === '#') {
      at = lineEnd(text, at)
      continue
    }
    if (char === '\n' && depth <= 0) return { lastEnd: last, next: at + 1 }
    if (char === '\\') {
      at += text.startsWith('\r\n', at + 1) ? 3 : 2
      continue
    }
    if ('([{'.includes(char)) depth += 1
    if (')]}'.includes(char)) depth -= 1
    at = char === '"' || char === "'" ? stringEnd(text, at) : at + 1
    if (!/\s/.test(char)) last = at
  }
  return { lastEnd: last, next: text.length }
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}

function stringEnd(text: string, open: number): number {
  const quote = text[open] ?? ''
  const triple = text.startsWith(quote.repeat(3), open)
  const closing = triple ? quote.repeat(3) : quote
  for (let at = open + closing.length; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text.startsWith(closing, at)) return at + closing.length
    // a plain string ends with its line at the latest: the source is broken there
    else if (!triple && text[at] === '\n') return at
  }
  return text.length
}

/** The text with a part of it replaced. */
export function spliced(text: string, { start, end }: Span, by: string): string {
  return text.slice(0, start) + by + text.slice(end)
}

/** A list literal with one more element, in the layout that it has. */
export function withElement(text: string, open: number, literal: string): string {
  const { elements } = elementsOf(text, open)
  const last = elements.at(-1)
  if (last === undefined) return spliced(text, { start: open + 1, end: open + 1 }, literal)
  const indent = /(?:^|\n)([ \t]*)$/.exec(text.slice(0, last.start))?.[1]
  return spliced(text, { start: last.end, end: last.end }, indent === undefined ? `, ${literal}` : `,\n${indent}${literal}`)
}

/** The text with lines at its end, after a blank one, in its own line ends; without a final newline where it had none. */
export function appended(text: string, lines: readonly string[]): string {
  const newline = newlineOf(text)
  const bare = text.replace(/(?:\r?\n)+$/, '')
  return `${bare}${bare === '' || bare === '\u{feff}' ? '' : newline + newline}${lines.join(newline)}${text === '' || text.endsWith('\n') ? newline : ''}`
}

/** What ends the lines of a text. */
export function newlineOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n'
}
