import { isIP } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { lookUp } from '../host/lookup.ts'

/**
 * Whether a host name or address (without brackets) means this machine: only
 * then the project and the processes here can be behind what answers there. A
 * name that can't be looked up within the deadline (milliseconds) counts as this
 * machine where it looks like one of its own. Never throws.
 */
export async function isThisMachine(host: string, deadlineMs: number): Promise<boolean> {
  const name = host.toLowerCase()
  if (name === 'localhost' || name.endsWith('.localhost') || name === hostname().toLowerCase()) return true
  const own = new Set(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address.toLowerCase())))
  const isOwn = (address: string) => /^(?:127\.|0\.0\.0\.0$|::1?$|::ffff:127\.)/.test(address) || own.has(address)
  if (isIP(name) !== 0) return isOwn(name)
  const { addresses } = await lookUp(name, deadlineMs)
  return addresses.length === 0 ? !name.includes('.') : addresses.some((address) => isOwn(address.toLowerCase()))
}
