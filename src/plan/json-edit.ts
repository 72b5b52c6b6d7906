import { findNodeAtLocation, parseTree, type Node, type ParseError } from 'jsonc-parser'

/**
 * The text with members added at the end of the object at a path of keys, in
 * the layout that the object has, every other byte as it is; objects that aren't
 * there are made. Undefined where the text is no JSON object, or something else
 * stands at the path. A key that is there already is left alone: the caller asks first.
 */
export function withMembers(text: string, path: readonly string[], members: Readonly<Record<string, unknown>>): string | undefined {
  // one character for another: the tree has the places of the text
  const errors: ParseError[] = []
  const tree = parseTree(text.replace(/^\u{feff}/u, ' '), errors, { disallowComments: true })
  if (tree === undefined || errors.length > 0) return undefined
  const there = path.findIndex((_, index) => findNodeAtLocation(tree, path.slice(0, index + 1)) === undefined)
  const missing = there === -1 ? [] : path.slice(there)
  const target = findNodeAtLocation(tree, path.slice(0, path.length - missing.length))
  if (target?.type !== 'object') return undefined
  return inserted(
    text,
    target,
    missing.reduceRight<Readonly<Record<string, unknown>>>((inner, key) => ({ [key]: inner }), members),
  )
}

// jsonc-parser's own edits lay out what stands around them as well
function inserted(text: string, { offset, length, children = [] }: Node, added: Readonly<Record<string, unknown>>): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const last = children.at(-1)
  const lastEnd = last === undefined ? offset + 1 : last.offset + last.length
  const before = text.slice(0, lastEnd)
  const entries = Object.entries(added)
  if (last !== undefined && !text.slice(offset, last.offset).includes('\n')) {
    const written = entries.map(([key, value]) => `, ${JSON.stringify(key)}: ${JSON.stringify(value)}`)
    return before + written.join('') + text.slice(lastEnd)
  }
  // what the file indents with: what its first indented line begins with
  const unit = /\n([ \t]+)\S/.exec(text)?.[1] ?? '  '
  const outer = /(?:^|\n)([ \t]*)[^\n]*$/.exec(text.slice(0, offset))?.[1] ?? ''
  const indent = (last === undefined ? undefined : /\n([ \t]*)$/.exec(text.slice(0, last.offset))?.[1]) ?? outer + unit
  const pretty = (value: unknown) => JSON.stringify(value, undefined, unit).replaceAll('\n', newline + indent)
  const written = entries.map(([key, value]) => `${newline}${indent}${JSON.stringify(key)}: ${pretty(value)}`).join(',')
  if (last === undefined) return before + written + newline + outer + text.slice(offset + length - 1)
  return `${before},${written}${text.slice(lastEnd)}`
}
