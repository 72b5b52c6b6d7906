/** One key of a table, with its value as it is written: comments taken off, over several lines where it has brackets. */
export interface TomlEntry {
  readonly key: string
  readonly value: string
  /** Of the key. */
  readonly line: number
}

/** A text in quotes, and where it stands. */
interface TomlString {
  readonly text: string
  readonly line: number
}

const quotedOrComment = /("(?:[^"\\]|\\.)*"|'[^']*')|#.*$/g
const plain = (text: string): string => text.replaceAll(/["'\s]/g, '')

/**
 * The tables of a TOML text by their names, with their keys, as far as a list
 * of dependencies needs it: no text of several lines, no dotted key. What can't
 * be read is passed over. Pure.
 */
export function tomlTables(text: string): ReadonlyMap<string, readonly TomlEntry[]> {
  const tables = new Map<string, TomlEntry[]>()
  let entries: TomlEntry[] = []
  let open: { key: string; line: number; lines: string[] } | undefined
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replaceAll(quotedOrComment, (_, string: string | undefined) => string ?? '')
    const table = open === undefined ? /^\s*\[\[?([^[\]]+)\]/.exec(line)?.[1] : undefined
    const [, key, value = ''] = (open === undefined && /^\s*("[^"]*"|'[^']*'|[\w.-]+)\s*=\s*(.*)$/.exec(line)) || []
    if (table !== undefined) {
      entries = tables.get(plain(table)) ?? []
      tables.set(plain(table), entries)
    } else if (key !== undefined) open = { key: plain(key), line: index + 1, lines: [value] }
    else open?.lines.push(line)
    if (open === undefined || depthOf(open.lines) > 0) continue
    entries.push({ key: open.key, line: open.line, value: open.lines.join('\n') })
    open = undefined
  }
  return tables
}

/** How many brackets are open. */
function depthOf(lines: readonly string[]): number {
  const bare = lines.join('\n').replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '')
  return [...bare].reduce((depth, letter) => depth + Number('[{'.includes(letter)) - Number(']}'.includes(letter)), 0)
}

/** The texts of an array; those of a table within it are its own. Pure. */
export function tomlStrings({ value, line }: TomlEntry): TomlString[] {
  const lines = value.replaceAll(/\{[^}]*\}/g, (table) => table.replaceAll(/[^\n]/g, ' ')).split('\n')
  return lines.flatMap((text, index) =>
    [...text.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g)].map(([, double, single]) => ({
      text: (double ?? single ?? '').replaceAll('\\"', '"'),
      line: line + index,
    })),
  )
}
