import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { isOurs } from '../host/files.ts'

/** The folder of a checkout that holds what the launcher keeps. */
export const homeName = '.election-dev'

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
