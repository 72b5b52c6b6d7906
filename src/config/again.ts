import type { Config } from './config.ts'
import { configSchema, type ConfigKey } from './schema.ts'

/** A secret is in no command that is printed. */
const left: ReadonlySet<string> = new Set(['$schema', 'token'])

function isKept(key: string): key is ConfigKey {
  return key in configSchema.entries && !left.has(key)
}

/** A value as the words that give it; `flag` is the one of its key. None where no flag gives such a value. */
function wordsOf(flag: string, value: unknown): readonly string[] {
  if (value === true) return [flag]
  if (value === false) return [flag.startsWith('--no-') ? flag : `--no-${flag.slice(2)}`]
  if (typeof value === 'string' || typeof value === 'number') return [flag, String(value)]
  if (Array.isArray(value)) return flag === '--subprotocol' ? value.flatMap((each) => [flag, String(each)]) : [flag, value.join(',')]
  if (typeof value === 'object' && value !== null && 'folder' in value && typeof value.folder === 'string') return [flag, value.folder]
  return []
}

/** `election-dev start` with these words, and with the flags that this command line was given. Pure. */
export function startAgain(config: Config, ...words: readonly string[]): readonly string[] {
  const given = Object.keys(configSchema.entries).flatMap((key) => {
    if (!isKept(key)) return []
    const flag = config.source(key)
    return flag.startsWith('--') && !words.includes(flag) ? wordsOf(flag, config[key]) : []
  })
  return ['election-dev', 'start', ...words, ...given]
}
