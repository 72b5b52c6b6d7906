import { usageError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { defaults, negated, type Config, type ConfigSource, type GivenFlag } from './config.ts'
import { loadConfigFile, type ConfigFile } from './file.ts'
import { checkConfig, configSchema, type ConfigKey, type PartialConfig } from './schema.ts'
import { parseJson } from '../host/json.ts'

/** Values of the command line, under the names of their keys; `beside`: flags that are no keys, and that a command to type keeps. */
export type Flags = Readonly<Partial<Record<ConfigKey, unknown>>> & { readonly beside?: readonly GivenFlag[] }

/**
 * One configuration from flags, environment (`ELECTION_DEV_PORT` for `port`…),
 * file and defaults, in that order of precedence, with the source of each value; `own` is what a composition of
 * `start` sets by itself, before all of them, and no word of the user's.
 * Throws LauncherError `config-invalid` (exit 2).
 */
export async function resolveConfig(host: Host, flags: Flags, own: Flags = {}): Promise<Config> {
  const file = await loadConfigFile(host.cwd)
  return mergeConfig(host, flags, file, own)
}

/** The pure part of `resolveConfig`: the file is loaded already. Registers the token as a secret. */
export function mergeConfig(host: Pick<Host, 'env' | 'secrets'>, flags: Flags, file: ConfigFile | undefined, own: Flags = {}): Config {
  const { beside = [], ...named } = flags
  const given = { ...named, ...own }
  const fromFlags = checked(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)), (key) => flagOf(key))
  const fromEnvironment = checked(environmentValues(host.env), (key) => variableOf(key))
  const fromFile = file?.config ?? {}
  const merged: PartialConfig = { ...fromFile, ...fromEnvironment, ...fromFlags, ...frontendOf(fromFile, fromEnvironment, fromFlags) }
  if (merged.token !== undefined) host.secrets.add(merged.token)
  const stack = [...Object.values(merged.services ?? {}), merged.frontend === false ? undefined : merged.frontend]
  for (const env of [merged.env, merged.envDefaults, ...stack.map((entry) => entry?.env)]) host.secrets.addFrom(env ?? {})
  const source = (key: ConfigKey): ConfigSource => {
    if (own[key] !== undefined) return 'the command itself'
    if (fromFlags[key] !== undefined) return flagOf(key)
    if (fromEnvironment[key] !== undefined) return variableOf(key)
    if (file?.config[key] !== undefined) return file.name
    return 'default'
  }
  return { ...defaults, ...merged, beside, source }
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
  for (const key of Object.keys(configSchema.entries)) {
    const value = env[variableOf(key)]
    if (value === undefined || value === '' || fileOnly.has(key)) continue
    values[key] = readAs(key, value)
  }
  return values
}

/** Keys that hold more than a line of text. */
const fileOnly: ReadonlySet<string> = new Set(['$schema', 'login', 'broadcast', 'env', 'envDefaults', 'services', 'page'])

/** The truth value that a text is a word for; undefined where it is none. */
function truthOf(text: string): boolean | undefined {
  if (/^(?:1|true|yes|on)$/i.test(text)) return true
  return /^(?:0|false|no|off)$/i.test(text) ? false : undefined
}

/** The text of a flag or variable as the type that the key has; what can't be read stays text, and the schema refuses it. */
export function readAs(key: string, value: string): unknown {
  switch (new Map<string, { readonly wrapped: { readonly type: string } }>(Object.entries(configSchema.entries)).get(key)?.wrapped.type) {
    case 'number':
      return /^\d+$/.test(value) ? Number(value) : value
    case 'boolean':
      return truthOf(value) ?? value
    case 'array':
      return value.split(',').map((name) => name.trim())
  }
  if (key === 'frontend') return truthOf(value) === false ? false : { folder: value }
  if (key === 'procfile') return truthOf(value) === false ? false : value
  if (key === 'ping') {
    if (value === 'false') return false
    return parseJson(value) ?? value
  }
  return value
}

function flagOf(key: string): string {
  if (negated.has(key)) return `--no-${dashed(key)}`
  return key === 'subprotocols' ? '--subprotocol' : `--${dashed(key)}`
}

function dashed(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function variableOf(key: string): string {
  return `ELECTION_DEV_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}
