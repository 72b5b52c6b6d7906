import { lstat, mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { usageError } from '../errors.ts'
import { isEntry, isOurs, readText } from '../host/files.ts'
import { homeName } from '../facts/home-name.ts'

const ignoreAll = '*\n'

/**
 * What of the checkout's `.election-dev`, or of a folder in it, isn't this user's own, and why:
 * whoever has put it there would choose what is written and taken away. Undefined where all of it is, or isn't there.
 */
export async function foreignHome(root: string, ...parts: readonly string[]) {
  let path = root
  for (const part of [homeName, ...parts]) {
    path = join(path, part)
    const found = await lstat(path).catch(() => undefined)
    if (found === undefined) return undefined
    if (!found.isDirectory()) return { path, why: found.isSymbolicLink() ? 'is a link' : 'is no folder' } as const
    if (!isOurs(found)) return { path, why: 'belongs to another user' } as const
  }
  return undefined
}

/**
 * Makes a folder below the checkout's `.election-dev`, which this user alone may
 * enter and which git is told to leave out by a file of its own. Gives its path.
 * Throws LauncherError `home-refused` (exit 2) where what is there isn't this user's own.
 */
export async function makeHome(root: string, ...parts: readonly string[]): Promise<string> {
  const foreign = await foreignHome(root, ...parts)
  if (foreign !== undefined)
    throw usageError('home-refused', `${foreign.path} ${foreign.why}: nothing is kept in it`, {
      hint: 'Take it away; election-dev makes a folder of its own.',
    })
  const folder = join(root, homeName, ...parts)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await ignore(root)
  return folder
}

/** Takes `.election-dev` away where nothing is kept in it. `isUp`: a run is, though no state file tells of it yet. Never throws. */
export async function clearHome(root: string, isUp = false): Promise<void> {
  if ((await foreignHome(root)) !== undefined) return
  const home = join(root, homeName)
  for (const name of ['runs', 'logs', 'backups']) await rmdir(join(home, name)).catch(() => undefined)
  // a Redis that is up works in it, and is started again there
  if (!isUp && !(await isEntry(join(home, 'runs')))) await rmdir(join(home, 'redis')).catch(() => undefined)
  const entries = await readdir(home).catch(() => [])
  const file = join(home, '.gitignore')
  if (entries.length !== 1 || entries[0] !== '.gitignore' || (await readText(file)) !== ignoreAll) return
  await rm(file, { force: true })
  // another run may have come in between
  await rmdir(home).catch(() => ignore(root))
}

async function ignore(root: string): Promise<void> {
  await writeFile(join(root, homeName, '.gitignore'), ignoreAll, { flag: 'wx' }).catch(() => undefined)
}
