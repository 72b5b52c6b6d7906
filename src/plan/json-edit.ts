/** Small edits of a JSON text that leave every other byte as it is. */

interface Member {
  readonly key: string
  readonly start: number
  readonly valueStart: number
  readonly valueEnd: number
}

interface ObjectSpan {
  readonly open: number
  readonly close: number
  readonly members: readonly Member[]
}

/**
 * The text with members added at the end of the object at a path of keys, in
 * the layout that the object has; objects that aren't there are made. Undefined
 * where the text is no JSON object, or something else stands at the path. A key
 * that is there already is left alone: the caller asks first.
 */
export function withMembers(text: string, path: readonly string[], members: Readonly<Record<string, unknown>>): string | undefined {
  const open = /^\u{feff}?\s*/u.exec(text)?.[0].length ?? 0
  let span = objectAt(text, open)
  if (span === undefined || !isJson(text)) return undefined
  for (const [index, key] of path.entries()) {
    const member = span.members.findLast((each) => each.key === key)
    if (member === undefined) {
      const nested = path.slice(index + 1).reduceRight<unknown>((inner, outer) => ({ [outer]: inner }), members)
      return inserted(text, span, { [key]: nested })
    }
    const inner = objectAt(text, member.valueStart)
    if (inner === undefined) return undefined
    span = inner
  }
  return inserted(text, span, members)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text.replace(/^\u{feff}/u, ''))
    return true
  } catch {
    return false
  }
}

function inserted(text: string, { open, close, members }: ObjectSpan, added: Readonly<Record<string, unknown>>): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const last = members.at(-1)
  const unit = unitOf(text)
  const outer = /(?:^|\n)([ \t]*)[^\n]*$/.exec(text.slice(0, open))?.[1] ?? ''
  const onLines = last === undefined ? text.includes('\n') || members.length === 0 : /\n/.test(text.slice(open, last.start))
  const entries = Object.entries(added)
  if (!onLines) {
    const written = entries.map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(', ')
    return `${text.slice(0, last?.valueEnd ?? open + 1)}${last === undefined ? '' : ', '}${written}${text.slice(last?.valueEnd ?? open + 1)}`
  }
  const indent = (last === undefined ? undefined : /\n([ \t]*)$/.exec(text.slice(0, last.start))?.[1]) ?? outer + unit
  const written = entries
    .map(([key, value]) => `${indent}${JSON.stringify(key)}: ${pretty(value, unit, indent, newline)}`)
    .join(`,${newline}`)
  if (last === undefined) return `${text.slice(0, open + 1)}${newline}${written}${newline}${outer}${text.slice(close)}`
  return `${text.slice(0, last.valueEnd)},${newline}${written}${text.slice(last.valueEnd)}`
}

function pretty(value: unknown, unit: string, indent: string, newline: string): string {
  return JSON.stringify(value, undefined, unit).replaceAll('\n', `${newline}${indent}`)
}

/** What the file indents with: what its first indented line begins with. */
function unitOf(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? '  '
}

/** The object whose brace is at `open`; undefined where none is. */
function objectAt(text: string, open: number): ObjectSpan | undefined {
  if (text[open] !== '{') return undefined
  const members: Member[] = []
  let at = blanks(text, open + 1)
  while (text[at] === '"') {
    const start = at
    const keyEnd = valueEndOf(text, at)
    const colon = blanks(text, keyEnd)
    if (text[colon] !== ':') return undefined
    const valueStart = blanks(text, colon + 1)
    const valueEnd = valueEndOf(text, valueStart)
    const key: unknown = JSON.parse(text.slice(start, keyEnd))
    members.push({ key: String(key), start, valueStart, valueEnd })
    const comma = blanks(text, valueEnd)
    if (text[comma] !== ',') return text[comma] === '}' ? { open, close: comma, members } : undefined
    at = blanks(text, comma + 1)
  }
  return text[at] === '}' ? { open, close: at, members } : undefined
}

function blanks(text: string, from: number): number {
  let at = from
  while (/\s/.test(text[at] ?? '')) at += 1
  return at
}

function valueEndOf(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at += 1) {
    const char = text[at] ?? ''
    if (char === '"') {
      at += 1
      while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
      if (depth === 0) return at + 1
    } else if (char === '{' || char === '[') depth += 1
    else if (char === '}' || char === ']') {
      if (depth === 0) return at
      depth -= 1
      if (depth === 0) return at + 1
    } else if (depth === 0 && /[,\s]/.test(char)) return at
  }
  return text.length
}
