import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { readBytesSync, readText } from '../host/files.ts'
import { attempt } from '../errors.ts'
import { socketInodes } from '../host/proc-files.ts'
import { parseProcStat } from '../host/process-table.ts'
import { parseProcNetListening, parseProcNetUnix } from './listener-tables.ts'
import type { MachineView, SeenDetails, SeenProcess } from './server-view.ts'
import { within } from '../host/race-stop.ts'

/**
 * Length of a clock tick in /proc/PID/stat, in milliseconds. proc(5) counts in
 * sysconf(_SC_CLK_TCK), which Node doesn't tell; the kernel fixes it to 100 a
 * second towards programs (USER_HZ) on every architecture that Node runs on.
 */
const tickMs = 10

/** The files of one process below /proc. */
const proc = {
  link: (pid: number, name: string): string | undefined => attempt(() => readlinkSync(`/proc/${pid}/${name}`)),
  /**
   * Strings that end with NUL each (proc(5), cmdline and environ); a title that a program wrote over them may end with several.
   * They are read from the process's memory, which one that waits in the kernel (state D) may hold for long.
   */
  strings: async (pid: number, name: 'cmdline' | 'environ', state: string, until: number): Promise<string[] | undefined> => {
    const text =
      state === 'D'
        ? await within(until - performance.now(), readText(`/proc/${pid}/${name}`))
        : attempt(() => readBytesSync(`/proc/${pid}/${name}`).toString())
    return text?.replace(/\0+$/, '').split('\0')
  },
}

/** The machine as /proc tells it, or undefined where it isn't there. `until` is on the clock of performance.now(). */
export async function linuxView(until: number): Promise<MachineView | undefined> {
  const rows = await readRows(until)
  if (rows.length === 0) return undefined
  const tcp = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    parseProcNetListening(attempt(() => readBytesSync(file).toString()) ?? ''),
  )
  const tcpByInode = new Map(tcp.map((socket) => [socket.inode, socket]))
  const unix = new Map(
    parseProcNetUnix(attempt(() => readBytesSync('/proc/net/unix').toString()) ?? '').map(({ inode, path }) => [inode, path]),
  )
  const known = new Map<number, string[]>()
  const socketsOf = (pid: number): string[] => {
    const inodes = known.get(pid) ?? socketInodes(pid)
    known.set(pid, inodes)
    return inodes
  }
  return {
    source: '/proc',
    rows,
    holders: (ports, likely, never) => {
      const wanted = tcp.filter(({ port }) => ports.includes(port))
      const uid = process.getuid?.() ?? 0
      const open = new Set(wanted.map(({ inode }) => inode))
      const pids: number[] = []
      // only root sees the descriptors of others, so a search for theirs would go through all processes in vain
      const order = wanted.every((socket) => uid !== 0 && socket.uid !== uid) ? likely : [...likely, ...rows.map(({ pid }) => pid)]
      for (const pid of new Set(order)) {
        if (open.size === 0 || performance.now() > until) break
        const held = socketsOf(pid).filter((inode) => open.has(inode))
        if (held.length === 0) continue
        for (const inode of held) open.delete(inode)
        if (!never.has(pid)) pids.push(pid)
      }
      return { pids, unseen: wanted.filter(({ inode }) => open.has(inode)) }
    },
    details: async (pids) =>
      new Map(
        pids.map((pid) => {
          const cwd = proc.link(pid, 'cwd')?.replace(/ \(deleted\)$/, '')
          const inodes = socketsOf(pid)
          const details: SeenDetails = {
            cwd,
            sameFiles: sameFiles(pid),
            executable: proc.link(pid, 'exe')?.replace(/ \(deleted\)$/, ''),
            listens: inodes.flatMap((inode) => tcpByInode.get(inode) ?? []).map(({ address, port }) => ({ address, port })),
            unixSockets: inodes.flatMap((inode) => unix.get(inode) ?? []).map((path) => (cwd === undefined ? path : resolve(cwd, path))),
            logs: logsOf(pid),
          }
          return [pid, details] as const
        }),
      ),
    environment: async (pid, names) => {
      const entries = await proc.strings(pid, 'environ', stateOf(attempt(() => readBytesSync(`/proc/${pid}/stat`).toString()) ?? ''), until)
      return entries === undefined
        ? undefined
        : Object.fromEntries(
            entries.flatMap((entry) => {
              const name = entry.split('=', 1)[0] ?? ''
              return names.includes(name) ? [[name, entry.slice(name.length + 1)]] : []
            }),
          )
    },
  }
}

async function readRows(until: number): Promise<SeenProcess[]> {
  const bootedAt = Number(/^btime (\d+)$/m.exec(attempt(() => readBytesSync('/proc/stat').toString()) ?? '')?.[1] ?? Number.NaN) * 1000
  const pids = (attempt(() => readdirSync('/proc')) ?? []).filter((entry) => /^\d+$/.test(entry))
  const rows = await Promise.all(
    pids.map(async (entry) => {
      const stat = attempt(() => readBytesSync(`/proc/${entry}/stat`).toString())
      const row = stat === undefined ? undefined : parseProcStat(stat)
      if (stat === undefined || row === undefined || row.zombie) return []
      const state = stateOf(stat)
      const startedAt = bootedAt + Number(row.started) * tickMs
      // threads of the kernel have no arguments, and PID 2 for their parent
      const argv = row.parent === 2 ? [] : ((await proc.strings(row.pid, 'cmdline', state, until)) ?? [])
      return [
        {
          pid: row.pid,
          parent: row.parent,
          argv: argv.length === 1 && argv[0] === '' ? [] : argv,
          stopped: state === 'T' || state === 't',
          startedAt: Number.isNaN(startedAt) ? undefined : startedAt,
        },
      ]
    }),
  )
  return rows.flat()
}

/** True where it sees the same files as this process, or where that can't be told. */
function sameFiles(pid: number): boolean {
  const theirs = proc.link(pid, 'ns/mnt')
  return theirs === undefined || theirs === attempt(() => readlinkSync('/proc/self/ns/mnt'))
}

function logsOf(pid: number): string[] {
  const paths = ['fd/1', 'fd/2'].flatMap((name) => proc.link(pid, name) ?? [])
  return [...new Set(paths)].filter((path) => path.startsWith('/') && attempt(() => statSync(path).isFile()) === true)
}

/** The letter behind the name, which may hold anything but is closed by the last parenthesis. */
function stateOf(stat: string): string {
  return stat.charAt(stat.lastIndexOf(')') + 2)
}
