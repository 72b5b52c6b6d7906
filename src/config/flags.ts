import { isNegated, keys } from './options/keys.ts'
import type { Option } from './options/option.ts'
import type { Flags, GivenFlag } from './config.ts'

/** What the options of every command (`OptionsOf`) have in common. */
interface Common {
  readonly cwd?: string
  readonly detach?: boolean
}

/**
 * Options as commander gives them, under the names of their keys; what is no key is left out. A negated
 * option (`--no-watch`) is true by itself where it wasn't given, which is no
 * word of the user's.
 */
export function flagsOf(options: Common & Readonly<Record<string, unknown>>): Flags {
  const flags: Record<string, unknown> = {}
  for (const [key, row] of Object.entries<Option>(keys)) {
    const value = options[row.name ?? key]
    if (value === undefined || (value === true && (row.takes === 'own' || isNegated(row)))) continue
    flags[key] = key === 'frontend' && typeof value === 'string' ? { folder: value } : value
  }
  const { cwd, detach } = options
  const beside: readonly GivenFlag[] = [
    ...(cwd === undefined ? [] : [['--cwd', cwd] as const]),
    ...(detach === true ? [['--detach'] as const] : []),
  ]
  return { ...flags, beside }
}
