import type { Automatic } from './diagnosis.ts'

/** The families of causes, from the server's outside to what stands behind the application. */
export const families = [
  'server',
  'address',
  'url',
  'proxy',
  'python',
  'settings',
  'startup',
  'routing',
  'token',
  'origin',
  'consumer',
  'layer',
  'redis',
  'database',
] as const

/** What a cause belongs to. */
export type Family = (typeof families)[number]

/** A cause as it is known before anything is looked at. */
export interface VocabularyEntry {
  /** Part of what `--json` promises: an id is never renamed. */
  readonly id: string
  readonly family: Family
  /** A warning doesn't keep the socket from working. */
  readonly severity: 'error' | 'warning'
  readonly automatic: Automatic
  /** What a check of it looks for, in general: a list shows it. */
  readonly title: string
}
