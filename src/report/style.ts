import { Chalk, type ChalkInstance } from 'chalk'
import type { Host } from '../host/host.ts'
import type { socketWord } from './run-event.ts'

/** Words in colour. Without colour the same words say the same. */
export type Style = Pick<ChalkInstance, 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan'>

/** A style for the host's terminal. 16 colours: they follow the user's own theme. */
export function styleFor(host: Pick<Host, 'terminal'>): Style {
  return new Chalk({ level: host.terminal.color ? 1 : 0 })
}

/** The first lines of what a command prints: who speaks, and of what. */
export function heading(version: string, what: string, style: Style): string[] {
  return ['', `  ${style.bold(style.green('election-dev'))} ${style.green(version)}   ${what}`, '']
}

/** A WebSocket's dot, and what it means. */
export function dots(style: Style): Readonly<Record<ReturnType<typeof socketWord>, string>> {
  return {
    connected: style.green('● connected'),
    'wants-token': style.yellow('● speaks WebSocket, wants a token'),
    refused: style.yellow('● speaks WebSocket, and the application refuses'),
    'not-connected': style.red('● not connected'),
  }
}
