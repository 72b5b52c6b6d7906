import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Host } from '../host/host.ts'
import { runToEnd } from '../host/processes.ts'
import { parseLsof, parseNetstat, parseProcNetTcp, parseWindowsProcess } from './listener-tables.ts'

/** Who listens on a port. What can't be found out (another user's process) is undefined. */
export interface Listener {
  readonly address: string
  readonly pid: number | undefined
  readonly command: string | undefined
  readonly cwd: string | undefined
}

/**
 * The processes that listen on a TCP port: from /proc on Linux, lsof on macOS,
 * netstat and PowerShell on Windows. An empty list where nobody listens or
 * nothing can be found out. Never throws; `deadlineMs` bounds the tools.
 */
export async function listenersOn(host: Host, port: number, deadlineMs = 3000): Promise<Listener[]> {
  if (host.platform === 'linux') return linuxListeners(port)
  if (host.platform === 'win32') return windowsListeners(host, port, deadlineMs)
  return lsofListeners(host, port, deadlineMs)
}

/** True where one of the processes listens on the port; undefined where this machine doesn't tell. */
export async function isListening(host: Host, port: number, pids: readonly number[]): Promise<boolean | undefined> {
  if (host.platform === 'linux') {
    const sockets = await linuxSockets(port)
    const inodes = new Set(sockets.map(({ inode }) => inode))
    for (const pid of pids) {
      if ((await socketInodes(pid)).some((inode) => inodes.has(inode))) return true
    }
    return sockets.length === 0 ? undefined : false
  }
  const listeners = await listenersOn(host, port)
  const known = listeners.filter(({ pid }) => pid !== undefined)
  if (known.length === 0) return undefined
  return known.some(({ pid }) => pid !== undefined && pids.includes(pid))
}

/** The process and all that it started, as far as this machine tells; the process itself comes first. */
export async function processTree(host: Host, pid: number): Promise<number[]> {
  const parents = await parentTable(host)
  const tree = [pid]
  for (let index = 0; index < tree.length; index++) {
    for (const [child, parent] of parents) {
      if (parent === tree[index] && !tree.includes(child)) tree.push(child)
    }
  }
  return tree
}

async function parentTable(host: Host): Promise<Map<number, number>> {
  const parents = new Map<number, number>()
  if (host.platform === 'linux') {
    for (const entry of await readdir('/proc').catch(() => [])) {
      if (!/^\d+$/.test(entry)) continue
      // the second field is the name in parentheses and may hold anything; the parent is the second field after it (proc(5))
      const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      if (Number.isInteger(parent)) parents.set(Number(entry), parent)
    }
    return parents
  }
  const finished =
    host.platform === 'win32'
      ? await runToEnd('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', 'Get-CimInstance Win32_Process | ForEach-Object { "$($_.ProcessId) $($_.ParentProcessId)" }'], { deadlineMs: 5000 })
      : await runToEnd('ps', ['-axo', 'pid=,ppid='], { deadlineMs: 2000 })
  for (const line of finished.stdout.split('\n')) {
    const [child, parent] = line.trim().split(/\s+/).map(Number)
    if (child !== undefined && parent !== undefined && Number.isInteger(child) && Number.isInteger(parent)) parents.set(child, parent)
  }
  return parents
}

async function linuxSockets(port: number): Promise<{ address: string; inode: string }[]> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')))
  return tables.flatMap((table) => parseProcNetTcp(table, port))
}

async function socketInodes(pid: number): Promise<string[]> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
  const links = await Promise.all(descriptors.map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')))
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
}

async function linuxListeners(port: number): Promise<Listener[]> {
  const sockets = await linuxSockets(port)
  if (sockets.length === 0) return []
  const owners = new Map<string, number>()
  const wanted = new Set(sockets.map(({ inode }) => inode))
  for (const entry of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(entry)) continue
    for (const inode of await socketInodes(Number(entry))) {
      if (wanted.has(inode) && !owners.has(inode)) owners.set(inode, Number(entry))
    }
    if (owners.size === wanted.size) break
  }
  return Promise.all(
    sockets.map(async ({ address, inode }) => {
      const pid = owners.get(inode)
      if (pid === undefined) return { address, pid, command: undefined, cwd: undefined }
      const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').join(' ').trim()
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined)
      return { address, pid, command: command === '' ? undefined : command, cwd }
    }),
  )
}

async function lsofListeners(host: Host, port: number, deadlineMs: number): Promise<Listener[]> {
  const finished = await runToEnd('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpn'], { env: host.env, deadlineMs })
  return Promise.all(
    parseLsof(finished.stdout).map(async ({ pid, address }) => {
      const command = await runToEnd('ps', ['-o', 'command=', '-p', String(pid)], { env: host.env, deadlineMs })
      const cwd = await runToEnd('lsof', ['-a', '-p', String(pid), '-d', 'cwd', '-Fn'], { env: host.env, deadlineMs })
      return { address, pid, command: command.stdout.trim() || undefined, cwd: /^n(.+)$/m.exec(cwd.stdout)?.[1] }
    }),
  )
}

async function windowsListeners(host: Host, port: number, deadlineMs: number): Promise<Listener[]> {
  const finished = await runToEnd('netstat', ['-ano', '-p', 'TCP'], { env: host.env, deadlineMs })
  const six = await runToEnd('netstat', ['-ano', '-p', 'TCPv6'], { env: host.env, deadlineMs })
  const found = parseNetstat(`${finished.stdout}\n${six.stdout}`, port)
  return Promise.all(
    found.map(async ({ pid, address }) => {
      const script = `Get-CimInstance Win32_Process -Filter 'ProcessId=${pid}' | Select-Object Name,CommandLine | ConvertTo-Json`
      const answer = await runToEnd('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', script], { env: host.env, deadlineMs })
      return { address, pid, command: parseWindowsProcess(answer.stdout), cwd: undefined }
    }),
  )
}

/** `python manage.py runserver (PID 4711)`, or as much of it as is known. */
export function describeListener(listener: Listener | undefined): string {
  if (listener?.pid === undefined) return 'another program (its process is not visible to this user)'
  const command = listener.command === undefined ? 'a program' : shorten(listener.command)
  return `${command} (PID ${listener.pid})`
}

function shorten(command: string): string {
  const [program = '', ...rest] = command.split(' ')
  const line = [basename(program), ...rest].join(' ')
  return line.length > 100 ? `${line.slice(0, 99)}…` : line
}
