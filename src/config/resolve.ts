import type { Host } from '../host/host.ts'
import { usualConfig, type Config, type Flags } from './config.ts'
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
  const isSaid = file !== undefined || Object.keys({ ...named, ...own }).length > 0
  if (!isSaid && !Object.keys(host.env).some((name) => name.startsWith('ELECTION_DEV_')))
    return { ...usualConfig(), beside, source: () => 'default' }
  return (await import('./merge.ts')).mergeConfig(host, flags, file, own)
}
