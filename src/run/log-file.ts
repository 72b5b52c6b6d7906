import { writeSync } from 'node:fs'
import { mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { errorCode, errorMessage } from '../errors.ts'
import { withoutEscapes } from '../host/escape-codes.ts'
import type { Host } from '../host/host.ts'

/** What `--log-file` says. */
export interface LogFileOptions {
  /** Relative to the folder of the run. */
  readonly file: string
  /** Bytes; a file that would grow larger is put aside as `.1`. */
  readonly size: number
  /** How many of those are kept: `.1` is the youngest. */
  readonly count: number
  /** Called once where the file can't be written (any more): the run goes on without it. */
  readonly onTrouble: (id: 'log-file-failed', text: string) => void
}

/** The file is too slow when so many characters wait for it. */
const fullSize = 128 * 1024

/**
 * Writes the lines to the file, many at a time: `2026-11-23T09:12:13.123+00:00
 * backend │ …`. Never throws. Each write is of whole lines and goes to the
 * file's end wherever that is (O_APPEND), so another run may write the same file.
 */
export function openLogFile(host: Pick<Host, 'cwd' | 'secrets'>, options: LogFileOptions) {
  const path = resolve(host.cwd, options.file)
  const stamp = stamper()
  let pending: string[] = []
  let pendingSize = 0
  let handle: FileHandle | undefined
  /** Nothing more is taken: it failed, or it was closed. */
  let over = false
  let working: Promise<void> | undefined
  const waiting: (() => void)[] = []

  const take = () => {
    const text = host.secrets.mask(pending.join('\n'))
    pending = []
    pendingSize = 0
    return text
  }
  const work = async () => {
    try {
      while (pending.length > 0) {
        handle = await current(handle, path)
        handle = await append(handle, path, take().split('\n'), options)
        if (pendingSize <= fullSize) for (const go of waiting.splice(0)) go()
      }
    } catch (error) {
      over = true
      pending = []
      pendingSize = 0
      const why = errorMessage(error).replace(/^\w+: /, '')
      options.onTrouble('log-file-failed', `${path} can't be written (${why}): the log goes on without it`)
    } finally {
      working = undefined
      for (const go of waiting.splice(0)) go()
    }
  }
  // a piece that is being written gets there; what waits behind it is written now, since nothing else runs any more
  const atExit = () => {
    if (handle === undefined || pending.length === 0) return
    try {
      writeSync(handle.fd, `${take()}\n`)
    } catch {
      // nobody is left to be told
    }
  }
  process.on('exit', atExit)
  return {
    /** Absolute. */
    path,
    line: (service: string, line: string) => {
      if (over) return
      const text = `${stamp()} ${service} │ ${withoutEscapes(line)}`
      pending.push(text)
      pendingSize += text.length
      working ??= Promise.resolve().then(work)
    },
    full: () => pendingSize > fullSize,
    drained: (callback: () => void) => {
      if (pendingSize > fullSize) waiting.push(callback)
      else callback()
    },
    /** Writes what waits and closes the file. */
    close: async () => {
      over = true
      await working
      process.off('exit', atExit)
      await handle?.close().catch(() => {})
      handle = undefined
    },
  }
}

/** The open file, or the one that is in its place now: another run may have put it aside. */
async function current(handle: FileHandle | undefined, path: string): Promise<FileHandle> {
  if (handle !== undefined) {
    const [ours, there] = await Promise.all([handle.stat(), stat(path).catch(() => undefined)])
    if (there !== undefined && there.ino === ours.ino && there.dev === ours.dev) return handle
    await handle.close()
  } else await mkdir(dirname(path), { recursive: true })
  return open(path, 'a', 0o600)
}

/** Writes the lines, and begins a new file wherever the next one finds no room. */
async function append(handle: FileHandle, path: string, lines: readonly string[], options: LogFileOptions): Promise<FileHandle> {
  let file = handle
  let size = (await file.stat()).size
  let piece = ''
  let pieceSize = 0
  for (const line of lines) {
    const bytes = Buffer.byteLength(line) + 1
    if (size + pieceSize > 0 && size + pieceSize + bytes > options.size) {
      await writeAll(file, piece)
      file = await rotate(file, path, options.count)
      size = (await file.stat()).size
      piece = ''
      pieceSize = 0
    }
    piece += `${line}\n`
    pieceSize += bytes
  }
  await writeAll(file, piece)
  return file
}

async function writeAll(file: FileHandle, piece: string): Promise<void> {
  let rest = Buffer.from(piece)
  while (rest.length > 0) {
    const { bytesWritten } = await file.write(rest)
    rest = rest.subarray(bytesWritten)
  }
}

/** What keeps a file from being put aside on Windows, or in a folder that isn't ours: it goes on growing until a later line. */
const notNow: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'EBUSY'])

/** A run that was killed while it put the file aside holds up the others no longer than this, in milliseconds. */
const staleMs = 5000

/**
 * Puts the file aside and opens a new one. It is closed first: Windows renames
 * no file that somebody has open without allowing for it. Where somebody else
 * has (an editor, a `tail`), or another run puts it aside just now, the file
 * goes on growing until a later line.
 */
async function rotate(file: FileHandle, path: string, count: number): Promise<FileHandle> {
  const ours = await file.stat()
  await file.close()
  const claim = `${path}.rotating`
  try {
    // two that move the older files at once would write one over the other
    if (await claims(claim)) {
      try {
        const there = await stat(path).catch(() => undefined)
        if (there?.ino === ours.ino && there.dev === ours.dev) await shift(path, count)
      } finally {
        await rm(claim, { force: true })
      }
    }
  } catch (error) {
    if (!notNow.has(errorCode(error) ?? '')) throw error
  }
  return open(path, 'a', 0o600)
}

/** Makes the file that only one may have. */
async function claims(claim: string): Promise<boolean> {
  try {
    await (await open(claim, 'wx', 0o600)).close()
    return true
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    const there = await stat(claim).catch(() => undefined)
    if (there !== undefined && Date.now() - there.mtimeMs > staleMs) await rm(claim, { force: true })
    return false
  }
}

async function shift(path: string, count: number): Promise<void> {
  if (count === 0) await rm(path, { force: true })
  for (let number = count; number > 0; number--) {
    await rename(number === 1 ? path : `${path}.${number - 1}`, `${path}.${number}`).catch((error: unknown) => {
      // the older ones aren't all there yet
      if (errorCode(error) !== 'ENOENT') throw error
    })
  }
}

/** Gives the local time with its offset from UTC (ISO 8601), put together anew once a millisecond. */
function stamper(): () => string {
  let at = Number.NaN
  let text = ''
  return () => {
    const now = Date.now()
    if (now === at) return text
    at = now
    const offset = -new Date(now).getTimezoneOffset()
    const local = new Date(now + offset * 60_000).toISOString().slice(0, -1)
    const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map((part) => String(part).padStart(2, '0'))
    text = `${local}${offset < 0 ? '-' : '+'}${hours}:${minutes}`
    return text
  }
}
