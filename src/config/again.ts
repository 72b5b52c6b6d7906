import type { Config } from './config.ts'
import { configSchema, type ConfigKey } from './schema.ts'

/** A secret is in no command that is printed, and how a command is told is no part of what it does. */
const left: ReadonlySet<string> = new Set(['$schema', 'token', 'json', 'verbose'])

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

/** A flag of the command line, as its words. */
export type GivenFlag = readonly [string, ...string[]]

/** The flags that this command line was given, a secret's and those of how it is told not among them. Pure. */
export function givenFlags(config: Config): readonly GivenFlag[] {
  return Object.keys(configSchema.entries).flatMap((key) => {
    if (!isKept(key)) return []
    const flag = config.source(key)
    if (!flag.startsWith('--')) return []
    const [first, ...rest] = wordsOf(flag, config[key])
    return first === undefined ? [] : [[first, ...rest] as const]
  })
}

/** The flags of `start` that `doctor` has, too: which project is looked at, and as whom. */
const ofDoctor: ReadonlySet<string> = new Set(
  'backend settings application python path origin token-in token-name user subprotocol no-ping env-file port host hold url'
    .split(' ')
    .map((name) => `--${name}`),
)

/** A command of ours with the flags that were given, that it takes, and that it doesn't say itself; another program's as it is. Pure. */
export function withGiven(command: readonly string[], given: readonly GivenFlag[]): readonly string[] {
  const verb = command[command.indexOf('election-dev') + 1]
  const takes = (flag: string): boolean => (verb === 'start' && flag !== '--url') || (verb === 'doctor' && ofDoctor.has(flag))
  return [...command, ...given.filter(([flag]) => takes(flag) && !command.includes(flag)).flat()]
}

/** `election-dev start` with these words, and with the flags that this command line was given. Pure. */
export function startAgain(config: Config, ...words: readonly string[]): readonly string[] {
  return withGiven(['election-dev', 'start', ...words], givenFlags(config))
}
