import { families, type Automatic } from '../causes/cause.ts'
import { causes, type KnownCause } from '../causes/causes.ts'
import type { Page } from '../causes/page.ts'
import type { Host } from '../host/host.ts'
import { schemaVersion } from './start-json.ts'
import { styleFor, type Style } from './style.ts'
import { titled } from './failure.ts'
import { inShell, typed } from '../host/shell.ts'
import { hanging, wrapped } from './words.ts'

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
      const head = `    ${id.padEnd(width)}  ${style.dim(automatic.padEnd(3))}`
      if (columns - before < 40) lines.push(head.trimEnd(), ...hanging('      ', 6, title, columns))
      else lines.push(...hanging(`${head}  `, before, title, columns))
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

/** What `automatic` means, as a sentence. */
const fixes: Readonly<Record<Automatic, string>> = {
  yes: 'The tool may fix this by itself.',
  ask: 'The tool fixes this only once you confirm.',
  no: 'This is yours to fix.',
}

/** One cause explained, as the lines of a page. */
export function explainText(host: Pick<Host, 'platform' | 'terminal'>, cause: KnownCause, page: Page): string[] {
  const style = styleFor(host)
  const columns = Math.min(host.terminal.columns, 100)
  const lines = ['', titled(`  ${style.bold(cause.title)}`, cause.id, `  ${cause.title}`, columns, style), '']
  lines.push(...hanging('  ', 2, page.what, columns))
  lines.push('', `  ${style.bold('How to tell')}`, '')
  for (const item of page.tells) lines.push(...listed(item, columns, style, '-'))
  lines.push('', `  ${style.bold('How to fix it')}`, '')
  page.fix.forEach((item, index) => lines.push(...listed(item, columns, style, `${index + 1}.`)))
  if (page.commands.length > 0) lines.push('')
  for (const command of page.commands.flatMap((each) => inShell(each, host.platform)))
    lines.push(`    ${style.cyan(typed(command, host.platform))}`)
  lines.push('', ...hanging('  ', 2, fixes[cause.automatic], columns).map((line) => style.dim(line)))
  lines.push('', `  ${style.bold('Background')}`, '', ...hanging('  ', 2, page.background, columns), '')
  // code has an empty line below it, and so has a list
  return lines.filter((line, index) => line !== '' || lines[index - 1] !== '')
}

/** One cause explained, as `--json` prints it. */
export function explainJson(cause: KnownCause, page: Page): Readonly<Record<string, unknown>> {
  const { what, tells, fix, commands, background } = page
  // the member keeps the name that it was promised under
  return { schemaVersion, command: 'doctor', ...causeJson(cause), page: { what, tells, mend: fix, commands, background } }
}

/** An item of a list: its prose wrapped behind the mark, its code below it as it stands. */
function listed(item: string, columns: number, style: Style, mark: string): string[] {
  const [prose = '', ...code] = item.split('\n')
  const hang = ' '.repeat(4 + mark.length + 1)
  const head = hanging(`    ${mark} `, hang.length, prose, columns)
  if (code.length === 0) return head
  return [...head, '', ...code.map((line) => (line.trim() === '' ? '' : `${hang}${style.cyan(line)}`)), '']
}
