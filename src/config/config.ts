import type { Host } from '../host/host.ts'
import type { ConfigKey, PartialConfig } from './schema.ts'

/** Where a value of the configuration came from, in words: `--port`, `ELECTION_DEV_PORT`, `election-dev.config.json`, `default`. */
export type ConfigSource = string

export const defaults = {
  host: '127.0.0.1',
  port: 8000,
  strictPort: false,
  tokenIn: 'query',
  subprotocols: [],
  ping: { type: 'ping' },
  channelLayer: 'auto',
  channelLayerVariable: 'USE_REDIS_FOR_CHANNELS',
  strict: false,
  setup: false,
  watch: true,
  parentWatch: true,
  observer: true,
  hold: 2000,
  startTimeout: 60_000,
  stopTimeout: 5000,
  env: {},
  envDefaults: {},
  dependsOn: [],
  services: {},
  managed: false,
  managedRedis: false,
  only: [],
  instances: 1,
  install: false,
  open: false,
  reload: false,
  restart: true,
  takeover: false,
  keys: true,
  logFileSize: 10_000_000,
  logFileCount: 3,
  logOnly: [],
  timestamps: false,
  json: false,
  verbose: false,
} as const satisfies PartialConfig

/** Keys that hold without a word, so that their flag takes them back: `--no-watch`. */
export const negated: ReadonlySet<string> = new Set(
  Object.entries(defaults).flatMap(([key, value]) => (value === true || key === 'ping' ? [key] : [])),
)

/** A flag of the command line, as its words. */
export type GivenFlag = readonly [string, ...string[]]

type Defaulted = keyof typeof defaults

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
