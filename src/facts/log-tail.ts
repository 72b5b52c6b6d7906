import { stat } from 'node:fs/promises'
import { openFile } from '../host/files.ts'

/** How much of log files had been written at a moment. */
export interface LogMark {
  /** A file that wasn't there has no inode and size 0. */
  readonly files: readonly { readonly path: string; readonly size: number; readonly inode: bigint | undefined }[]
}

/** Characters of a line that are kept; the rest of it says nothing more. */
const longestLine = 4000

/** Notes the sizes of files as they are now. Never throws. */
export async function markLogs(paths: readonly string[]): Promise<LogMark> {
  const files = await Promise.all(
    [...new Set(paths)].map(async (path) => {
      const entry = await stat(path, { bigint: true }).catch(() => undefined)
      return { path, size: entry?.isFile() === true ? Number(entry.size) : 0, inode: entry?.ino }
    }),
  )
  return { files }
}

/**
 * The lines that were appended to the files since the mark, file after file. Of
 * more than `maxBytes` a file its last ones. A file that was rotated or cut short
 * is read from its beginning. Never throws: a file that can't be read has no lines.
 */
export async function linesSince(mark: LogMark, { maxBytes = 262_144 }: { readonly maxBytes?: number } = {}): Promise<string[]> {
  const lines: string[] = []
  for (const file of mark.files) lines.push(...(await linesFrom(file, maxBytes)))
  return lines
}

async function linesFrom({ path, size: known, inode }: LogMark['files'][number], maxBytes: number): Promise<string[]> {
  const file = await openFile(path).catch(() => undefined)
  if (file === undefined) return []
  try {
    const { size: bigSize, ino } = await file.stat({ bigint: true })
    const size = Number(bigSize)
    const read = inode === ino && size >= known ? known : 0
    const from = Math.max(read, size - maxBytes)
    // one byte before tells whether a line begins here
    const start = Math.max(from - 1, 0)
    const buffer = Buffer.alloc(size - start)
    let length = 0
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, start + length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return linesOf(buffer.subarray(from - start, length), from > read && buffer[0] !== LINE_FEED)
  } catch {
    return []
  } finally {
    await file.close().catch(() => {})
  }
}

const LINE_FEED = 0x0a

function linesOf(bytes: Buffer, beginsWithin: boolean): string[] {
  const begin = beginsWithin ? bytes.indexOf(LINE_FEED) + 1 : 0
  if (beginsWithin && begin === 0) return []
  const lines = bytes.subarray(begin).toString('utf8').split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => (line.length > longestLine ? line.slice(0, longestLine) : line))
}
