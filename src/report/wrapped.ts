import wrapAnsi from 'wrap-ansi'
import { withoutEscapes } from '../host/escape-codes.ts'
import type { Host } from '../host/host.ts'

/** What stands before the text of a row, and of a warning. */
const leads = [/^ {2}➜ {2}(?:\S+ {2,}| +)/, /^ {2}! /]

/**
 * A row or a warning as lines that fit a terminal, broken between words, the
 * later ones under the first one's text. Other lines stay as they are: a command
 * is there to be copied. Whoever reads a file has it in one line.
 */
export function wrapped(line: string, { terminal }: Pick<Host, 'terminal'>): string {
  const plain = withoutEscapes(line)
  const indent = leads.map((lead) => lead.exec(plain)?.[0].length ?? 0).find((length) => length > 0)
  if (indent === undefined || !terminal.outIsTerminal || terminal.columns <= 2 * indent) return line
  const [first = '', ...rest] = wrapAnsi(line, terminal.columns - 1, { trim: false }).split('\n')
  if (rest.length === 0) return line
  const later = wrapAnsi(rest.join(' '), terminal.columns - 1 - indent, { trim: false }).split('\n')
  return [first.trimEnd(), ...later.map((text) => `${' '.repeat(indent)}${text.trim()}`)].join('\n')
}
