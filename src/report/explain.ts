import type { Automatic } from '../checks/diagnosis.ts'
import type { Page } from '../checks/pages/page.ts'
import type { CauseId, VocabularyEntry } from '../checks/vocabulary.ts'
import type { Host } from '../host/host.ts'
import { schemaVersion } from './start-json.ts'
import { styleFor, type Style } from './style.ts'
import { titled } from './failure.ts'
import { typed, wrapped } from './words.ts'

/** What `automatic` means, as a sentence. */
const mends: Readonly<Record<Automatic, string>> = {
  yes: 'The tool may mend this by itself.',
  ask: 'The tool mends this only with your word.',
  no: 'This is yours to mend.',
}

/** One cause explained, as the lines of a page. */
export function explainText(host: Pick<Host, 'terminal'>, id: CauseId, entry: VocabularyEntry, page: Page): string[] {
  const style = styleFor(host)
  const columns = Math.min(host.terminal.columns, 100)
  const lines = ['', titled(`  ${style.bold(entry.title)}`, id, `  ${entry.title}`, columns, style), '']
  lines.push(...indented(page.what, columns, '  '))
  lines.push('', `  ${style.bold('What tells it')}`, '')
  for (const item of page.tells) lines.push(...listed(item, columns, style, '-'))
  lines.push('', `  ${style.bold('How to fix it')}`, '')
  page.mend.forEach((item, index) => lines.push(...listed(item, columns, style, `${index + 1}.`)))
  if (page.commands.length > 0) lines.push('')
  for (const command of page.commands) lines.push(`    ${style.cyan(typed(command))}`)
  lines.push('', ...indented(mends[entry.automatic], columns, '  ').map((line) => style.dim(line)))
  lines.push('', `  ${style.bold('Why it is so')}`, '', ...indented(page.background, columns, '  '), '')
  // code has an empty line below it, and so has a list
  return lines.filter((line, index) => line !== '' || lines[index - 1] !== '')
}

/** One cause explained, as `--json` prints it. */
export function explainJson(id: CauseId, entry: VocabularyEntry, page: Page): Readonly<Record<string, unknown>> {
  const { family, severity, automatic, title } = entry
  const { what, tells, mend, commands, background } = page
  return { schemaVersion, command: 'doctor', id, family, severity, automatic, title, page: { what, tells, mend, commands, background } }
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
