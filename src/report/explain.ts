import type { Automatic } from '../causes/cause.ts'
import type { KnownCause } from '../causes/causes.ts'
import type { Page } from '../causes/page.ts'
import type { Host } from '../host/host.ts'
import { causeJson } from './check-list.ts'
import { schemaVersion } from './start-json.ts'
import { styleFor, type Style } from './style.ts'
import { titled } from './failure.ts'
import { typed, wrapped } from './words.ts'

/** What `automatic` means, as a sentence. */
const fixes: Readonly<Record<Automatic, string>> = {
  yes: 'The tool may fix this by itself.',
  ask: 'The tool fixes this only once you confirm.',
  no: 'This is yours to fix.',
}

/** One cause explained, as the lines of a page. */
export function explainText(host: Pick<Host, 'terminal'>, cause: KnownCause, page: Page): string[] {
  const style = styleFor(host)
  const columns = Math.min(host.terminal.columns, 100)
  const lines = ['', titled(`  ${style.bold(cause.title)}`, cause.id, `  ${cause.title}`, columns, style), '']
  lines.push(...indented(page.what, columns, '  '))
  lines.push('', `  ${style.bold('How to tell')}`, '')
  for (const item of page.tells) lines.push(...listed(item, columns, style, '-'))
  lines.push('', `  ${style.bold('How to fix it')}`, '')
  page.fix.forEach((item, index) => lines.push(...listed(item, columns, style, `${index + 1}.`)))
  if (page.commands.length > 0) lines.push('')
  for (const command of page.commands) lines.push(`    ${style.cyan(typed(command))}`)
  lines.push('', ...indented(fixes[cause.automatic], columns, '  ').map((line) => style.dim(line)))
  lines.push('', `  ${style.bold('Background')}`, '', ...indented(page.background, columns, '  '), '')
  // code has an empty line below it, and so has a list
  return lines.filter((line, index) => line !== '' || lines[index - 1] !== '')
}

/** One cause explained, as `--json` prints it. */
export function explainJson(cause: KnownCause, page: Page): Readonly<Record<string, unknown>> {
  const { what, tells, fix, commands, background } = page
  // the member keeps the name that it was promised under
  return { schemaVersion, command: 'doctor', ...causeJson(cause), page: { what, tells, mend: fix, commands, background } }
}

function indented(text: string, columns: number, indent: string): string[] {
  return wrapped(text, columns - indent.length).map((line) => `${indent}${line}`)
}

/** An item of a list: its prose wrapped behind the mark, its code below it as it stands. */
function listed(item: string, columns: number, style: Style, mark: string): string[] {
  const [prose = '', ...code] = item.split('\n')
  const hang = ' '.repeat(4 + mark.length + 1)
  const [first = '', ...rest] = wrapped(prose, columns - hang.length)
  const head = [`    ${mark} ${first}`, ...rest.map((line) => `${hang}${line}`)]
  if (code.length === 0) return head
  return [...head, '', ...code.map((line) => (line.trim() === '' ? '' : `${hang}${style.cyan(line)}`)), '']
}
