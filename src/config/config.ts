import type { BroadcastMessage, ChannelLayerChoice, ConfigKey, LoginRequest, ServerName } from './schema.ts'
import type { FrontendConfig, ServiceConfig } from './stack-schema.ts'

/** Where a value of the configuration came from, in words: `--port`, `ELECTION_DEV_PORT`, `election-dev.config.json`, `default`. */
export type ConfigSource = string

/** The configuration of one run. What is undefined here is found out from the project. */
export interface Config {
  readonly backend: string | undefined
  readonly settings: string | undefined
  readonly application: string | undefined
  readonly python: string | undefined
  readonly server: ServerName | undefined
  readonly host: string
  readonly port: number
  readonly strictPort: boolean
  readonly path: string | undefined
  readonly origin: string | undefined
  /** Registered as a secret before it gets here. */
  readonly token: string | undefined
  readonly tokenIn: 'query' | 'header' | 'subprotocol'
  readonly tokenName: string | undefined
  readonly subprotocols: readonly string[]
  readonly login: LoginRequest | undefined
  readonly ping: false | Readonly<Record<string, unknown>>
  readonly broadcast: BroadcastMessage | undefined
  readonly channelLayer: ChannelLayerChoice
  /** The variable that the settings read; the user named it where `source('channelLayerVariable')` isn't `default`. */
  readonly channelLayerVariable: string
  readonly strict: boolean
  readonly envFile: string | undefined
  readonly setup: boolean
  readonly watch: boolean
  readonly parentWatch: boolean
  readonly observer: boolean
  /** Milliseconds. */
  readonly hold: number
  /** Milliseconds. */
  readonly startTimeout: number
  /** Milliseconds. */
  readonly stopTimeout: number
  /** Of the backend, over what the launcher has. */
  readonly env: Readonly<Record<string, string>>
  /** Services that the backend waits for. */
  readonly dependsOn: readonly string[]
  /** Undefined: it is looked for. */
  readonly frontend: FrontendConfig | false | undefined
  readonly services: Readonly<Record<string, ServiceConfig>>
  /** Undefined: `Procfile` where it is there. */
  readonly procfile: string | false | undefined
  readonly managedRedis: boolean
  /** Empty: all services. */
  readonly only: readonly string[]
  readonly instances: number
  readonly install: boolean
  readonly open: boolean
  readonly reload: boolean
  readonly restart: boolean
  readonly takeover: boolean
  readonly keys: boolean
  readonly logFile: string | undefined
  /** Bytes. */
  readonly logFileSize: number
  readonly logFileCount: number
  /** Empty: all services. */
  readonly logOnly: readonly string[]
  readonly timestamps: boolean
  readonly json: boolean
  readonly verbose: boolean
  /** Where the value of a key came from. */
  readonly source: (key: ConfigKey) => ConfigSource
}

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
  dependsOn: [],
  services: {},
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
} as const
