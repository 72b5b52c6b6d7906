import { families } from '../causes/cause.ts'
import { causes, type KnownCause } from '../causes/causes.ts'
import type { Host } from '../host/host.ts'
import { schemaVersion } from './start-json.ts'
import { styleFor } from './style.ts'
import { wrapped } from './words.ts'

/** Every cause that can be named, family by family: id, what may be done about it, what is looked for. */
export function listText(host: Pick<Host, 'terminal'>): string[] {
  const style = styleFor(host)
  const columns = Math.min(host.terminal.columns, 100)
  const width = Math.max(...causes.map(({ id }) => id.length))
  const lines = ['']
  for (const [family, heading] of Object.entries(families)) {
    lines.push(`  ${style.bold(heading)}`, '')
    for (const { id, automatic, title } of causes.filter((entry) => entry.family === family)) {
      // id, automatic, title in columns; a narrow terminal has the title below
      const before = 4 + width + 2 + 3 + 2
      const mark = automatic.padEnd(3)
      const head = `    ${id}${' '.repeat(width - id.length + 2)}${style.dim(mark)}`
      const room = columns - before
      if (room < 40) {
        lines.push(head.trimEnd(), ...wrapped(title, columns - 6).map((line) => `      ${line}`))
        continue
      }
      const [first = '', ...rest] = wrapped(title, room)
      lines.push(`${head}  ${first}`, ...rest.map((line) => `${' '.repeat(before)}${line}`))
    }
    lines.push('')
  }
  lines.push(
    ...wrapped(
      `${causes.length} causes. yes: the tool may fix it by itself; ask: once you confirm; no: yours to fix. election-dev doctor explain ID says more.`,
      columns - 2,
    ).map((line) => `  ${style.dim(line)}`),
    '',
  )
  return lines
}

/** The same as `--json` prints it. */
export function listJson(): Readonly<Record<string, unknown>> {
  return { schemaVersion, command: 'doctor', checks: causes.map(causeJson) }
}

/** What is known of a cause beforehand, as `--json` prints it. */
export function causeJson({ id, family, severity, automatic, title }: KnownCause): Readonly<Record<string, unknown>> {
  return { id, family, severity, automatic, title }
}
