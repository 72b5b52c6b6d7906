import { families, vocabulary, type Family } from '../checks/vocabulary.ts'
import type { Host } from '../host/host.ts'
import { schemaVersion } from './start-json.ts'
import { styleFor } from './style.ts'
import { wrapped } from './words.ts'

/** What the families are called in a list. */
const headings: Readonly<Record<Family, string>> = {
  server: 'Server',
  address: 'Port and address',
  url: 'URL and TLS',
  proxy: 'Proxy',
  python: 'Python environment',
  settings: 'Settings and .env',
  startup: 'Application start-up',
  routing: 'Routing',
  token: 'Token',
  origin: 'Origin and hosts',
  consumer: 'Consumer',
  layer: 'Channel layer',
  redis: 'Redis',
  database: 'Database',
}

/** Every cause that can be named, family by family: id, what may be done about it, what is looked for. */
export function listText(host: Pick<Host, 'terminal'>): string[] {
  const style = styleFor(host)
  const columns = Math.min(host.terminal.columns, 100)
  const width = Math.max(...vocabulary.map(({ id }) => id.length))
  const lines = ['']
  for (const family of families) {
    lines.push(`  ${style.bold(headings[family])}`, '')
    for (const { id, automatic, title } of vocabulary.filter((entry) => entry.family === family)) {
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
      `${vocabulary.length} causes. yes: the tool may mend it by itself; ask: with your word; no: yours to mend. election-dev doctor explain ID says more.`,
      columns - 2,
    ).map((line) => `  ${style.dim(line)}`),
    '',
  )
  return lines
}

/** The same as `--json` prints it. */
export function listJson(): Readonly<Record<string, unknown>> {
  return { schemaVersion, command: 'doctor', checks: vocabulary.map((entry) => ({ ...entry })) }
}
