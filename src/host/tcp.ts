import { connect, isIP } from 'node:net'
import { errorCode } from '../errors.ts'
import { deadline } from './deadline.ts'

/** What a TCP connect to one address said. */
export interface TcpFact {
  readonly address: string
  readonly family: 4 | 6
  readonly result: 'open' | 'refused' | 'unreachable' | 'timeout'
  /** The system's code (`ECONNREFUSED`), where there is one. */
  readonly code: string | undefined
  readonly elapsedMs: number
}

/** Connects to one address and closes again. Never throws; `deadlineMs` milliseconds at most. */
export async function connectOnce(address: string, port: number, deadlineMs: number): Promise<TcpFact> {
  const started = performance.now()
  const family = isIP(address) === 6 ? 6 : 4
  return new Promise((resolve) => {
    const socket = connect({ host: address, port })
    const finish = (result: TcpFact['result'], code?: string) => {
      quit()
      socket.destroy()
      resolve({ address, family, result, code, elapsedMs: performance.now() - started })
    }
    const quit = deadline(deadlineMs, () => finish('timeout'))
    socket.once('connect', () => {
      // where nobody listens, the system may choose the wanted port as our own and connect us to ourselves (TCP's simultaneous open)
      const toOurselves = socket.localPort === port && socket.localAddress === socket.remoteAddress
      finish(toOurselves ? 'refused' : 'open', toOurselves ? 'ECONNREFUSED' : undefined)
    })
    socket.on('error', (error) => {
      const code = errorCode(error)
      finish(code === 'ECONNREFUSED' || code === 'ECONNRESET' ? 'refused' : 'unreachable', code)
    })
  })
}

/** The address to reach a server at that binds `host`: a wildcard is reached over loopback. */
export function connectAddress(host: string): string {
  if (host === '0.0.0.0' || host === 'localhost') return '127.0.0.1'
  return host === '::' ? '::1' : host
}

/** A host as URLs have it: an IPv6 address stands in brackets (RFC 3986, section 3.2.2). */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
