/**
 * Every option, once: its type, default, words, flag, and the commands that take it. The command line, the configuration
 * file with its schema, the variables (`ELECTION_DEV_…`), completion and the README's table are made of it.
 * Plain data: the command line reads it before anything else is loaded.
 */
import { launchKeys } from './launch.ts'
import type { Option, Takes } from './option.ts'
import { projectKeys } from './project.ts'
import { stackKeys } from './stack.ts'

/** The keys of the configuration file, in the order in which they are told. */
export const keys = { ...projectKeys, ...launchKeys, ...stackKeys } as const satisfies Readonly<Record<string, Option>>

type Keys = typeof keys
export type OptionKey = keyof Keys

type TextOf<Kind> = Kind extends { readonly words: readonly (infer Word)[] } ? Word : string
/** The type of what an option takes. */
export type ValueOf<Kind> = Kind extends 'truth'
  ? boolean
  : Kind extends 'names' | 'repeated'
    ? string[]
    : Kind extends 'port' | 'milliseconds' | 'number' | { readonly least: number }
      ? number
      : Kind extends 'own'
        ? unknown
        : TextOf<Kind>

/** What a file, flags or variables say of the keys that a line of text holds. */
export type PlainValues = { [Key in OptionKey as Keys[Key]['takes'] extends 'own' ? never : Key]?: ValueOf<Keys[Key]['takes']> }

/** Keys that always have a value. */
export type Defaulted = { [Key in OptionKey]: Keys[Key] extends { readonly default: unknown } ? Key : never }[OptionKey]

/** What holds where nobody says anything, under the keys. */
export const usual: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries<Option>(keys).flatMap(([key, row]) => (row.default === undefined ? [] : [[key, row.default]])),
)

/** Whether a whole number is what it takes. */
export function isNumber(takes: Takes | undefined): boolean {
  return takes === 'port' || takes === 'milliseconds' || takes === 'number' || (typeof takes === 'object' && 'least' in takes)
}

/** Whether it holds without a word, so that a flag can only take it back: `--no-watch`. */
export function isNegated({ no, flag }: Option): boolean {
  return flag === undefined && no !== undefined
}

/** The flag of an option, without its value. */
export function flagOf(key: string, row: Option | undefined): string {
  return `--${row !== undefined && isNegated(row) ? 'no-' : ''}${dashed(row?.name ?? key)}`
}

/** The variable of a key. */
export function variableOf(key: string): string {
  return `ELECTION_DEV_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

export function dashed(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** What holds without a word, in words; undefined where that is nothing. */
export function defaultWords({ default: usual, unset }: Option): string | undefined {
  if (unset !== undefined) return unset === '' ? undefined : unset
  if (usual === undefined || usual === false || (typeof usual === 'object' && Object.values(usual ?? {}).length === 0)) return undefined
  return typeof usual === 'string' ? usual : JSON.stringify(usual)
}
