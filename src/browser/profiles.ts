import { readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exists } from '../host/process-table.ts'

/** What the name of a browser's profile begins with: the PID of the process that looks follows. */
export const profilePrefix = 'election-dev-page-'

/** Takes away this user's profiles that were left by a process which was killed: the folders of those that run stay. Never throws. */
export async function clearProfiles(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const [, pid] = /^election-dev-page-(\d+)-[A-Za-z0-9]{6}$/.exec(name) ?? []
    if (pid === undefined || exists(Number(pid))) continue
    const folder = join(tmpdir(), name)
    const owner = await stat(folder).then(
      ({ uid }) => uid,
      () => undefined,
    )
    // a process that is dying may still write to it
    if (owner === (process.getuid?.() ?? 0))
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }).catch(() => {})
  }
}
