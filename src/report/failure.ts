import { diagnosisOf } from '../causes/causes.ts'
import type { Judged } from '../checks/diagnosis.ts'
import type { LauncherError } from '../errors.ts'
import type { Style } from './style.ts'
import { typed } from '../host/shell.ts'

/** One cause as a page: title and id, evidence, the command that mends it. */
export function diagnosisPage(diagnosis: Judged<string>, style: Style, columns: number): string[] {
  const mark = style.red('✖')
  const { commands, alternatives = [], text } = diagnosis.remedy
  const lines = ['', titled(`  ${mark} ${style.bold(diagnosis.title)}`, diagnosis.id, `  ✖ ${diagnosis.title}`, columns, style), '']
  for (const evidence of diagnosis.evidence.filter((line) => line !== '')) lines.push(`    ${evidence}`)
  lines.push('', `    Fix:  ${text}`)
  for (const command of commands) lines.push(`          ${style.cyan(typed(command))}`)
  for (const steps of alternatives)
    for (const [index, command] of steps.entries()) lines.push(`    ${index === 0 ? 'Or:   ' : '      '}${style.cyan(typed(command))}`)
  lines.push('')
  return lines
}

/** An error of ours as a page, in the same shape. */
export function errorPage(error: LauncherError, style: Style, columns: number): string[] {
  const cause = diagnosisOf(error)
  if (cause !== undefined) return diagnosisPage(cause, style, columns)
  const lines = ['', titled(`  ${style.red('✖')} ${style.bold(error.message)}`, error.code, `  ✖ ${error.message}`, columns, style), '']
  for (const evidence of error.evidence) lines.push(`    ${evidence}`)
  if (error.evidence.length > 0) lines.push('')
  if (error.hint !== undefined) lines.push(...error.hint.split('\n').map((line) => `    ${line}`), '')
  return lines
}

/** The id stands at the right where the line has room for it, else behind the title. */
export function titled(line: string, id: string, plain: string, columns: number, style: Style): string {
  const room = Math.min(columns, 100) - plain.length - id.length - 1
  return `${line}${' '.repeat(Math.max(3, room))}${style.dim(id)}`
}
