import { showsSecret } from '../host/secret-patterns.ts'
import type { Config, GivenFlag } from './config.ts'
import { keys, type OptionKey } from './options/keys.ts'
import type { Option } from './options/option.ts'

const rows: readonly (readonly [string, Option])[] = Object.entries<Option>(keys)
const isKey = (key: string): key is OptionKey => key in keys

/** A value as the words that give it; `flag` is the one of its key, given again for each of several where it is `repeated`. None where no flag gives such a value. */
function wordsOf(flag: string, value: unknown, isRepeated: boolean): readonly string[] {
  if (value === true) return [flag]
  if (value === false) return [flag.startsWith('--no-') ? flag : `--no-${flag.slice(2)}`]
  if (typeof value === 'string' || typeof value === 'number') return [flag, String(value)]
  if (Array.isArray(value)) return isRepeated ? value.flatMap((each) => [flag, String(each)]) : [flag, value.join(',')]
  if (typeof value === 'object' && value !== null && 'folder' in value && typeof value.folder === 'string') return [flag, value.folder]
  return []
}

/** The flags that this command line was given, a secret's and those of how it is told not among them. Pure. */
export function givenFlags(config: Config): readonly GivenFlag[] {
  const words = rows.flatMap(([key, { telling, takes, flag: place, no }]) => {
    if (!isKey(key) || telling === true || (place ?? no) === undefined) return []
    const flag = config.source(key)
    if (!flag.startsWith('--')) return []
    const [first, ...rest] = wordsOf(flag, config[key], takes === 'repeated')
    return first === undefined || rest.some((word) => !isPlain(word)) ? [] : [[first, ...rest] as const]
  })
  return [...config.beside, ...words]
}

/**
 * What the command line of a run and its variables say of that, under the names of the keys: for a look beside it. `port`:
 * where it serves, which need not be where it was asked to. Holds the token. Pure.
 */
export function runFlags(config: Config, port: number | undefined): Readonly<Record<string, unknown>> {
  const isSaid = (key: OptionKey): boolean => /^(?:--|ELECTION_DEV_)/.test(config.source(key)) && (key !== 'port' || config.port === port)
  return Object.fromEntries(
    rows.flatMap(([key, { look }]) => (look === true && isKey(key) && isSaid(key) ? [[key, config[key]] as const] : [])),
  )
}

/** A path may have a token in its query: what is masked on the terminal is no command to type. */
const isPlain = (word: string): boolean => !showsSecret(word)

/** `election-dev start` with these words, and with the flags that this command line was given. Pure. */
export function startAgain(config: Config, ...words: readonly string[]): readonly string[] {
  return [
    'election-dev',
    'start',
    ...words,
    ...givenFlags(config)
      .filter(([flag]) => !words.includes(flag))
      .flat(),
  ]
}
