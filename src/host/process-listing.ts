import { execFile } from 'node:child_process'
import type { ProcessRow } from './process-table.ts'
import { systemProgram } from './programs.ts'
import { withoutOurs } from './secret-names.ts'

/** Every process as the system's own tool lists it; none where it fails. */
export async function listed(platform: NodeJS.Platform): Promise<ProcessRow[]> {
  const list =
    'Get-CimInstance Win32_Process -Property ProcessId,ParentProcessId,CreationDate | ForEach-Object { "$($_.ProcessId) $($_.ParentProcessId) 0 R $($_.CreationDate.Ticks)" }'
  return parsePs(
    await (platform === 'win32'
      ? outputOf(systemProgram('powershell'), ['-NoProfile', '-NonInteractive', '-Command', list], 5000)
      : outputOf('ps', ['-axo', 'pid=,ppid=,pgid=,state=,lstart='], 2000)),
  )
}

/** `ps -axo pid=,ppid=,pgid=,state=,lstart=`: four words, then the time of the start. */
export function parsePs(output: string): ProcessRow[] {
  return output.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*\S)\s*$/.exec(line)
    if (match === null) return []
    const [, pid, parent, group, state = '', started = ''] = match
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), zombie: state.startsWith('Z'), started }]
  })
}

/** What a program prints within its time, in milliseconds; nothing where it fails. The end of any other command asks for this table. */
export function outputOf(file: string, args: readonly string[], deadlineMs: number): Promise<string> {
  const options = { timeout: deadlineMs, maxBuffer: 8_000_000, windowsHide: true, env: withoutOurs(process.env) }
  return new Promise((resolve) => {
    execFile(file, args, options, (error, stdout) => resolve(error === null ? stdout : ''))
  })
}
