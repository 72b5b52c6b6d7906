import { execFile } from 'node:child_process'
import { withoutOurs } from './secret-names.ts'

/** Every process as the system's own tool lists it, a line each: PID, parent, group, state, time of the start. */
export function listed(platform: NodeJS.Platform): Promise<string> {
  const list = 'Get-CimInstance Win32_Process | ForEach-Object { "$($_.ProcessId) $($_.ParentProcessId) 0 R $($_.CreationDate.Ticks)" }'
  return platform === 'win32'
    ? outputOf('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', list], 5000)
    : outputOf('ps', ['-axo', 'pid=,ppid=,pgid=,state=,lstart='], 2000)
}

/** What a program prints within its time, in milliseconds; nothing where it fails. The end of any other command asks for this table. */
export function outputOf(file: string, args: readonly string[], deadlineMs: number): Promise<string> {
  const options = { timeout: deadlineMs, maxBuffer: 8_000_000, windowsHide: true, env: withoutOurs(process.env) }
  return new Promise((resolve) => {
    execFile(file, args, options, (error, stdout) => resolve(error === null ? stdout : ''))
  })
}
