import { readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { readText } from './files.ts'
import type { Host } from './host.ts'

/** Where PIDs mean something: a number of another machine, of another container or of before a reboot names nobody here. */
export interface Machine {
  readonly hostname: string
  /** Changes with each boot; null where the system doesn't tell (only Linux does). */
  readonly boot: string | null
  /** The namespace of the PIDs, which a container has of its own; null where there is none. */
  readonly pids: string | null
}

/** This machine. Never throws. */
export async function thisMachine(host: Pick<Host, 'platform'>): Promise<Machine> {
  if (host.platform !== 'linux') return { hostname: hostname(), boot: null, pids: null }
  const [boot, pids] = await Promise.all([
    // random(4): made anew at each boot, the same in all containers of it
    readText('/proc/sys/kernel/random/boot_id'),
    readlink('/proc/self/ns/pid').catch(() => null),
  ])
  return { hostname: hostname(), boot: boot?.trim() ?? null, pids }
}

/** Whether PIDs that were written down there name processes here. Pure. */
export function placeOf(there: Machine, here: Machine): 'here' | 'before-reboot' | 'elsewhere' {
  // a Mac is named anew by each network that it joins: without a boot id the name tells nothing
  if (there.boot === here.boot) return there.pids === here.pids ? 'here' : 'elsewhere'
  if (there.boot === null || here.boot === null) return 'elsewhere'
  return there.hostname === here.hostname ? 'before-reboot' : 'elsewhere'
}
