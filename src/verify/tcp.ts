import { isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { errorCode } from '../errors.ts'
import { deadline } from '../host/deadline.ts'
import { lookUp, type Lookup } from '../host/lookup.ts'
import type { TlsFact } from '../facts/wire.ts'

/** What localhost means to every browser, whatever the hosts file says (RFC 6761, section 6.3). */
const loopback = ['127.0.0.1', '::1'] as const

/** Every address of a host name, both families; the name's own error where it has none. Never throws. */
export async function addressesOf(host: string, deadlineMs: number): Promise<Lookup> {
  if (isIP(host) !== 0) return { addresses: [host], error: undefined }
  if (/^(?:.+\.)?localhost\.?$/i.test(host)) return { addresses: [...loopback], error: undefined }
  return lookUp(host, deadlineMs)
}

/** Tries a TLS handshake without insisting on a trusted certificate. A plain daphne never answers it, so the deadline is our own. */
export async function tryTls(host: string, port: number, deadlineMs: number): Promise<TlsFact> {
  return new Promise((resolve) => {
    const name = isIP(host) === 0 ? { servername: host } : {}
    const socket = connectTls({ host, port, rejectUnauthorized: false, ...name })
    const finish = (fact: TlsFact) => {
      quit()
      socket.destroy()
      resolve(fact)
    }
    const quit = deadline(deadlineMs, () => finish({ result: 'silent' }))
    socket.once('secureConnect', () => {
      const problem = socket.authorizationError
      finish({ result: 'tls', trusted: socket.authorized, problem: socket.authorized ? undefined : String(problem) })
    })
    socket.on('error', (error) => finish({ result: 'plain', code: errorCode(error) }))
  })
}
