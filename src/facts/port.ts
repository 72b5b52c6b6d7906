import { createServer } from 'node:net'
import { errorCode } from '../errors.ts'

/** What a trial bind of one address said. `absent`: this machine has no such address (no IPv6, say), so nobody can hold it. */
export type BindFact = { readonly address: string; readonly result: 'free' | 'held' | 'denied' | 'absent' }

/** A port as trial binds found it. */
export interface PortFact {
  readonly port: number
  readonly binds: readonly BindFact[]
}

/** The addresses that matter: a server on any of these answers to localhost. */
const addressesThatMatter = ['0.0.0.0', '::', '127.0.0.1', '::1'] as const

/**
 * Tries to bind the port on 0.0.0.0, ::, 127.0.0.1 and ::1, and on `host` where
 * it is another address. One after the other: a trial on 0.0.0.0 would make the
 * one on 127.0.0.1 fail. Never throws.
 */
export async function probePort(port: number, host: string): Promise<PortFact> {
  const addresses = new Set<string>([...addressesThatMatter, ...(host === 'localhost' ? [] : [host])])
  const binds: BindFact[] = []
  for (const address of addresses) binds.push({ address, result: await tryBind(port, address) })
  return { port, binds }
}

async function tryBind(port: number, address: string): Promise<BindFact['result']> {
  return new Promise((resolve) => {
    // a browser that tries to reconnect may come in here: a connection that is kept would keep the trial from ending
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error) => {
      const code = errorCode(error)
      if (code === 'EADDRINUSE') resolve('held')
      else if (code === 'EACCES') resolve('denied')
      else resolve('absent')
    })
    // ipv6Only: a trial on :: would otherwise claim the IPv4 side as well, and be refused for it
    server.listen({ port, host: address, exclusive: true, ipv6Only: address.includes(':') }, () => {
      server.close(() => resolve('free'))
    })
  })
}

/** True where nothing holds the port on any address that matters. */
export function isFree(fact: PortFact): boolean {
  return fact.binds.every(({ result }) => result === 'free' || result === 'absent')
}
