import type { Host } from '../host/host.ts'
import { usualConfig, type Config, type Flags } from './config.ts'
import { flagOf, keys } from './options/keys.ts'
import type { Option } from './options/option.ts'
import type { PartialConfig } from './schema.ts'
import { loadConfigFile } from './file.ts'

/**
 * One configuration from flags, environment (`ELECTION_DEV_PORT` for `port`…),
 * file and defaults, in that order of precedence, with the source of each value; `own` is what a composition of
 * `start` sets by itself, before all of them, and no word of the user's. The schema is loaded only where somebody says something.
 * Throws LauncherError `config-invalid` (exit 2).
 */
export async function resolveConfig(host: Host, flags: Flags, own: Flags = {}): Promise<Config> {
  const file = await loadConfigFile(host.cwd)
  const { beside = [], ...named } = flags
  const isPlain = file === undefined && Object.keys(own).length === 0 && areFitting(named)
  if (!isPlain || Object.keys(host.env).some((name) => name.startsWith('ELECTION_DEV_')))
    return (await import('./merge.ts')).mergeConfig(host, flags, file, own)
  return { ...usualConfig(), ...named, beside, source: (key) => (named[key] === undefined ? 'default' : flagOf(key, rows.get(key))) }
}

const rows: ReadonlyMap<string, Option> = new Map(Object.entries<Option>(keys))

/** Whether each value is of the kind that its key takes, as far as that is seen without the schema. */
function areFitting(values: object): values is PartialConfig {
  return Object.entries(values).every(([key, value]) => {
    const takes = rows.get(key)?.takes
    if (value === undefined || takes === undefined) return false
    if (takes === 'truth') return typeof value === 'boolean'
    if (takes === 'port') return typeof value === 'number' && value >= 1 && value <= 65_535
    return takes === 'text' ? typeof value === 'string' && value !== '' : takes === 'own' && value === false && key !== 'login'
  })
}
