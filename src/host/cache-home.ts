import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Host } from './host.ts'

/**
 * The folder in which this user's programs keep what they may lose: nothing of
 * a checkout is changed for it (XDG Base Directory Specification; Apple's File
 * System Programming Guide; Windows' Known Folders).
 */
export function cacheHome({ platform, env }: Pick<Host, 'platform' | 'env'>): string {
  const home = env['HOME'] ?? homedir()
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'election-dev', 'cache')
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'election-dev')
  return join(env['XDG_CACHE_HOME'] ?? join(home, '.cache'), 'election-dev')
}

/** The folder in which this user's programs keep what they need the next time, by the same documents. */
export function stateHome({ platform, env }: Pick<Host, 'platform' | 'env'>): string {
  const home = env['HOME'] ?? homedir()
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'election-dev', 'state')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'election-dev')
  return join(env['XDG_STATE_HOME'] ?? join(home, '.local', 'state'), 'election-dev')
}
