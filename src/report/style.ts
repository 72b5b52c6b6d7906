import { Chalk, type ChalkInstance } from 'chalk'
import type { Host } from '../host/host.ts'
import type { SocketState } from './run-event.ts'

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
export function dots(style: Style): Readonly<Record<SocketState['dot'], string>> {
  return {
    green: style.green('● connected'),
    yellow: style.yellow('● speaks WebSocket, wants a token'),
    red: style.red('● not connected'),
  }
}
