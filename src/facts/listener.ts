import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Host } from '../host/host.ts'
import { attempt } from '../errors.ts'
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
  const tree = async () => treeOf((await processTable(host)) ?? [], leader)
  if (host.platform === 'linux') {
    const sockets = linuxSockets(port)
    if (sockets === undefined) return 'unknown'
    const inodes = new Set(sockets.map(({ inode }) => inode))
    const listens = (pid: number) => socketInodes(pid).some((inode) => inodes.has(inode))
    if (sockets.length === 0) return 'nobody'
    // most servers listen themselves: nothing else has to be read then
    return listens(leader) || (await tree()).some(listens) ? 'ours' : 'foreign'
  }
  const known = (await listenersOn(host, port)).flatMap(({ pid }) => pid ?? [])
  if (known.length === 0) return 'unknown'
  const ours = await tree()
  return known.some((pid) => ours.includes(pid)) ? 'ours' : 'foreign'
}

/** Undefined where /proc can't be read. */
function linuxSockets(port: number): ListeningSocket[] | undefined {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => attempt(() => readFileSync(file, 'utf8')))
  if (tables.every((table) => table === undefined)) return undefined
  return tables.flatMap((table) => parseProcNetListening(table ?? '')).filter((socket) => socket.port === port)
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
