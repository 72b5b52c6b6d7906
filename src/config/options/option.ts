export const commands = [
  'start',
  'status',
  'logs',
  'restart',
  'stop',
  'verify',
  'smoke',
  'doctor',
  'env',
  'init',
  'demo',
  'export',
] as const
export type CommandName = (typeof commands)[number]

/** What an option takes; `own`: what no line of text holds, with a schema of its own under its key. */
export type Takes =
  | 'text'
  | 'truth'
  /** Texts: with commas between them, or the flag given again. */
  | 'names'
  | 'repeated'
  | 'port'
  | 'milliseconds'
  /** A whole number, of which the command itself says how far it goes. */
  | 'number'
  | 'own'
  | { readonly least: number; readonly most: number }
  | { readonly words: readonly string[] }
  | { readonly pattern: RegExp; readonly allowed: string }

/** What a command says of an option, where that isn't what the others say. */
interface Saying {
  readonly about?: string
  readonly flag?: string
  readonly unset?: string
  readonly words?: readonly string[]
}

export interface Option {
  readonly takes: Takes
  /** What it means; a sentence without its capital and its stop. */
  readonly about: string
  /** What holds where nobody says anything, and what stands for that in words where it is found out. */
  readonly default?: unknown
  readonly unset?: string
  /** The place of its value on the command line, `''` where it has none; undefined: no flag gives it. */
  readonly flag?: string
  /** The name of its flag, where that isn't its own; its letter. */
  readonly name?: string
  readonly letter?: string
  /** What `--no-…` does: for what holds without a word, and for what may be left out. */
  readonly no?: string
  readonly at?: readonly CommandName[]
  readonly said?: Readonly<Partial<Record<CommandName, Saying>>>
  /** Part of how a project is looked at, and by whom: a look beside a run takes it over. */
  readonly look?: true
  /** How a command is told: no part of what it does, and no command that is printed repeats it. */
  readonly telling?: true
}

/** Commands that have much in common. */
export const launching = ['start', 'smoke', 'demo'] as const
export const proving = [...launching, 'verify', 'doctor'] as const

/** A switch that is off, and one that is on, until somebody says otherwise. */
export const optIn = <const At extends readonly CommandName[]>(at: At) => ({ takes: 'truth', flag: '', default: false, at }) as const
export const optOut = <const At extends readonly CommandName[]>(at: At) => ({ takes: 'truth', default: true, at }) as const
