import { readBytesSync } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { attempt } from '../errors.ts'
import { pathsOf, platformOf } from '../host/paths.ts'
import { socketInodes } from '../host/proc-files.ts'
import { processTable, treeOf } from '../host/process-table.ts'
import { parseProcNetListening, type ListeningSocket } from './listener-tables.ts'

/** Who listens on a port. What can't be found out (another user's process) is undefined. */
export interface Listener {
  readonly address: string
  readonly pid: number | undefined
  readonly command: string | undefined
  readonly cwd: string | undefined
}

/**
 * The processes that listen on a TCP port. An empty list where nobody listens or
 * nothing can be found out. Never throws; `deadlineMs` bounds the tools.
 */
export async function listenersOn(host: Host, port: number, deadlineMs = 3000): Promise<Listener[]> {
  const { machineView } = await import('./machine-view.ts')
  const view = await machineView(host, deadlineMs)
  if (view === undefined) return []
  const { pids, unseen } = view.holders([port], [], new Set())
  const details = await view.details(pids)
  const seen = pids.flatMap((pid) => {
    const { cwd, listens, executable } = details.get(pid) ?? { cwd: undefined, listens: [], executable: undefined }
    const argv = view.rows.find((row) => row.pid === pid)?.argv.join(' ') ?? ''
    const command = argv === '' ? executable : argv
    return listens.flatMap((at) => (at.port === port ? [{ address: at.address, pid, command, cwd }] : []))
  })
  return [...seen, ...unseen.map(({ address }) => ({ address, pid: undefined, command: undefined, cwd: undefined }))]
}

/** Whose socket listens on a port; `unknown` where this machine doesn't tell. */
export type PortOwner = 'ours' | 'foreign' | 'nobody' | 'unknown'

/** Tells whether the process, or one that it started, listens on the port. Never throws. */
export async function portOwner(host: Host, port: number, leader: number): Promise<PortOwner> {
  if (host.platform === 'linux') {
    const ipv4 = listeningIn('tcp', port)
    // most servers listen themselves, and on IPv4: nothing else has to be read then
    if (ipv4 !== undefined && ipv4.length > 0 && holds(leader, ipv4)) return 'ours'
    const ipv6 = listeningIn('tcp6', port)
    if (ipv4 === undefined && ipv6 === undefined) return 'unknown'
    const sockets = [...(ipv4 ?? []), ...(ipv6 ?? [])]
    if (sockets.length === 0) return 'nobody'
    return treeOf((await processTable(host)) ?? [], leader).some((pid) => holds(pid, sockets)) ? 'ours' : 'foreign'
  }
  const { machineView } = await import('./machine-view.ts')
  const view = await machineView(host, 3000)
  const known = view?.holders([port], [], new Set()).pids ?? []
  if (view === undefined || known.length === 0) return 'unknown'
  const ours = treeOf(view.rows, leader)
  return known.some((pid) => ours.includes(pid)) ? 'ours' : 'foreign'
}

/** The ports that a process, or one that it started, listens on; undefined where this machine doesn't tell. Never throws. */
export async function portsOf(host: Host, leader: number): Promise<number[] | undefined> {
  const { machineView } = await import('./machine-view.ts')
  const view = await machineView(host, 3000)
  if (view === undefined) return undefined
  const details = await view.details(treeOf(view.rows, leader))
  return [...new Set([...details.values()].flatMap(({ listens }) => listens.map(({ port }) => port)))]
}

function holds(pid: number, sockets: readonly ListeningSocket[]): boolean {
  const inodes = new Set(socketInodes(pid))
  return sockets.some(({ inode }) => inodes.has(inode))
}

/** The sockets of one of the kernel's tables, which takes some 3 ms to be read; undefined where it can't be. */
function listeningIn(table: string, port: number): ListeningSocket[] | undefined {
  const text = attempt(() => readBytesSync(`/proc/net/${table}`).toString())
  return text === undefined ? undefined : parseProcNetListening(text).filter((socket) => socket.port === port)
}

/** `python manage.py runserver (PID 4711)`, or as much of it as is known. */
export function describeListener(listener: Listener | undefined): string {
  if (listener?.pid === undefined) return 'another program (its process is not visible to this user)'
  const command = listener.command === undefined ? 'a program' : shorten(listener.command)
  return `${command} (PID ${listener.pid})`
}

function shorten(command: string): string {
  const platform = platformOf(command)
  // a path of Windows may have blanks
  const program = (platform === 'win32' ? /^.*?\.exe(?= |$)/i : /^[^ ]*/).exec(command)?.[0] ?? command
  const line = `${pathsOf(platform).basename(program)}${command.slice(program.length)}`
  return line.length > 100 ? `${line.slice(0, 99)}…` : line
}
