import { Chalk } from 'chalk'
import type { LogLine } from '../facts/run-log.ts'
import { onlyColours, withoutEscapes } from '../host/escape-codes.ts'
import { colourOf, timeOfDay } from './service-log.ts'

/**
 * Gives the function that shows a line of a log in the same shape as `start`
 * prints it. Colours of the service stay where colour is wanted.
 */
export function logLines(options: { readonly timestamps: boolean; readonly color: boolean }): (line: LogLine) => string {
  const chalk = new Chalk({ level: options.color ? 1 : 0 })
  const clean = options.color ? onlyColours : withoutEscapes
  return ({ t, service, line }) => {
    const time = options.timestamps ? `${chalk.dim(timeOfDay(new Date(t)))} ` : ''
    return `${time}${chalk[colourOf(service)](service)} ${chalk.dim('│')} ${clean(line)}`
  }
}
