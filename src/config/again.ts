import { patternSpans } from '../host/secret-patterns.ts'
import type { Config, GivenFlag } from './config.ts'
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

/** The flags that this command line was given, a secret's and those of how it is told not among them. Pure. */
export function givenFlags(config: Config): readonly GivenFlag[] {
  const keys = Object.keys(configSchema.entries).flatMap((key) => {
    if (!isKept(key)) return []
    const flag = config.source(key)
    if (!flag.startsWith('--')) return []
    const [first, ...rest] = wordsOf(flag, config[key])
    return first === undefined || rest.some((word) => !isPlain(word)) ? [] : [[first, ...rest] as const]
  })
  return [...config.beside, ...keys]
}

/** What decides how a project is looked at, and by whom. */
const ofLook = [
  ...(['backend', 'settings', 'application', 'python', 'envFile', 'frontend', 'server', 'observer', 'host', 'port', 'path'] as const),
  ...(['origin', 'token', 'tokenIn', 'tokenName', 'user', 'subprotocols', 'ping'] as const),
  ...(['channelLayer', 'channelLayerVariable', 'managed', 'managedRedis'] as const),
] satisfies readonly ConfigKey[]

/**
 * What the command line of a run and its variables say of that, under the names of the keys: for a look beside it. `port`:
 * where it serves, which need not be where it was asked to. Holds the token. Pure.
 */
export function runFlags(config: Config, port: number | undefined): Readonly<Record<string, unknown>> {
  const isSaid = (key: ConfigKey): boolean => /^(?:--|ELECTION_DEV_)/.test(config.source(key)) && (key !== 'port' || config.port === port)
  return Object.fromEntries(ofLook.filter(isSaid).map((key) => [key, config[key]]))
}

/** A path may have a token in its query: what is masked on the terminal is no command to type. */
const isPlain = (word: string): boolean => patternSpans(word, new Set()).length === 0

const flagSet = (names: string): ReadonlySet<string> => new Set(names.split(' ').map((name) => `--${name}`))

const ofProject = 'cwd backend settings application python origin token-in token-name user subprotocol no-ping env-file path'

/** The flags of `start` that others have, too: which project is looked at, and as whom. */
const taken: Readonly<Record<string, ReadonlySet<string>>> = {
  doctor: flagSet(`${ofProject} port host hold url`),
  env: flagSet(ofProject),
  init: flagSet('cwd backend application'),
  restart: flagSet('cwd'),
}

/** A command of ours with the flags that were given, that it takes, and that it doesn't say itself; another program's as it is. Pure. */
export function withGiven(command: readonly string[], given: readonly GivenFlag[]): readonly string[] {
  const at = command.indexOf('election-dev')
  const verb = at === -1 ? undefined : command[at + 1]
  const takes = (flag: string): boolean => (verb === 'start' ? flag !== '--url' : verb !== undefined && taken[verb]?.has(flag) === true)
  const port = verb === 'start' ? portAsked(given) : []
  return [...command, ...[...given, ...port].filter(([flag]) => takes(flag) && !command.includes(flag)).flat()]
}

/** The port of a server on this machine whose WebSocket was asked for: a start serves there. A page's URL names another server's. */
function portAsked(given: readonly GivenFlag[]): readonly GivenFlag[] {
  if (given.some(([flag]) => flag === '--port')) return []
  const [url = '', another] = given.flatMap(([flag, value]) => (flag === '--url' ? [value] : []))
  const port = /^ws:\/\/(?:localhost|127\.0\.0\.1|\[::1\]):(\d+)(?=\/|$)/i.exec(url)?.[1]
  return another === undefined && port !== undefined ? [['--port', port]] : []
}

/** `election-dev start` with these words, and with the flags that this command line was given. Pure. */
export function startAgain(config: Config, ...words: readonly string[]): readonly string[] {
  return withGiven(['election-dev', 'start', ...words], givenFlags(config))
}
