import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { lstat, open, realpath, stat, type FileHandle } from 'node:fs/promises'
import { dirname, sep } from 'node:path'

/** So much of a file is read at most, in bytes: nothing that people write by hand is larger. */
const mostBytes = 8_000_000

/** Without O_NONBLOCK the opening of a FIFO waits; Windows has neither. */
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** Opens a file to be read. Throws where it can't be, or is no regular file: what a folder holds may lead to anything. */
export async function openFile(path: string | URL, most = Infinity): Promise<FileHandle> {
  const handle = await open(path, flags)
  try {
    refuse(await handle.stat(), most)
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/**
 * The bytes of a file. Throws where it can't be read, is no regular file (a FIFO
 * waits for a writer, a device may never end), or is larger than `most` bytes.
 */
export async function readBytes(path: string | URL, most = mostBytes): Promise<Buffer> {
  const handle = await openFile(path, most)
  try {
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/** The same at once, for a small file where a promise would take longer, or the caller can't wait. */
export function readBytesSync(path: string, most = mostBytes): Buffer {
  const descriptor = openSync(path, flags)
  try {
    refuse(fstatSync(descriptor), most)
    return readFileSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function refuse(entry: Stats, most: number): void {
  if (!entry.isFile()) throw new Error(entry.isDirectory() ? 'it is a folder' : 'it is no regular file')
  if (entry.size > most) throw Object.assign(new Error(`it is larger than ${most / 1_000_000} MB`), { code: 'EFBIG' })
}

/** Whether what was found is this user's own. Windows has no numbers of users. */
export function isOurs({ uid }: Pick<Stats, 'uid'>): boolean {
  return process.geteuid === undefined || uid === process.geteuid()
}

/** The text of a file, or undefined where it can't be read. */
export async function readText(path: string): Promise<string | undefined> {
  return readBytes(path).then(String, () => undefined)
}

/** The same of a text that Windows' own tools may have saved: PowerShell's `>` writes UTF-16 with its mark, which is no part of the text. */
export async function readMarkedText(path: string): Promise<string | undefined> {
  const bytes = await readBytes(path).catch(() => undefined)
  const mark = bytes?.subarray(0, 2).toString('hex')
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8'
  return bytes === undefined ? undefined : new TextDecoder(encoding).decode(bytes)
}

/** True where the path leads to a regular file, links followed. */
export async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true
}

/** The first of the paths that leads to a regular file. */
export async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await isFile(path)) return path
  return undefined
}

/** True where the path leads to a folder, links followed. */
export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}

/** True where a directory entry is there, even a link that leads nowhere. */
export async function isEntry(path: string): Promise<boolean> {
  return succeeds(lstat(path))
}

/** Whether it is done without an error. */
export async function succeeds(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  )
}

/** The path with links resolved, or the path itself where that fails. */
export async function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}

/** The folder and the folders above it, nearest first, up to and with `top`; all of them to the root where `top` isn't above. */
export function upwards(folder: string, top: string): string[] {
  const folders = [folder]
  let current = folder
  while (current !== top && dirname(current) !== current) {
    current = dirname(current)
    folders.push(current)
  }
  return folders
}

/** Whether the path is below the folder, links on the way to it resolved. */
export async function isInside(root: string, path: string): Promise<boolean> {
  let above = dirname(path)
  while (!(await isEntry(above))) above = dirname(above)
  const [top, real] = await Promise.all([realPath(root), realPath(above)])
  return real === top || real.startsWith(top.endsWith(sep) ? top : top + sep)
}
