import { usageError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { usualConfig, type Config, type ConfigSource, type Flags } from './config.ts'
import type { ConfigFile } from './file.ts'
import { flagOf, isNumber, keys, variableOf } from './options/keys.ts'
import type { Option } from './options/option.ts'
import { checkConfig, type ConfigKey, type PartialConfig } from './schema.ts'
import { parseJson } from '../host/json.ts'

/** The pure part of `resolveConfig`: the file is loaded already. Registers the token as a secret. */
export function mergeConfig(host: Pick<Host, 'env' | 'secrets'>, flags: Flags, file: ConfigFile | undefined, own: Flags = {}): Config {
  const { beside = [], ...named } = flags
  const given = { ...named, ...own }
  const fromFlags = checked(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)), flagOfKey)
  const fromEnvironment = checked(environmentValues(host.env), variableOf)
  const fromFile = file?.config ?? {}
  const merged: PartialConfig = { ...fromFile, ...fromEnvironment, ...fromFlags, ...frontendOf(fromFile, fromEnvironment, fromFlags) }
  if (merged.token !== undefined) host.secrets.add(merged.token)
  const stack = [...Object.values(merged.services ?? {}), merged.frontend === false ? undefined : merged.frontend]
  for (const env of [merged.env, merged.envDefaults, ...stack.map((entry) => entry?.env)]) host.secrets.addFrom(env ?? {})
  const source = (key: ConfigKey): ConfigSource => {
    if (own[key] !== undefined) return 'the command itself'
    if (fromFlags[key] !== undefined) return flagOfKey(key)
    if (fromEnvironment[key] !== undefined) return variableOf(key)
    if (file?.config[key] !== undefined) return file.name
    return 'default'
  }
  return { ...usualConfig(), ...merged, beside, source }
}

/** A folder that is named on the command line leaves the rest of what the file says of the frontend. */
function frontendOf(...sources: readonly PartialConfig[]): Pick<PartialConfig, 'frontend'> {
  const given = sources.flatMap(({ frontend }) => frontend ?? [])
  const last = given.at(-1)
  if (last === undefined) return {}
  return { frontend: last === false ? false : Object.assign({}, ...given.filter((entry) => entry !== false)) }
}

function checked(values: Record<string, unknown>, nameOf: (key: string) => string): PartialConfig {
  const result = checkConfig(values)
  if ('config' in result) return result.config
  const [first] = result.problems
  throw usageError('config-invalid', first === undefined ? 'The configuration is invalid' : `${nameOf(first.key)} ${first.problem}`, {
    hint: 'election-dev start --help lists the options.',
  })
}

/** What the environment gives: strings, read as the type that their key has. */
function environmentValues(env: Host['env']): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [key, row] of rows) {
    const value = env[variableOf(key)]
    if (value !== undefined && value !== '' && (row.takes !== 'own' || ofLine.has(key))) values[key] = readAs(key, value)
  }
  return values
}

const rows: readonly (readonly [string, Option])[] = Object.entries<Option>(keys)

/** The truth value that a text is a word for; undefined where it is none. */
function truthOf(text: string): boolean | undefined {
  if (/^(?:1|true|yes|on)$/i.test(text)) return true
  return /^(?:0|false|no|off)$/i.test(text) ? false : undefined
}

/** What a line of text can say of a key with a schema of its own. */
const ofLine: ReadonlyMap<string, (text: string) => unknown> = new Map([
  ['frontend', (text: string): unknown => (truthOf(text) === false ? false : { folder: text })],
  ['procfile', (text: string): unknown => (truthOf(text) === false ? false : text)],
  ['ping', (text: string): unknown => (text === 'false' ? false : (parseJson(text) ?? text))],
])

/** The text of a flag or variable as the type that the key has; what can't be read stays text, and the schema refuses it. */
export function readAs(key: string, value: string): unknown {
  const takes = rows.find(([name]) => name === key)?.[1].takes
  if (takes === 'truth') return truthOf(value) ?? value
  if (takes === 'names' || takes === 'repeated') return value.split(',').map((name) => name.trim())
  if (isNumber(takes)) return /^\d+$/.test(value) ? Number(value) : value
  return ofLine.get(key)?.(value) ?? value
}

const flagOfKey = (key: string): string => flagOf(key, rows.find(([name]) => name === key)?.[1])
