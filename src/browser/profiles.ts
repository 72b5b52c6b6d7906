import { mkdtempSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exists } from '../host/process-table.ts'

const prefix = 'election-dev-page-'

/** Of a path to a socket 104 bytes are sure (unix(7), sun_path), of which the browser's own part takes 48. */
const longestFolder = 54

/** Where profiles are: what a browser makes for itself goes with its own, and its socket there may have no longer path. */
function profilesFolder(): string {
  const usual = tmpdir()
  return process.platform === 'win32' || join(usual, `${prefix}1234567-abcdef`).length <= longestFolder ? usual : '/tmp'
}

/** Makes the folder of a browser's profile, named by this process, at once: no signal comes between. Throws where there is no place. */
export function makeProfile(): string {
  return mkdtempSync(join(profilesFolder(), `${prefix}${process.pid}-`))
}

/** Takes away this user's profiles that were left by a process which was killed: the folders of those that run stay. Never throws. */
export async function clearProfiles(): Promise<void> {
  const place = profilesFolder()
  for (const name of await readdir(place).catch(() => [])) {
    const [, pid] = /^election-dev-page-(\d+)-[A-Za-z0-9]{6}$/.exec(name) ?? []
    if (pid === undefined || exists(Number(pid))) continue
    const folder = join(place, name)
    const owner = await stat(folder).then(
      ({ uid }) => uid,
      () => undefined,
    )
    // a process that is dying may still write to it
    if (owner === (process.getuid?.() ?? 0))
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }).catch(() => {})
  }
}
