import { Chalk } from 'chalk'
import type { LogLine } from '../facts/run-log.ts'
import { plain } from '../run/server.ts'

/** A line of a log, in the same shape as `start` prints it. Colours of the service stay where colour is wanted. */
export function logLine({ t, service, line }: LogLine, options: { readonly timestamps: boolean; readonly color: boolean }): string {
  const style = new Chalk({ level: options.color ? 1 : 0 })
  const time = options.timestamps ? `${style.dim(clock(new Date(t)))} ` : ''
  return `${time}${style.dim(`${service} │`)} ${options.color ? line : plain(line)}`
}

const two = (part: number): string => String(part).padStart(2, '0')

/** The local time of day to the millisecond. */
function clock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
