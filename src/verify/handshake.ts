import type { ClientRequest, IncomingMessage } from 'node:http'
import { isIP, type LookupFunction } from 'node:net'
import { WebSocket } from 'ws'
import { errorCode, errorMessage } from '../errors.ts'
import type { Request } from './endpoint.ts'
import { HeldSocket } from './held-socket.ts'
import { deadline } from '../host/deadline.ts'
import { collectBody, headersOf } from '../host/http.ts'
import { unsendable, type HandshakeFact } from '../facts/wire.ts'

/** How long the body of a refusal is waited for, in milliseconds: its status is known by then, and some servers never end it. */
const bodyMs = 1000
/** So much of it is kept, in bytes. */
const keptBytes = 4096

/** A handshake that got 101. */
export interface Opened {
  readonly fact: Extract<HandshakeFact, { result: 'open' }>
  readonly socket: HeldSocket
}

export type Handshake = Opened | { readonly fact: Exclude<HandshakeFact, { result: 'open' }>; readonly socket: undefined }

/**
 * One WebSocket handshake with an own deadline (milliseconds): the
 * `handshakeTimeout` of ws doesn't cover a TLS handshake that never ends, which
 * is what wss:// to a plain daphne gives. Never throws. The socket of an open
 * one is the caller's to close. `address`: one of the host's, instead of any.
 */
export async function shakeHands(
  request: Request,
  options: { deadlineMs: number; allowUntrusted?: boolean; address?: string },
): Promise<Handshake> {
  const started = performance.now()
  const elapsed = () => performance.now() - started
  return new Promise((resolve) => {
    let socket: WebSocket
    try {
      socket = new WebSocket(request.url, [...request.subprotocols], {
        headers: { ...request.headers },
        perMessageDeflate: false,
        followRedirects: false,
        ...(options.allowUntrusted === true ? { rejectUnauthorized: false } : {}),
        ...(options.address === undefined ? {} : { lookup: lookupOf(options.address) }),
      })
    } catch (error) {
      // a subprotocol or a header that HTTP can't carry is refused before anything is sent
      resolve({ fact: { result: 'broken', code: unsendable, message: errorMessage(error), elapsedMs: elapsed() }, socket: undefined })
      return
    }
    // listens from the first moment: the first message may come with the 101
    const held = new HeldSocket(socket, started)
    let settled = false
    const finish = (fact: HandshakeFact) => {
      if (settled) return
      settled = true
      quit()
      if (fact.result === 'open') resolve({ fact, socket: held })
      else {
        held.terminate()
        resolve({ fact, socket: undefined })
      }
    }
    const quit = deadline(options.deadlineMs, () => finish({ result: 'silent', elapsedMs: elapsed() }))
    socket.once('open', () => {
      if (request.first !== undefined) socket.send(request.first, () => {})
      finish({ result: 'open', elapsedMs: elapsed(), subprotocol: socket.protocol })
    })
    socket.once('unexpected-response', (sent: ClientRequest, response: IncomingMessage) => {
      const elapsedMs = elapsed()
      const { statusCode: status = 0, statusMessage: reason = '' } = response
      const answer = () => {
        finish({ result: 'refused', status, reason, headers: headersOf(response), body: body(), elapsedMs })
        sent.destroy()
      }
      const body = collectBody(response, keptBytes, answer)
      const timer = setTimeout(answer, bodyMs)
      response.once('close', () => clearTimeout(timer))
    })
    socket.on('error', (error) =>
      finish({ result: 'broken', code: errorCode(error) ?? error.message, message: error.message, elapsedMs: elapsed() }),
    )
  })
}

/** Every name has this one address. The URL keeps its host name, so that Host header and certificate are what they are. */
function lookupOf(address: string): LookupFunction {
  const family = isIP(address)
  return (_, { all }, callback) => (all === true ? callback(null, [{ address, family }]) : callback(null, address, family))
}
