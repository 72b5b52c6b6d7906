/** Finds statements and elements in Python source, as text: enough for small edits that leave all the rest as it is. */

/** A part of the text, by its offsets. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** An assignment, at any indentation. */
export interface Assignment {
  readonly operator: '=' | '+='
  /** Of its line. */
  readonly start: number
  /** Of the value, without blanks and a comment behind it. */
  readonly span: Span
}

/** The assignments to a name, in their order. Strings, comments and brackets over several lines are passed over rightly. */
export function assignmentsOf(text: string, name: string): Assignment[] {
  const head = new RegExp(String.raw`[ \t]*${name}[ \t]*(?::[^=\n]*)?(\+?=)(?!=)[ \t]*`, 'y')
  const found: Assignment[] = []
  let at = 0
  while (at < text.length) {
    head.lastIndex = at
    const match = head.exec(text)
    const start = at + (match?.[0].length ?? 0)
    const { lastEnd, next } = logicalLine(text, start)
    if (match !== null) found.push({ operator: match[1] === '+=' ? '+=' : '=', start: at, span: { start, end: lastEnd } })
    at = next
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

/** The characters of the code from an offset on: a string is one of them, a comment none. `depth`: of the brackets around it since the offset. */
function* codeFrom(text: string, from: number): Generator<{ char: string; at: number; next: number; depth: number }> {
  let depth = 0
  for (let at = from; at < text.length;) {
    const char = text[at] ?? ''
    if (char === '#') {
      const end = text.indexOf('\n', at)
      at = end === -1 ? text.length : end
      continue
    }
    const next = char === '"' || char === "'" ? stringEnd(text, at) : at + 1
    if (')]}'.includes(char)) depth -= 1
    yield { char, at, next, depth }
    if ('([{'.includes(char)) depth += 1
    at = next
  }
}

/** The elements between a bracket and its end, comments and blanks around them left out. */
export function elementsOf(text: string, open: number): { elements: Span[]; close: number } {
  const elements: Span[] = []
  let current: Span | undefined
  for (const { char, at, next, depth } of codeFrom(text, open)) {
    const isEnd = depth === 0 && at > open
    if (isEnd || (char === ',' && depth === 1)) {
      if (current !== undefined) elements.push(current)
      if (isEnd) return { elements, close: at }
      current = undefined
    } else if (depth > 0 && !/\s/.test(char)) current = { start: current?.start ?? at, end: next }
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
  let last = from
  for (const { char, next, depth } of codeFrom(text, from)) {
    if (depth < 0 || (depth === 0 && char === ',')) return last
    if (!/\s/.test(char)) last = next
  }
  return last
}

/** The text of a plain string literal; undefined for anything else. */
export function literalOf(written: string): string | undefined {
  return /^[rbuRBU]?(["'])((?:(?!\1)[^\\\n])*)\1$/.exec(written.trim())?.[2]
}

/** From the offset to the end of the statement. */
function logicalLine(text: string, from: number): { lastEnd: number; next: number } {
  let last = from
  let isContinued = false
  for (const { char, next, depth } of codeFrom(text, from)) {
    if (char === '\n' && depth <= 0 && !isContinued) return { lastEnd: last, next }
    isContinued = char === '\\' || (isContinued && char === '\r')
    if (!/[\s\\]/.test(char)) last = next
  }
  return { lastEnd: last, next: text.length }
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
