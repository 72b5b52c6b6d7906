/** What the tool may do about a cause: by itself, once confirmed, or not at all. */
export type Automatic = 'yes' | 'ask' | 'no'

/** The families of causes, from the server's outside to what stands behind the application, as a list calls them. */
export const families = {
  server: 'Server',
  address: 'Port and address',
  url: 'URL and TLS',
  proxy: 'Proxy',
  python: 'Python environment',
  settings: 'Settings and .env',
  startup: 'Application start-up',
  routing: 'Routing',
  token: 'Token',
  origin: 'Origin and hosts',
  consumer: 'Consumer',
  layer: 'Channel layer',
  redis: 'Redis',
  database: 'Database',
  frontend: 'Frontend',
} as const

/**
 * When a judgement asks a rule: where nothing serves (is it `elsewhere`, what `stopped` it, is the port
 * `unbound`, what the sockets need `unready`), where a server answers and refuses (its `process`, what it is `serving` with, the look `inside`, what was left `unplayed`),
 * where the socket works (`working`, a broadcast was `tried`, messages are `sent`), and what is worth a `note`.
 */
export type Stage =
  'elsewhere' | 'stopped' | 'unbound' | 'unready' | 'process' | 'serving' | 'inside' | 'unplayed' | 'working' | 'tried' | 'sent' | 'note'

/** Why there is no command for what is somebody's own to change. */
export const own = {
  code: "the fault is in the project's own code",
  settings: 'the fault is in the settings: doctor --fix shows the edit, and makes it',
  url: "the URL is the page's: doctor --fix corrects it if the page's source has it",
  proxy: "the fault is in the proxy's own configuration",
  redis: "the fault is in the Redis server's setup, which is not the project's",
  redisValue: "Redis's address or password is corrected where the settings read it",
  token: 'who the page is and what it sends is up to page and application',
} as const

/** What a cause belongs to. */
export type Family = keyof typeof families

/** A cause as it is known before anything is looked at. Its page is `pages/<id>.md`. */
export interface Cause {
  /** Part of what `--json` promises: an id is never renamed. */
  readonly id: string
  readonly family: Family
  /** A warning doesn't keep the socket from working. */
  readonly severity: 'error' | 'warning'
  /** The most that the tool may do about it; a single diagnosis may allow less. */
  readonly automatic: Automatic
  /** What a check of it looks for, in general: a list shows it. */
  readonly title: string
  /** The verbs in whose runs alone it is seen, where `doctor` doesn't look for it. */
  readonly seenOnlyIn?: string
  /** The wire alone can't tell it from others: the serving process can, or the look from inside as well, or the server's log too. */
  readonly vague?: 'process' | 'inside' | 'log'
  /** How a WebSocket stands that has it, where that is no fault of the set-up: nobody to be, or an application that says no by a rule of its own. */
  readonly state?: 'wants-token' | 'refused'
  /** What the wire says of a program that knows nothing of this project. */
  readonly strange?: true
  // below, what causes.ts holds to its type: here that would make a circle of the list of ids
  /** Why its diagnoses have no commands, in a sentence. Without: a diagnosis has the steps that fix it, where they can be told. */
  readonly noCommands?: string
  /** What finds it, at each stage of a judgement where that is asked. Without: the wire or a log names it. */
  readonly rules?: Readonly<Partial<Record<Stage, unknown>>>
  /** What is nearer to the root, or tells it better, where the wire names it. */
  readonly nearer?: unknown
  /** What plans its fix, or in a sentence why none is planned though one would be allowed. */
  readonly fix?: unknown
}
