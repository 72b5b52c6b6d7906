import { readdir } from 'node:fs/promises'
import { readBytesSync } from './files.ts'
import { errorCode } from '../errors.ts'
import type { Host } from './host.ts'

/** One process of this machine. */
export interface ProcessRow {
  readonly pid: number
  readonly parent: number
  /** Its process group; 0 where the system has none (Windows). */
  readonly group: number
  /** Ended, and not yet waited for by its parent. */
  readonly zombie: boolean
  /** When it was started, as the system writes it: with the PID it names one process for ever. */
  readonly started: string
}

/** What names one process for ever. */
export type ProcessIdentity = Pick<ProcessRow, 'pid' | 'started'>

/** Every process that this user may see, or undefined where the machine doesn't tell. Never throws. */
export async function processTable(host: Pick<Host, 'platform'>): Promise<ProcessRow[] | undefined> {
  if (host.platform === 'linux') return linuxTable()
  const { listed } = await import('./process-listing.ts')
  const rows = await listed(host.platform)
  return rows.length === 0 ? undefined : rows
}

/** /proc/PID/stat (proc(5)). The second field is the name in parentheses and may hold anything, also `) R 1`. */
export function parseProcStat(stat: string): ProcessRow | undefined {
  const close = stat.lastIndexOf(')')
  const pid = Number.parseInt(stat, 10)
  const [state = '', parent, group, ...more] = stat.slice(close + 2).split(' ')
  // starttime is field 22; the state is field 3
  const started = more[16]
  if (close < 0 || Number.isNaN(pid) || started === undefined) return undefined
  return { pid, parent: Number(parent), group: Number(group), zombie: state === 'Z' || state === 'X', started }
}

async function linuxTable(): Promise<ProcessRow[] | undefined> {
  const entries = await readdir('/proc').catch(() => [])
  const numbers = entries.filter((entry) => /^\d+$/.test(entry))
  if (numbers.length === 0) return undefined
  try {
    // one after the other, without a turn for anything else: the nearest to one moment, by one descriptor
    return numbers.flatMap((entry) => parseProcStat(statOf(entry)) ?? [])
  } catch {
    // without a descriptor to read with, a part of the table would pass for all of it
    return undefined
  }
}

/** Nothing for a process that ends meanwhile, or that may not be seen. Throws any other error. */
function statOf(pid: string): string {
  try {
    return String(readBytesSync(`/proc/${pid}/stat`))
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(errorCode(error) ?? '')) return ''
    throw error
  }
}

/** The row of the very process; undefined where it doesn't run any more. */
export function rowOf(rows: readonly ProcessRow[], { pid, started }: ProcessIdentity): ProcessRow | undefined {
  return rows.find((row) => row.pid === pid && row.started === started && !row.zombie)
}

/** The process and all that it started, as far as its parents are still there; the process itself comes first. */
export function treeOf(rows: readonly Pick<ProcessRow, 'pid' | 'parent'>[], pid: number): number[] {
  const tree = [pid]
  for (const parent of tree) {
    for (const row of rows) {
      if (row.parent === parent && !tree.includes(row.pid)) tree.push(row.pid)
    }
  }
  return tree
}

/** True where a process has the number, or (negative) a group has; nothing is sent to it. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

/** False where this user may not. */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    // it is gone otherwise
    return errorCode(error) !== 'EPERM'
  }
}
