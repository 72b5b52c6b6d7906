import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Host } from '../host/host.ts'
import { processTable, treeOf } from '../host/process-table.ts'
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

/** Whose socket listens on a port; `unknown` where this machine doesn't tell. */
export type PortOwner = 'ours' | 'foreign' | 'nobody' | 'unknown'

/** Tells whether the process, or one that it started, listens on the port. Never throws. */
export async function portOwner(host: Host, port: number, leader: number): Promise<PortOwner> {
  const [rows, sockets] = await Promise.all([processTable(host), host.platform === 'linux' ? linuxSockets(port) : undefined])
  const tree = treeOf(rows ?? [], leader)
  if (host.platform === 'linux') {
    if (sockets === undefined) return 'unknown'
    const inodes = new Set(sockets.map(({ inode }) => inode))
    for (const pid of tree) {
      if ((await socketInodes(pid)).some((inode) => inodes.has(inode))) return 'ours'
    }
    return sockets.length === 0 ? 'nobody' : 'foreign'
  }
  const known = (await listenersOn(host, port)).flatMap(({ pid }) => pid ?? [])
  if (known.length === 0) return 'unknown'
  return known.some((pid) => tree.includes(pid)) ? 'ours' : 'foreign'
}

/** Undefined where /proc can't be read. */
async function linuxSockets(port: number): Promise<{ address: string; inode: string }[] | undefined> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => undefined)))
  if (tables.every((table) => table === undefined)) return undefined
  return tables.flatMap((table) => parseProcNetTcp(table ?? '', port))
}

async function socketInodes(pid: number): Promise<string[]> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
  const links = await Promise.all(descriptors.map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')))
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
}

async function linuxListeners(port: number): Promise<Listener[]> {
  const sockets = (await linuxSockets(port)) ?? []
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
