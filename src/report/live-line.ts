import type { ServiceStatus } from '../facts/service-status.ts'
import { withoutEscapes } from '../host/escape-codes.ts'
import { displayWidth, fitted } from './display-width.ts'
import type { LogFilter } from './service-log.ts'
import type { StackStatus } from './stack-control.ts'
import { yellowWords, type Style } from './style.ts'

/** What else decides about the status line. */
export interface LiveLineOptions {
  readonly columns: number
  readonly style: Style
  /** Keys are taken: they are named. */
  readonly keys: boolean
  /** Which services' lines are printed, where not all. */
  readonly filter: LogFilter
}

type Colour = keyof Style | 'plain'
type Part = readonly [text: string, colour: Colour]

/** Fewer columns than these are left for the last error only where nothing else is to be said. */
const leastError = 20

/**
 * The run in one line that takes at most `columns` - 1 columns: the WebSocket,
 * its sockets, the services, the last error, the keys. What doesn't fit is left
 * out from the end: the keys first, then what the error says.
 */
export function liveLine(status: StackStatus, { columns, style, keys, filter }: LiveLineOptions): string {
  const room = columns - 1
  const parts = joined([socketPart(status), ...countParts(status), ...status.services.map(servicePart), ...filterParts(filter)])
  const error = status.lastError === undefined ? undefined : oneLine(`last error: ${status.lastError}`)
  const hints = keys ? keyHints(status).map((hint): Part => [` — ${hint}`, 'dim']) : []
  const errorWidth = error === undefined ? 0 : displayWidth(error) + 3
  const hint = hints.find(([text]) => widthOf(parts) + errorWidth + displayWidth(text) <= room)
  const errorRoom = room - widthOf(parts) - 3
  const errorParts: Part[] =
    error === undefined || (errorRoom < leastError && errorWidth - 3 > errorRoom)
      ? []
      : [
          [' · ', 'dim'],
          [fitted(error, errorRoom), 'red'],
        ]
  return painted([...parts, ...errorParts, ...(hint === undefined ? [] : [hint])], room, style)
}

function socketPart({ websocket }: StackStatus): Part {
  if (websocket === undefined) return [' ○ not tried yet', 'dim']
  const { state } = websocket
  if (state === undefined) return [' ○ not connected', 'dim']
  if (state.dot === 'green') return [' ● connected', 'green']
  return [` ● ${state.dot === 'red' ? state.diagnosis.id : yellowWords(state.state, state.diagnosis.id)}`, state.dot]
}

function countParts({ openSockets }: StackStatus): Part[] {
  return openSockets === undefined ? [] : [[`${openSockets} ${openSockets === 1 ? 'socket' : 'sockets'}`, 'plain']]
}

const colourOfState: Readonly<Record<ServiceStatus['state'], Colour>> = {
  waiting: 'dim',
  starting: 'yellow',
  ready: 'plain',
  restarting: 'yellow',
  failed: 'red',
  done: 'dim',
  stopped: 'dim',
}

function servicePart({ name, state, restarts }: ServiceStatus): Part {
  return [`${name} ${state}${restarts === 0 ? '' : ` (${restarts})`}`, colourOfState[state]]
}

function filterParts(filter: LogFilter): Part[] {
  if (filter === 'all') return []
  return [[filter === 'none' ? 'log off' : `log: ${filter.join(', ')}`, 'cyan']]
}

/** The longest first. */
function keyHints({ page }: StackStatus): string[] {
  const open = page === undefined ? '' : '  o open'
  return [`r restart  v verify  d doctor${open}  l logs  q quit`, 'h help  q quit']
}

function joined(parts: readonly Part[]): Part[] {
  return parts.flatMap((part, index): Part[] => (index === 0 ? [part] : [[' · ', 'dim'], part]))
}

function widthOf(parts: readonly Part[]): number {
  return parts.reduce((sum, [text]) => sum + displayWidth(text), 0)
}

/** The parts in their colours, cut where there is no more room. */
function painted(parts: readonly Part[], room: number, style: Style): string {
  let left = room
  let line = ''
  for (const [text, colour] of parts) {
    const shown = fitted(text, left)
    line += colour === 'plain' || shown === '' ? shown : style[colour](shown)
    left -= displayWidth(shown)
    if (shown !== text) break
  }
  return line
}

function oneLine(text: string): string {
  return withoutEscapes(text)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
}
