import type { Host } from '../host/host.ts'
import { runToEnd } from '../host/processes.ts'
import { isTitle } from './server-invocation.ts'
import { viewOfTables, type MachineView, type SeenDetails, type SeenProcess } from './server-view.ts'

/** `ps -axwwo pid=,ppid=,state=,lstart=,command=` in the C locale: the start is `Mon Nov 23 08:00:00 2026`, local time. */
export function parsePsCommands(output: string): SeenProcess[] {
  return output.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\w{3}\s+\w{3}\s+\d+\s+[\d:]+\s+\d{4})\s+(.*\S)\s*$/.exec(line)
    const [, pid, parent, state = '', started = '', command = ''] = match ?? []
    if (match === null || state.startsWith('Z')) return []
    const startedAt = Date.parse(started.replace(/\s+/g, ' '))
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        // ps joins arguments with spaces: one that holds a space can't be told from two
        argv: isTitle(command) ? [command] : command.split(/\s+/),
        stopped: /^[Tt]/.test(state),
        startedAt: Number.isNaN(startedAt) ? undefined : startedAt,
      },
    ]
  })
}

/** `lsof -nP -iTCP -sTCP:LISTEN -Fpn`: `p4711`, then `n127.0.0.1:8000` for each socket. */
export function parseLsofListening(output: string): { pid: number; address: string; port: number }[] {
  return [...filesOf(output)].flatMap(({ pid, name }) => {
    const match = /^(.*):(\d+)$/.exec(name)
    if (match === null) return []
    const [, address = '', port] = match
    return [{ pid, address: address === '*' ? '0.0.0.0' : address.replace(/^\[|\]$/g, ''), port: Number(port) }]
  })
}

/** `lsof -nP -p PIDS -Fpftn`: the working folder, the program, Unix sockets with a path, and regular files behind output and error. */
export function parseLsofFiles(output: string): Map<number, Pick<SeenDetails, 'cwd' | 'executable' | 'unixSockets' | 'logs'>> {
  const processes = new Map<number, { cwd: string | undefined; executable: string | undefined; unixSockets: string[]; logs: string[] }>()
  for (const { pid, descriptor, type, name } of filesOf(output)) {
    const found = processes.get(pid) ?? { cwd: undefined, executable: undefined, unixSockets: [], logs: [] }
    processes.set(pid, found)
    if (descriptor === 'cwd') found.cwd = readablePath(name)
    // the program comes first, its libraries after it
    if (descriptor === 'txt') found.executable ??= readablePath(name)
    if (type === 'unix' && name.startsWith('/') && !found.unixSockets.includes(name)) found.unixSockets.push(name)
    if ((descriptor === '1' || descriptor === '2') && type === 'REG' && name.startsWith('/') && !found.logs.includes(name)) {
      found.logs.push(name)
    }
  }
  return processes
}

/** Where a link may not be read, lsof writes the reason behind its name: `/proc/1/cwd (readlink: Permission denied)`. */
function readablePath(name: string): string | undefined {
  return name.startsWith('/') && !/ \((?:readlink|stat|opendir): /.test(name) ? name : undefined
}

function* filesOf(output: string): Generator<{ pid: number; descriptor: string; type: string; name: string }> {
  let [pid, descriptor, type] = [0, '', '']
  for (const line of output.split('\n')) {
    const text = line.slice(1)
    if (line.startsWith('p')) pid = Number(text)
    if (line.startsWith('f')) descriptor = text
    if (line.startsWith('t')) type = text
    // Linux's lsof adds the kind of a Unix socket
    if (line.startsWith('n') && pid !== 0) yield { pid, descriptor, type, name: text.replace(/ type=[A-Z]+(?: \([A-Z]+\))?$/, '') }
  }
}

/** The machine as ps and lsof tell it; undefined where there is no ps. */
export async function posixView(host: Host, deadlineMs: number): Promise<MachineView | undefined> {
  const env = { ...host.env, LC_ALL: 'C' }
  const run = (file: string, args: readonly string[]): Promise<string> =>
    runToEnd(file, args, { env, deadlineMs }).then(({ stdout }) => stdout)
  const [table, sockets] = await Promise.all([
    run('ps', ['-axwwo', 'pid=,ppid=,state=,lstart=,command=']),
    run('lsof', ['-nP', '-iTCP', '-sTCP:LISTEN', '-Fpn']),
  ])
  const rows = parsePsCommands(table)
  if (rows.length === 0) return undefined
  return viewOfTables('lsof', rows, parseLsofListening(sockets), async (pids) =>
    parseLsofFiles(pids.length === 0 ? '' : await run('lsof', ['-nP', '-p', pids.join(','), '-Fpftn'])),
  )
}
