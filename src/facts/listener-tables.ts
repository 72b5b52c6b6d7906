/** The tables that operating systems print about listening sockets, read as text. */

/** A listening socket of Linux, by the inode that a descriptor names it with. */
export interface ListeningSocket {
  readonly address: string
  readonly port: number
  readonly inode: string
  /** The user that made it. */
  readonly uid: number
}

/** Listening sockets (state 0A) in /proc/net/tcp or tcp6 (Documentation/networking/proc_net_tcp.rst). */
export function parseProcNetListening(table: string): ListeningSocket[] {
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const [, local = '', , state] = fields
    const inode = fields[9]
    const [address = '', hexPort = ''] = local.split(':')
    if (state !== '0A' || inode === undefined) return []
    return [{ address: readableAddress(address), port: Number.parseInt(hexPort, 16), inode, uid: Number(fields[7]) }]
  })
}

/**
 * Listening Unix sockets in /proc/net/unix that have a path: flag 00010000 is
 * __SO_ACCEPTCON (include/uapi/linux/net.h); names that begin with @ are no files (unix(7)).
 */
export function parseProcNetUnix(table: string): { path: string; inode: string }[] {
  return table.split('\n').flatMap((line) => {
    const [, flags, inode, path] = /^\S+: \S+ \S+ (\S+) \S+ \S+ +(\d+) ([^@\n].*)$/.exec(line) ?? []
    return flags === '00010000' && inode !== undefined && path !== undefined ? [{ path, inode }] : []
  })
}

/** `0100007F` is 127.0.0.1: words of 32 bits in the machine's byte order, which is little-endian wherever Node runs on Linux but s390x. */
export function readableAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).toReversed().map((byte) => Number.parseInt(byte, 16)),
  )
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.every((byte) => byte === 0)) return '::'
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return '::1'
  // an IPv4 socket of a program that asked for IPv6 (RFC 4291, 2.5.5.2)
  if (bytes.slice(0, 12).join(',') === '0,0,0,0,0,0,0,0,0,0,255,255') return `::ffff:${bytes.slice(12).join('.')}`
  const groups = Array.from({ length: 8 }, (_, index) => (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16))
  return groups.join(':')
}

/** `netstat -ano`: protocol, local address, foreign address, state (in the system's language), PID. A listener's foreign port is 0. */
export function parseNetstatListening(output: string): { pid: number; address: string; port: number }[] {
  return output.split(/\r?\n/).flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const [protocol, local = '', foreign = ''] = fields
    const pid = Number(fields.at(-1))
    const colon = local.lastIndexOf(':')
    if (protocol !== 'TCP' || colon < 0 || !foreign.endsWith(':0') || !Number.isInteger(pid)) return []
    return [{ pid, address: local.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(local.slice(colon + 1)) }]
  })
}

/**
 * The ports around this one that Windows keeps for Hyper-V, WSL and Docker, as `netsh interface ipv4 show excludedportrange
 * protocol=tcp` has them: two numbers a line, its headings in the system's language. An administrator's own, with a star, may be bound. Pure.
 */
export function excludedRange(output: string, port: number): { readonly from: number; readonly to: number } | undefined {
  const rows = [...output.matchAll(/^\s*(\d+)\s+(\d+)\s*$/gm)].map(([, from, to]) => ({ from: Number(from), to: Number(to) }))
  return rows.find(({ from, to }) => from <= port && port <= to)
}
