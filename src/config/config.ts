import type { Host } from '../host/host.ts'
import { usual, type Defaulted } from './options/keys.ts'
import type { ConfigKey, PartialConfig } from './schema.ts'

/** Where a value of the configuration came from, in words: `--port`, `ELECTION_DEV_PORT`, `election-dev.config.json`, `default`. */
export type ConfigSource = string

/** A flag of the command line, as its words. */
export type GivenFlag = readonly [string, ...string[]]

/** The configuration of one run; what each key means stands in the schema. What is undefined here is found out from the project. */
export type Config = {
  readonly [Key in Defaulted]: Readonly<Required<PartialConfig>[Key]>
} & {
  readonly [Key in Exclude<ConfigKey, Defaulted>]?: Readonly<PartialConfig[Key]> | undefined
} & {
  /** Where the value of a key came from: the user named it where that isn't `default`. */
  readonly source: (key: ConfigKey) => ConfigSource
  /** Flags that were given and are no keys, as a command to type keeps them. */
  readonly beside: readonly GivenFlag[]
}

/** Values of the command line, under the names of their keys; `beside`: flags that are no keys, and that a command to type keeps. */
export type Flags = Readonly<Partial<Record<ConfigKey, unknown>>> & { readonly beside?: readonly GivenFlag[] }

type UsualConfig = Required<Pick<PartialConfig, Defaulted>>

/** What holds without a word. */
export function usualConfig(): UsualConfig {
  if (isUsual(usual)) return usual
  throw new Error('a key without its default')
}

/** Its values are those of the table, of which the types are made. */
const isUsual = (values: object): values is UsualConfig => 'port' in values

/** The host as the project sees it: what the configuration says of the backend's environment wins over what the launcher has (`env`), or fills its gaps (`envDefaults`). */
export function projectHost(host: Host, { env, envDefaults }: Pick<Config, 'env' | 'envDefaults'>): Host {
  const given = Object.entries(envDefaults).filter(([name]) => host.env[name] === undefined)
  const more = { ...Object.fromEntries(given), ...env }
  return Object.keys(more).length === 0 ? host : withVariables(host, more)
}

/** The host with more variables, for this one alone. What is given to it later the run has as a whole: it may begin anew. */
export function withVariables(host: Host, more: Readonly<Record<string, string>>): Host {
  const merged = { ...host.env, ...more }
  const give = (variables: Readonly<Record<string, string>>) => {
    Object.assign(merged, variables)
    host.give(variables)
  }
  return { ...host, env: merged, give }
}
