import { Chalk } from 'chalk'
import type { LogLine } from '../facts/run-log.ts'
import { onlyColours, withoutEscapes } from '../host/escape-codes.ts'
import type { Host } from '../host/host.ts'

/** How the log is printed. */
export interface ServiceLogOptions {
  /** The names that are known, for the width of the prefix; a longer one that comes later widens it. */
  readonly services?: readonly string[]
  /** Begin each line with the local time. */
  readonly timestamps?: boolean
  /** Print these services alone; empty or undefined: all. */
  readonly only?: readonly string[]
}

/** What is printed of the log: everything, these services, or nothing. */
export type LogFilter = 'all' | 'none' | readonly string[]

/** The log of the services on the terminal, a prefix before each line: `backend │ …`. */
export interface ServiceLog {
  readonly line: (service: string, line: string) => void
  /** Keeps the lines back, until `release`, or until they are too many to be kept. */
  readonly hold: () => void
  /** Prints what was kept. Gives the number of those lines. */
  readonly release: () => number
  readonly filter: () => LogFilter
  readonly show: (filter: LogFilter) => void
}

/** How many characters are kept back: a log that says more is printed at once. No line is lost, and the memory stays small. */
const heldCharacters = 1_000_000

/**
 * Prints the log of the services. The lines keep their own colours where the
 * terminal has any; what else they do to a terminal is taken out.
 */
export function serviceLog(host: Pick<Host, 'terminal'>, options: ServiceLogOptions = {}): ServiceLog {
  const { terminal } = host
  const chalk = new Chalk({ level: terminal.color ? 1 : 0 })
  const known = new Set(options.services ?? [])
  const prefixes = new Map<string, string>()
  const clean = terminal.color ? onlyColours : withoutEscapes
  let shown: LogFilter = options.only === undefined || options.only.length === 0 ? 'all' : options.only
  let held: string[] | undefined
  let heldSize = 0

  const prefixOf = (service: string) => {
    const there = prefixes.get(service)
    if (there !== undefined) return there
    known.add(service)
    // a longer name makes room before all of them
    const width = Math.max(...[...known].map((name) => name.length))
    for (const name of known) prefixes.set(name, `${chalk[colourOf(name)](name.padEnd(width))} ${chalk.dim('│')} `)
    return prefixes.get(service) ?? ''
  }
  const release = () => {
    const lines = held ?? []
    held = undefined
    heldSize = 0
    for (const line of lines) terminal.log(line)
    return lines.length
  }
  return {
    line: (service, line) => {
      if (!shows(shown, service)) return
      const time = options.timestamps === true ? `${chalk.dim(timeOfDay(new Date()))} ` : ''
      const text = `${time}${prefixOf(service)}${clean(line)}`
      if (held === undefined) {
        terminal.log(text)
        return
      }
      held.push(text)
      heldSize += text.length
      if (heldSize > heldCharacters) release()
    },
    hold: () => void (held ??= []),
    release,
    filter: () => shown,
    show: (filter) => {
      shown = filter
    },
  }
}

/** Whether the filter lets a service through. */
function shows(filter: LogFilter, service: string): boolean {
  if (filter === 'all') return true
  return filter !== 'none' && filter.includes(service)
}

/** What follows in the round: all, then each of the services, then none. */
export function nextFilter(filter: LogFilter, services: readonly string[]): LogFilter {
  if (filter === 'none') return 'all'
  const [one] = filter === 'all' ? [] : filter
  const next = services[one === undefined ? 0 : services.indexOf(one) + 1]
  return next === undefined ? 'none' : [next]
}

/**
 * Gives the function that shows a line of a log that was kept, in the same
 * shape. Colours of the service stay where colour is wanted.
 */
export function logLines(options: { readonly timestamps: boolean; readonly color: boolean }): (line: LogLine) => string {
  const chalk = new Chalk({ level: options.color ? 1 : 0 })
  const clean = options.color ? onlyColours : withoutEscapes
  return ({ t, service, line }) => {
    const time = options.timestamps ? `${chalk.dim(timeOfDay(new Date(t)))} ` : ''
    return `${time}${chalk[colourOf(service)](service)} ${chalk.dim('│')} ${clean(line)}`
  }
}

/** 16 colours: they follow the user's own theme. Red is for what is wrong, and grey for what doesn't matter. */
const colours = [
  'cyan',
  'magenta',
  'green',
  'blue',
  'yellow',
  'cyanBright',
  'magentaBright',
  'greenBright',
  'blueBright',
  'yellowBright',
] as const

/** The colour of a service: by its name alone (FNV-1a), so that it is the same in each run. `backend` and `frontend` differ. */
export function colourOf(service: string): (typeof colours)[number] {
  let hash = 0x81_1c_9d_c5
  for (const byte of Buffer.from(service)) hash = Math.imul(hash ^ byte, 0x01_00_01_93) >>> 0
  return colours[hash % colours.length] ?? 'cyan'
}

/** `09:12:13.123`, as the clock on the wall has it. */
function timeOfDay(now: Date): string {
  const [hours, minutes, seconds] = [now.getHours(), now.getMinutes(), now.getSeconds()].map((value) => String(value).padStart(2, '0'))
  return `${hours}:${minutes}:${seconds}.${String(now.getMilliseconds()).padStart(3, '0')}`
}
