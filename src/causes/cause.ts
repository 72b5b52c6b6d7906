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
}
