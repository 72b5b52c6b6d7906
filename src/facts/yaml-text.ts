import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'

export type YamlNode =
  | { readonly kind: 'text'; readonly text: string; readonly line: number }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, YamlNode>; readonly line: number }
  | { readonly kind: 'list'; readonly items: readonly YamlNode[]; readonly line: number }

/**
 * The first document of a text, each scalar as it is written, aliases and merges
 * resolved; lines are counted from 1. Never throws: what can't be understood is left out.
 */
export function readYaml(text: string): YamlNode {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, schema: 'failsafe', uniqueKeys: false, logLevel: 'silent' })
  const told = new Map<unknown, YamlNode>()

  const nodeOf = (written: unknown): YamlNode => {
    const node = isAlias(written) ? written.resolve(document) : written
    const known = told.get(node)
    if (known !== undefined) return known
    const { line } = lineCounter.linePos((isScalar(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined) ?? 0)
    // an alias of what it stands in ends here
    told.set(node, { kind: 'text', text: '', line })
    const made: YamlNode = isMap(node)
      ? { kind: 'map', entries: entriesOf(node.items), line }
      : isSeq(node)
        ? { kind: 'list', items: node.items.map((item) => nodeOf(item)), line }
        : textOf(node, line)
    told.set(node, made)
    return made
  }
  const entriesOf = (pairs: readonly { readonly key: unknown; readonly value: unknown }[]) => {
    const entries = new Map<string, YamlNode>()
    for (const { key, value } of pairs) {
      const name = isScalar(key) ? String(key.value) : ''
      const item = nodeOf(value)
      if (name === '<<' && item.kind === 'map') for (const [each, own] of item.entries) entries.set(each, entries.get(each) ?? own)
      else entries.set(name, item)
    }
    return entries
  }
  return nodeOf(document.contents)
}

/** A block text begins on the line after its indicator. */
function textOf(node: unknown, line: number): YamlNode {
  if (!isScalar(node)) return { kind: 'text', text: '', line }
  const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'
  return { kind: 'text', text: String(node.value ?? '').trim(), line: isBlock ? line + 1 : line }
}

/** The value at a path of keys. */
export function yamlAt(node: YamlNode | undefined, ...path: readonly string[]): YamlNode | undefined {
  let current = node
  for (const key of path) current = current?.kind === 'map' ? current.entries.get(key) : undefined
  return current
}
