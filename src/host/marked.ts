import { attempt } from '../errors.ts'
import { readBytesSync } from './files.ts'
import { outputOf } from './process-listing.ts'
import type { ProcessRow } from './process-table.ts'
import { markName } from './run-mark.ts'

const environmentOf = (pid: number): string => attempt(() => readBytesSync(`/proc/${pid}/environ`).toString('latin1')) ?? ''

/**
 * Those of the processes that bear the mark, as far as this user may see it: by /proc on Linux, by `ps` on macOS,
 * where programs of the system show no environment. None on Windows, where no process shows another's. Who asks isn't
 * among them, nor who has started that. Never throws.
 */
export async function bearersOf(platform: NodeJS.Platform, mark: string, rows: readonly ProcessRow[]): Promise<ProcessRow[]> {
  const word = `${markName}=${mark}`
  const parents = new Set([process.pid])
  for (const pid of parents) for (const row of rows) if (row.pid === pid) parents.add(row.parent)
  const others = rows.filter(({ pid, zombie }) => !zombie && !parents.has(pid))
  if (platform === 'linux') return others.filter(({ pid }) => environmentOf(pid).split('\0').includes(word))
  if (platform !== 'darwin') return []
  const listed = (await outputOf('ps', ['-axEww', '-o', 'pid=,command='], 5000)) ?? ''
  const bearing = new Set(listed.split('\n').flatMap((line) => (line.includes(word) ? [Number.parseInt(line, 10)] : [])))
  return others.filter(({ pid }) => bearing.has(pid))
}
