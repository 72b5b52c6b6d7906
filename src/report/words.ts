import type { Diagnosis } from '../checks/diagnosis.ts'
import { typed } from '../host/shell.ts'

/** How a cause is fixed, in one line: in words, and with the first command where there is one. */
export function fixLine({ text, commands: [command] }: Diagnosis['remedy']): string {
  return command === undefined ? text : `${text}   ${typed(command)}`
}

/** Prose as lines of at most `width` columns. A word that is longer than that, such as a path, stays whole. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, line]
}

/** Prose behind a mark of `width` columns, in lines of at most `columns`: those after the first stand below its beginning. */
export function hanging(mark: string, width: number, text: string, columns: number): string[] {
  const [first = '', ...rest] = wrapped(text, columns - width)
  return [`${mark}${first}`, ...rest.map((line) => `${' '.repeat(width)}${line}`)]
}
