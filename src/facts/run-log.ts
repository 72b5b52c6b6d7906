import { readdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { openFile } from '../host/files.ts'
import { parseAs } from '../host/json-shape.ts'

/** A line of a background run's log: what a service has said at a time (milliseconds since 1970), or the run's end. */
const recordSchema = v.union([
  v.object({ t: v.number(), service: v.string(), line: v.string() }),
  v.object({ t: v.number(), end: v.number() }),
])

export type LogRecord = v.InferOutput<typeof recordSchema>
export type LogLine = Extract<LogRecord, { line: string }>

/** The service that the launcher's own words stand under. */
export const launcherService = 'election-dev'

/**
 * A log goes through numbered files, of which the newest few are kept. None is
 * ever renamed: who follows it can't miss a turn, and Windows lets no file be renamed that is read.
 */
export function segmentName(id: string, number: number): string {
  return `${id}.${number}.jsonl`
}

/** The numbers of a log's files, the oldest first. Never throws. */
export async function segmentsOf(folder: string, id: string): Promise<number[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .flatMap((name) => (name.startsWith(`${id}.`) ? (/^(\d+)\.jsonl$/.exec(name.slice(id.length + 1))?.[1] ?? []) : []))
    .map(Number)
    .toSorted((a, b) => a - b)
}

/** The ids of all logs in a folder, the newest first: ids begin with the time. Never throws. */
export async function logIds(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  const ids = names.flatMap((name) => /^(.+)\.\d+\.jsonl$/.exec(name)?.[1] ?? [])
  return [...new Set(ids)].toSorted().toReversed()
}

/** How far a log was read. */
export interface LogPosition {
  readonly segment: number
  /** Bytes. */
  readonly offset: number
}

/** The last lines of a log that are wanted, and where it goes on. Never throws. */
export async function lastRecords(
  folder: string,
  id: string,
  options: { readonly count: number; readonly wanted: (record: LogRecord) => boolean },
): Promise<{ records: LogRecord[]; position: LogPosition; ended: boolean }> {
  const segments = await segmentsOf(folder, id)
  let records: LogRecord[] = []
  let position: LogPosition = { segment: segments.at(-1) ?? 1, offset: 0 }
  let ended = false
  for (const segment of segments.toReversed()) {
    const { records: read, end } = await readLast(join(folder, segmentName(id, segment)))
    if (segment === position.segment) position = { segment, offset: end }
    ended ||= read.some((record) => 'end' in record)
    records = [...read.filter((record) => options.wanted(record)), ...records]
    if (records.length >= options.count) break
  }
  return { records: options.count === 0 ? [] : records.slice(-options.count), position, ended }
}

/** Follows a log from a place on. The file that is read stays open: once it is taken away it can still be read to its end. */
export function followLog(folder: string, id: string, from: LogPosition) {
  let position = from
  let handle: FileHandle | undefined
  return {
    /**
     * What was written since the last call. `lost`: files that were taken away before
     * they were read, since more was written than is kept. `moved`: there is more to read at once. Never throws.
     */
    read: async () => {
      // listed before it is read: a file is whole as soon as the next one is there
      const next = (await segmentsOf(folder, id)).find((segment) => segment > position.segment)
      handle ??= await openFile(join(folder, segmentName(id, position.segment))).catch(() => undefined)
      const here = handle === undefined ? undefined : await readFrom(handle, position.offset)
      const records = here?.records ?? []
      if (next === undefined) {
        position = { ...position, offset: position.offset + (here?.bytes ?? 0) }
        return { records, lost: 0, moved: false }
      }
      const lost = next - position.segment - 1 + (here === undefined ? 1 : 0)
      await handle?.close()
      position = { segment: next, offset: 0 }
      // opened at once, before it may be taken away
      handle = await openFile(join(folder, segmentName(id, next))).catch(() => undefined)
      return { records, lost, moved: true }
    },
    close: async () => {
      await handle?.close()
    },
  }
}

/** So much of the end of a file is read, in bytes. */
const mostAtOnce = 8_000_000

async function readLast(path: string): Promise<{ records: LogRecord[]; end: number }> {
  const handle = await openFile(path).catch(() => undefined)
  if (handle === undefined) return { records: [], end: 0 }
  try {
    const start = Math.max(0, (await handle.stat()).size - mostAtOnce)
    const { records, bytes } = await readFrom(handle, start)
    return { records, end: start + bytes }
  } finally {
    await handle.close()
  }
}

async function readFrom(handle: FileHandle, offset: number): Promise<{ records: LogRecord[]; bytes: number }> {
  try {
    const { size } = await handle.stat()
    const buffer = Buffer.alloc(Math.max(0, size - offset))
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset)
    const read = buffer.subarray(0, bytesRead)
    const whole = read.subarray(0, read.lastIndexOf(10) + 1)
    return { records: parseRecords(whole), bytes: whole.length }
  } catch {
    return { records: [], bytes: 0 }
  }
}

/** A line that was torn by a full disk is left out. */
function parseRecords(bytes: Buffer): LogRecord[] {
  return bytes
    .toString()
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? (parseAs(recordSchema, line) ?? []) : []))
}
