import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode, errorMessage } from '../errors.ts'
import { launcherService, segmentName, type LogRecord } from '../facts/run-log.ts'

/** The log of a background run. */
export type RunLog = ReturnType<typeof openRunLog>

export interface RunLogOptions {
  /** How large a file may grow, in bytes. */
  readonly size: number
  /** How many full files are kept beside the one that is written. */
  readonly count: number
}

/** So much is written at once, in bytes, or what has come in `holdMs`. */
const block = 64 * 1024
const holdMs = 20

/**
 * A log in numbered files of a bounded size. Written in blocks and synchronously:
 * a service that says more than the disk takes is slowed down, and no line is
 * lost, put out of order or held in memory. A disk that is full loses lines, and
 * their number is written down as soon as it takes some again. Never throws.
 */
export function openRunLog(folder: string, id: string, options: RunLogOptions) {
  let segment = 0
  let descriptor: number | undefined
  let written = 0
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let lost = 0
  let problem = ''
  let timer: NodeJS.Timeout | undefined
  let torn = false

  const turn = () => {
    if (descriptor !== undefined) closeSync(descriptor)
    descriptor = undefined
    // 'ax': a file that nobody can have laid there before, and no link
    descriptor = openSync(join(folder, segmentName(id, segment + 1)), 'ax', 0o600)
    segment++
    written = 0
    torn = false
    const oldest = segment - options.count - 1
    if (oldest >= 1) unlinkQuietly(join(folder, segmentName(id, oldest)))
  }
  const put = (bytes: Buffer) => {
    if (descriptor === undefined || written >= options.size) turn()
    if (descriptor === undefined) return
    if (torn) writeSync(descriptor, '\n')
    torn = false
    for (let at = 0; at < bytes.length;) {
      const count = writeSync(descriptor, bytes, at)
      at += count
      written += count
      torn = at < bytes.length
    }
  }
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const lines = waiting
    waiting = []
    waitingBytes = 0
    // by whole lines, so that no file grows beyond its size by more than one
    for (let at = 0; at < lines.length;) {
      const part: Buffer[] = []
      for (let size = written >= options.size ? 0 : written; at < lines.length && (part.length === 0 || size < options.size); at++) {
        const line = lines[at]
        if (line === undefined) break
        part.push(line)
        size += line.length
      }
      try {
        if (lost > 0) put(encoded({ t: Date.now(), service: launcherService, line: `${lost} lines could not be written: ${problem}` }))
        lost = 0
        put(Buffer.concat(part))
      } catch (error) {
        lost += part.length
        problem = errorCode(error) ?? errorMessage(error)
      }
    }
  }
  const add = (record: LogRecord) => {
    const bytes = encoded(record)
    waiting.push(bytes)
    waitingBytes += bytes.length
    if (waitingBytes >= block) flush()
    else timer ??= setTimeout(flush, holdMs).unref()
  }
  // an exception of ours must not take the last lines with it
  process.once('exit', flush)
  return {
    line: (service: string, line: string) => add({ t: Date.now(), service, line }),
    /** The run ends with this status: whoever follows it is told. */
    end: (status: number) => {
      add({ t: Date.now(), end: status })
      flush()
    },
    /** Writes what is still held back. */
    flush,
  }
}

/** Takes the logs of earlier runs away but the newest `keep`, and those that are named. Never throws. */
export async function pruneLogs(folder: string, keep: number, named: ReadonlySet<string>): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  const ids = [...new Set(names.flatMap((name) => idOf(name) ?? []))].toSorted().toReversed()
  const old = new Set(ids.filter((id) => !named.has(id)).slice(keep))
  for (const name of names) if (old.has(idOf(name) ?? '')) await rm(join(folder, name), { force: true }).catch(() => undefined)
}

function idOf(name: string): string | undefined {
  return /^(\d{8}-\d{6}-[0-9a-f]{6})\.(?:\d+\.jsonl|err)$/.exec(name)?.[1]
}

function encoded(record: LogRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record)}\n`)
}

function unlinkQuietly(file: string): void {
  try {
    unlinkSync(file)
  } catch {
    // somebody took it away, or reads it (Windows)
  }
}
