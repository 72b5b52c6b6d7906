import { Chalk, type ChalkInstance } from 'chalk'
import type { Host } from '../host/host.ts'
import type { socketWord } from './run-event.ts'
import { version } from '../version.ts'

/** Words in colour. Without colour the same words say the same. */
export type Style = Pick<ChalkInstance, 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan'>

/** A style for the host's terminal. 16 colours: they follow the user's own theme. */
export function styleFor(host: Pick<Host, 'terminal'>): Style {
  return new Chalk({ level: host.terminal.color ? 1 : 0 })
}

/** The first lines of what a command prints: who speaks, and of what. */
export function heading(what: string, style: Style): string[] {
  return ['', `  ${style.bold(style.green('election-dev'))} ${style.green(version)}   ${what}`, '']
}

/** A WebSocket's dot, and what it means; `id`: of the cause. */
export function dotOf(style: Style, word: ReturnType<typeof socketWord>, id?: string): string {
  if (word === 'connected') return style.green('● connected')
  if (word === 'not-connected') return style.red('● not connected')
  return style.yellow(`● speaks WebSocket, ${word === 'refused' ? 'and ' : ''}${yellowWords(word, id)}`)
}

/** What a server wants that speaks WebSocket; `id`: of the cause. */
export function yellowWords(state: 'wants-token' | 'refused', id: string | undefined): string {
  if (state === 'refused') return 'the application refuses'
  return id === 'session-missing' ? 'wants a login' : 'wants a token'
}
