import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { access, link, lstat, open, readdir, readlink, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { errorCode, errorMessage, LauncherError } from '../errors.ts'
import { readBytes, succeeds } from '../host/files.ts'
import { exists } from '../host/process-table.ts'
import { inShell, typed, typedInOrder } from '../host/shell.ts'

/**
 * Writes the bytes `after` to the `.env` at `path`, whole or not at all: a
 * reader, or a machine that loses power, sees the old file or the new one.
 *
 * `before` is what the file must still hold; undefined where there must be no
 * file yet. A link stays, the file that it leads to is replaced. Mode is kept,
 * owner and group where this user may set them; access lists and extended
 * attributes are not, Node has no way to read them. A new file is for its
 * owner alone (0600). Nothing is written where both are the same bytes.
 *
 * Throws LauncherError `env-changed` where the file isn't as `before` says, and
 * `env-write` where it can't be replaced; the file is as it was then, and no
 * temporary file is left. One that a killed run left is removed by the next write.
 */
export async function writeDotenv(path: string, before: Uint8Array | undefined, after: Uint8Array): Promise<void> {
  const target = before === undefined ? await newTarget(path) : await existingTarget(path)
  const folder = dirname(target)
  await removeLeftovers(folder, basename(target))
  const old = before === undefined ? undefined : await replaceable(path, target)
  if (before !== undefined && (await holds(path, target, before)) && same(before, after)) return

  const temporary = join(folder, `${basename(target)}.election-dev-${process.pid}-${randomBytes(6).toString('hex')}.tmp`)
  writing.add(temporary)
  try {
    await fill(temporary, after, old)
    if (before === undefined) {
      await publish(temporary, target)
    } else {
      // asked again at the last moment: an editor may have saved meanwhile
      await holds(path, target, before)
      await rename(temporary, target)
    }
  } catch (error) {
    throw error instanceof LauncherError ? error : replaceRefused(error, path, process.platform)
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined)
    writing.delete(temporary)
  }
  await syncFolder(folder)
}

/** The error for people of a failed write or rename; which advice fits depends on the platform. */
export function replaceRefused(error: unknown, path: string, platform: NodeJS.Platform): LauncherError {
  const code = errorCode(error)
  if (code === 'EEXIST') return changed(path, 'it was created meanwhile')
  // Windows refuses a rename over a file that is open anywhere (MoveFileEx: ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION)
  if (platform === 'win32' && (code === 'EPERM' || code === 'EACCES' || code === 'EBUSY')) {
    return refused(path, 'another program holds it open', 'Close it in editors and stop the servers that read it, then try again.', error)
  }
  // Linux refuses a rename over a mount point, which a file that a container mounts is
  if (code === 'EBUSY')
    return refused(
      path,
      'it is mounted into this container by itself, so it cannot be replaced',
      'Edit it by hand, or mount its folder.',
      error,
    )
  if (code === 'EACCES' || code === 'EPERM')
    return refused(path, 'this user may not write to its folder', 'Make the folder writable, or edit the file by hand.', error)
  if (code === 'EROFS') return refused(path, 'the file system is read-only', 'Set the variable in the environment.', error)
  if (code === 'ENOSPC' || code === 'EDQUOT') return refused(path, 'there is no space left', 'Free some space, then try again.', error)
  if (code === 'ENOENT' || code === 'ENOTDIR') return refused(path, 'its folder is not there', 'Make the folder first.', error)
  return refused(path, errorMessage(error), undefined, error)
}

/** Temporary files that this process is writing now, so that writes beside each other don't clean up each other's. */
const writing = new Set<string>()

/** One that a living process of another PID namespace holds looks ownerless, hence the patience. */
const LEFTOVER_AGE_MS = 60_000

async function existingTarget(path: string): Promise<string> {
  return realpath(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') throw changed(path, 'it is gone')
    throw replaceRefused(error, path, process.platform)
  })
}

async function newTarget(path: string): Promise<string> {
  const entry = await lstat(path).catch(() => undefined)
  if (entry?.isSymbolicLink() === true) {
    const leadsTo = await readlink(path).catch(() => '')
    throw refused(path, `it is a link to ${leadsTo}`, 'Create the file that the link leads to.')
  }
  if (entry?.isDirectory() === true) throw notAFile(path, entry)
  if (entry !== undefined) throw changed(path, 'it was created meanwhile')
  return path
}

/** The file's status, where it may be replaced. */
async function replaceable(path: string, target: string): Promise<Stats> {
  const entry = await stat(target).catch((error: unknown) => {
    throw replaceRefused(error, path, process.platform)
  })
  if (!entry.isFile()) throw notAFile(path, entry)
  // the mode itself is asked, because root may write to everything, and so could replace what somebody protected
  const writable = (entry.mode & 0o222) !== 0 && (await succeeds(access(target, constants.W_OK)))
  if (!writable) throw refused(path, 'it is read-only', typedInOrder(inShell(['chmod', 'u+w', path], process.platform), process.platform))
  // A rename would leave the other names with the old contents, and writing in
  // place could be cut short, so neither is right: whoever linked it decides.
  if (entry.nlink > 1)
    throw refused(path, `it has ${entry.nlink} names (hard links), which would come apart`, 'Edit it by hand, or make it a symbolic link.')
  return entry
}

/** True where the file still holds the bytes; LauncherError `env-changed` where it doesn't. */
async function holds(path: string, target: string, before: Uint8Array): Promise<true> {
  const bytes = await readBytes(target, Infinity).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') throw changed(path, 'it is gone')
    if (errorCode(error) === 'EACCES' && process.platform !== 'win32')
      throw refused(path, 'this user may not read it', typed(['chmod', 'u+r', path]), error)
    throw replaceRefused(error, path, process.platform)
  })
  if (!same(bytes, before)) throw changed(path, 'another program has written to it')
  return true
}

function same(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0
}

async function fill(temporary: string, bytes: Uint8Array, old: Stats | undefined): Promise<void> {
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    if (old !== undefined) await keepOwnerAndMode(handle, old)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function keepOwnerAndMode(handle: FileHandle, old: Stats): Promise<void> {
  let mode = old.mode & 0o7777
  const fresh = await handle.stat()
  if (fresh.uid !== old.uid || fresh.gid !== old.gid) {
    const kept = await succeeds(handle.chown(old.uid, old.gid))
    const groupKept = kept || fresh.gid === old.gid || (await succeeds(handle.chown(fresh.uid, old.gid)))
    // as vim does (bufwrite.c): another group gets no more than everybody had
    if (!groupKept) mode = (mode & 0o707) | ((mode & 0o007) << 3)
  }
  await handle.chmod(mode)
}

/** Gives the file its name, where nothing has that name yet: a link fails then, where a rename would replace. Its first name is removed by the caller. */
async function publish(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target)
  } catch (error) {
    // file systems without hard links (FAT, some network shares and Android)
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES', 'EMLINK'].includes(errorCode(error) ?? '')) throw error
    await newTarget(target)
    await rename(temporary, target)
  }
}

/** Removes temporary files of runs that were killed while they wrote this file. */
async function removeLeftovers(folder: string, name: string): Promise<void> {
  const entries = await readdir(folder).catch(() => [])
  for (const entry of entries) {
    if (!entry.startsWith(`${name}.election-dev-`)) continue
    const pid = /^(\d+)-[0-9a-f]{12}\.tmp$/.exec(entry.slice(`${name}.election-dev-`.length))?.[1]
    const file = join(folder, entry)
    if (pid === undefined || writing.has(file)) continue
    const age = Date.now() - ((await stat(file).catch(() => undefined))?.mtimeMs ?? 0)
    if (Number(pid) === process.pid || !exists(Number(pid)) || age > LEFTOVER_AGE_MS) await rm(file, { force: true }).catch(() => undefined)
  }
}

/** So that the new name survives a loss of power; the contents are already safe. */
async function syncFolder(folder: string): Promise<void> {
  // Windows can't open a folder, and some network file systems refuse to sync one: the file itself is written by then
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

function changed(path: string, what: string): LauncherError {
  return new LauncherError('env-changed', `${path} has changed since it was read: ${what}`, {
    hint: 'Nothing was written. Run the command again.',
  })
}

function notAFile(path: string, entry: Stats): LauncherError {
  return refused(path, entry.isDirectory() ? 'it is a folder' : 'it is not a regular file', undefined)
}

function refused(path: string, why: string, hint: string | undefined, cause?: unknown): LauncherError {
  return new LauncherError('env-write', `${path} cannot be written: ${why}`, {
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  })
}
