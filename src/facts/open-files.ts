import { readdirSync } from 'node:fs'
import { readBytesSync, realPath } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { attempt } from '../errors.ts'
import { openFilesOf } from '../host/proc-files.ts'
import { runToEnd } from '../host/processes.ts'

/** A process that has a file open. */
export interface FileHolder {
  readonly pid: number
  /** Its arguments with spaces between them; undefined where this user may not see them. */
  readonly command: string | undefined
}

/**
 * Which other processes have the file open, as far as this user may see it:
 * from /proc on Linux (proc(5), fd), lsof on macOS; Windows doesn't tell. The
 * search ends at its deadline (milliseconds) with what it has found. Never throws.
 */
export async function holdersOf(host: Host, path: string, deadlineMs = 2000): Promise<FileHolder[]> {
  const real = await realPath(path)
  if (host.platform === 'linux') return linuxHolders(real, performance.now() + deadlineMs)
  return host.platform === 'win32' ? [] : lsofHolders(host, real, deadlineMs)
}

function linuxHolders(path: string, until: number): FileHolder[] {
  const holders: FileHolder[] = []
  for (const entry of attempt(() => readdirSync('/proc')) ?? []) {
    if (performance.now() > until) break
    const pid = Number(entry)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    if (openFilesOf(pid).includes(path)) {
      const command = attempt(() => readBytesSync(`/proc/${pid}/cmdline`).toString())
      holders.push({ pid, command: command?.split('\0').join(' ').trim() || undefined })
    }
  }
  return holders
}

async function lsofHolders(host: Host, path: string, deadlineMs: number): Promise<FileHolder[]> {
  const options = { env: host.env, deadlineMs }
  const files = await runToEnd('lsof', ['-nP', '-Fp', '--', path], options)
  const pids = [...new Set(parseLsofPids(files.stdout))].filter((pid) => pid !== process.pid)
  if (pids.length === 0) return []
  const { stdout } = await runToEnd('ps', ['-wwo', 'pid=,command=', '-p', pids.join(',')], options)
  const commands = new Map([...stdout.matchAll(/^\s*(\d+)\s+(.*\S)\s*$/gm)].map((match) => [Number(match[1]), match[2]]))
  return pids.map((pid) => ({ pid, command: commands.get(pid) }))
}

/** `lsof -Fp`: a line `p4711` for each process. */
export function parseLsofPids(output: string): number[] {
  return [...output.matchAll(/^p(\d+)$/gm)].map((match) => Number(match[1]))
}
