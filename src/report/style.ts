import { Chalk } from 'chalk'
import type { Host } from '../host/host.ts'

/** Words in colour. Without colour the same words say the same. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly red: (text: string) => string
  readonly cyan: (text: string) => string
}

/** A style for the host's terminal. 16 colours: they follow the user's own theme. */
export function styleFor(host: Pick<Host, 'terminal'>): Style {
  return new Chalk({ level: host.terminal.color ? 1 : 0 })
}
