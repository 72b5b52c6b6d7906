import * as v from 'valibot'
import type { Host } from '../host/host.ts'
import { runToEnd } from '../host/processes.ts'
import { systemProgram } from '../host/programs.ts'
import { parseNetstatListening } from './listener-tables.ts'
import { viewOfTables, type MachineView, type SeenProcess } from './server-view.ts'
import { parseJson } from '../host/json.ts'

const rowSchema = v.object({
  ProcessId: v.number(),
  ParentProcessId: v.number(),
  Name: v.nullish(v.string()),
  CommandLine: v.nullish(v.string()),
  ExecutablePath: v.nullish(v.string()),
  CreationDate: v.nullish(v.string()),
})

/** The processes that `Get-CimInstance Win32_Process | ConvertTo-Json` prints: a list, or one alone. Another user's have no command line. */
export function parseWindowsProcesses(output: string): (SeenProcess & { readonly executable: string | undefined })[] {
  return [parseJson(output)].flat().flatMap((entry) => {
    const row = v.safeParse(rowSchema, entry)
    if (!row.success) return []
    const { ProcessId, ParentProcessId, Name, CommandLine, ExecutablePath, CreationDate } = row.output
    return [
      {
        pid: ProcessId,
        parent: ParentProcessId,
        argv: splitCommandLine(CommandLine ?? ''),
        stopped: undefined,
        startedAt: creationTime(CreationDate),
        // another user's shows its name alone
        executable: ExecutablePath ?? Name ?? undefined,
      },
    ]
  })
}

/** PowerShell 5 writes `/Date(1700000000000)/`, PowerShell 7 the ISO form. */
function creationTime(text: string | null | undefined): number | undefined {
  const milliseconds = /^\/Date\((\d+)\)\/$/.exec(text ?? '')?.[1]
  const time = milliseconds === undefined ? Date.parse(text ?? '') : Number(milliseconds)
  return Number.isNaN(time) ? undefined : time
}

/**
 * A command line's arguments, as programs of Microsoft's C runtime split it
 * (https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments):
 * backslashes count only before a quote, and two quotes within quotes are one.
 */
export function splitCommandLine(line: string): string[] {
  const args: string[] = []
  let [current, begun, quoted] = ['', false, false]
  for (let index = 0; index < line.length; index++) {
    const slashes = /^\\+(?=")/.exec(line.slice(index))?.[0].length ?? 0
    if (slashes > 0) {
      current += '\\'.repeat(Math.floor(slashes / 2))
      begun = true
      index += slashes
      if (slashes % 2 === 1) {
        current += '"'
        continue
      }
    }
    const character = line[index] ?? ''
    if (character === '"') {
      if (quoted && line[index + 1] === '"') {
        current += '"'
        index += 1
      } else quoted = !quoted
      begun = true
    } else if (/\s/.test(character) && !quoted) {
      if (begun) args.push(current)
      ;[current, begun] = ['', false]
    } else {
      current += character
      begun = true
    }
  }
  if (begun) args.push(current)
  return args
}

const columns = 'ProcessId,ParentProcessId,Name,CommandLine,ExecutablePath,CreationDate'
const script = `[Console]::OutputEncoding = [Text.Encoding]::UTF8; Get-CimInstance Win32_Process -Property ${columns} | Select-Object ${columns} | ConvertTo-Json -Compress`

/** The machine as PowerShell and netstat tell it; undefined where they don't. Windows tells no other process's working folder or environment. */
export async function windowsView(host: Host, deadlineMs: number): Promise<MachineView | undefined> {
  const options = { env: host.env, deadlineMs }
  const [table, four, six] = await Promise.all([
    runToEnd(systemProgram('powershell'), ['-NoProfile', '-NonInteractive', '-Command', script], options),
    runToEnd(systemProgram('netstat'), ['-ano', '-p', 'TCP'], options),
    runToEnd(systemProgram('netstat'), ['-ano', '-p', 'TCPv6'], options),
  ])
  const rows = parseWindowsProcesses(table.stdout)
  if (rows.length === 0) return undefined
  const listening = parseNetstatListening(`${four.stdout}\n${six.stdout}`)
  return viewOfTables('windows', rows, listening, async () => new Map(rows.map(({ pid, executable }) => [pid, { executable }])))
}
