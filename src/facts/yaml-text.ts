/** Reads the YAML that people write by hand: block and flow collections, quotes, block texts, anchors, merges. What is beyond it is left out. */

export type YamlNode =
  | { readonly kind: 'text'; readonly text: string; readonly line: number }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, YamlNode>; readonly line: number }
  | { readonly kind: 'list'; readonly items: readonly YamlNode[]; readonly line: number }

interface Line {
  readonly indent: number
  readonly text: string
  readonly line: number
}

interface Reader {
  readonly lines: Line[]
  readonly raw: readonly string[]
  at: number
  readonly anchors: Map<string, YamlNode>
}

/** The first document of a text; lines are counted from 1. Never throws: undefined where nothing can be made of it. */
export function readYaml(text: string): YamlNode | undefined {
  const raw = text.replace(/^\u{feff}/u, '').split(/\r\n|\n|\r/)
  const lines = raw.flatMap((written, index) => {
    const bare = withoutComment(written).trimEnd()
    const trimmed = bare.trimStart()
    if (trimmed === '' || trimmed === '---' || trimmed.startsWith('%')) return []
    return [{ indent: bare.length - trimmed.length, text: trimmed, line: index + 1 }]
  })
  const reader: Reader = { lines, raw, at: 0, anchors: new Map() }
  return block(reader, 0)
}

/** The value at a path of keys. */
export function yamlAt(node: YamlNode | undefined, ...path: readonly string[]): YamlNode | undefined {
  let current = node
  for (const key of path) current = current?.kind === 'map' ? current.entries.get(key) : undefined
  return current
}

function block(reader: Reader, least: number): YamlNode | undefined {
  const first = reader.lines[reader.at]
  if (first === undefined || first.indent < least) return undefined
  if (/^-(?:\s|$)/.test(first.text)) return list(reader, first)
  if (keyOf(first.text) !== undefined) return map(reader, first)
  reader.at += 1
  return scalar(first.text, first.line, reader)
}

function list(reader: Reader, first: Line): YamlNode {
  const items: YamlNode[] = []
  for (;;) {
    const line = reader.lines[reader.at]
    if (line === undefined || line.indent !== first.indent || !/^-(?:\s|$)/.test(line.text)) break
    const rest = line.text.slice(1).trimStart()
    if (rest === '') {
      reader.at += 1
      const item = block(reader, first.indent + 1)
      if (item !== undefined) items.push(item)
    } else {
      // what follows the dash is a block of its own, as far in as it begins
      reader.lines[reader.at] = { indent: line.indent + line.text.length - rest.length, text: rest, line: line.line }
      const item = block(reader, first.indent + 1)
      if (item !== undefined) items.push(item)
    }
  }
  return { kind: 'list', items, line: first.line }
}

function map(reader: Reader, first: Line): YamlNode {
  const entries = new Map<string, YamlNode>()
  for (;;) {
    const line = reader.lines[reader.at]
    if (line === undefined || line.indent !== first.indent) break
    const found = keyOf(line.text)
    if (found === undefined) break
    reader.at += 1
    const value = valueOf(reader, line, found.rest)
    if (found.key === '<<' && value.kind === 'map') for (const [key, node] of value.entries) entries.set(key, entries.get(key) ?? node)
    else entries.set(found.key, value)
  }
  skipDeeper(reader, first.indent)
  return { kind: 'map', entries, line: first.line }
}

/** What can't be understood below a key is passed over, so that the next key is. */
function skipDeeper(reader: Reader, indent: number): void {
  for (let line = reader.lines[reader.at]; line !== undefined && line.indent > indent; line = reader.lines[reader.at]) reader.at += 1
}

function valueOf(reader: Reader, { indent, line }: Line, written: string): YamlNode {
  const anchor = /^&(\S+)\s*/.exec(written)
  const rest = (anchor === null ? written : written.slice(anchor[0].length)).replace(/^!!?\S*\s*/, '')
  const value = plainValue(reader, rest, indent, line)
  if (anchor?.[1] !== undefined) reader.anchors.set(anchor[1], value)
  return value
}

function plainValue(reader: Reader, rest: string, indent: number, line: number): YamlNode {
  const empty: YamlNode = { kind: 'text', text: '', line }
  if (/^[|>][+-]?\d?[+-]?$/.test(rest)) return blockText(reader, rest, indent, line)
  if (rest === '') {
    const next = reader.lines[reader.at]
    // a list may stand as far in as its key
    const isList = next !== undefined && next.indent === indent && /^-(?:\s|$)/.test(next.text)
    return (isList ? list(reader, next) : block(reader, indent + 1)) ?? empty
  }
  let text = rest
  // a flow collection, a quoted or a plain text may go on in deeper lines
  for (let next = reader.lines[reader.at]; next !== undefined && next.indent > indent; next = reader.lines[reader.at]) {
    text += ` ${next.text}`
    reader.at += 1
  }
  return scalar(text, line, reader)
}

function blockText(reader: Reader, style: string, indent: number, line: number): YamlNode {
  const taken: string[] = []
  let index = line
  for (; index < reader.raw.length; index += 1) {
    const raw = reader.raw[index] ?? ''
    if (raw.trim() !== '' && raw.length - raw.trimStart().length <= indent) break
    taken.push(raw.trim())
  }
  while ((reader.lines[reader.at]?.line ?? Number.POSITIVE_INFINITY) <= index) reader.at += 1
  return { kind: 'text', text: taken.join(style.startsWith('>') ? ' ' : '\n').trim(), line: line + 1 }
}

function scalar(text: string, line: number, reader: Reader): YamlNode {
  if (text.startsWith('*')) return reader.anchors.get(text.slice(1).trim()) ?? { kind: 'text', text, line }
  if (text.startsWith('[') || text.startsWith('{')) return flow(text, line, reader)
  return { kind: 'text', text: unquoted(text), line }
}

function flow(text: string, line: number, reader: Reader): YamlNode {
  const parts = flowParts(text.slice(1, text.lastIndexOf(text.startsWith('[') ? ']' : '}')))
  if (text.startsWith('[')) return { kind: 'list', items: parts.map((part) => scalar(part, line, reader)), line }
  const entries = parts.flatMap((part): [string, YamlNode][] => {
    const found = keyOf(part)
    return found === undefined ? [] : [[found.key, scalar(found.rest, line, reader)]]
  })
  return { kind: 'map', entries: new Map(entries), line }
}

function flowParts(inner: string): string[] {
  const parts: string[] = []
  let depth = 0
  let current = ''
  for (const [token] of inner.matchAll(/"(?:\\.|[^"\\])*"|'(?:''|[^'])*'|[^]/g)) {
    if (/^[[{]$/.test(token)) depth += 1
    if (/^[\]}]$/.test(token)) depth -= 1
    if (token === ',' && depth === 0) {
      parts.push(current.trim())
      current = ''
    } else current += token
  }
  return [...parts, current.trim()].filter((part) => part !== '')
}

function keyOf(text: string): { key: string; rest: string } | undefined {
  const match = /^(?:"((?:\\.|[^"\\])*)"|'((?:''|[^'])*)'|([^\s"'[{#&*!|>%@`-][^#]*?|<<|-[^\s#][^#]*?))\s*:(?:\s+([^]*))?$/.exec(text)
  if (match === null) return undefined
  return { key: match[1] ?? match[2] ?? match[3] ?? '', rest: (match[4] ?? '').trim() }
}

function unquoted(text: string): string {
  const double = /^"((?:\\.|[^"\\])*)"$/s.exec(text)?.[1]
  if (double !== undefined) return double.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char === 't' ? '\t' : char))
  const single = /^'((?:''|[^'])*)'$/s.exec(text)?.[1]
  return single === undefined ? text : single.replaceAll("''", "'")
}

/** Without a comment, which begins at a `#` after a blank, outside of quotes. */
function withoutComment(line: string): string {
  let quote = ''
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at)
    if (quote !== '') {
      if (char === '\\' && quote === '"') at += 1
      else if (char === quote) quote = ''
    } else if ((char === '"' || char === "'") && /(?:^|[\s:[{,-])$/.test(line.slice(0, at))) quote = char
    else if (char === '#' && (at === 0 || /\s/.test(line.charAt(at - 1)))) return line.slice(0, at)
  }
  return line
}
