import { readdirSync, readlinkSync } from 'node:fs'
import { attempt } from '../errors.ts'

/** The files below /proc (proc(5)). The kernel answers at once, so they are read without a detour, which would cost ten times as much. */

/** What each open descriptor of a process leads to, as far as this user may see it: a path, `socket:[4711]`. */
export function openFilesOf(pid: number): string[] {
  const descriptors = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? []
  return descriptors.flatMap((descriptor) => attempt(() => readlinkSync(`/proc/${pid}/fd/${descriptor}`)) ?? [])
}

/** The inodes of its open sockets. */
export function socketInodes(pid: number): string[] {
  return openFilesOf(pid).flatMap((file) => /^socket:\[(\d+)\]$/.exec(file)?.[1] ?? [])
}
