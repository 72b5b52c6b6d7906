import { requestOf, hostOf, httpUrl, portOf, type Endpoint } from './endpoint.ts'
import { shakeHands, type HandshakeFact } from './handshake.ts'
import { httpRequest } from '../host/http.ts'
import type { TcpFact } from '../host/tcp.ts'
import { tryTls } from './tcp.ts'
import type { Experiments } from './wire-facts.ts'

/** One handshake, closed again at once. */
export async function trial(endpoint: Endpoint, deadlineMs: number): Promise<HandshakeFact> {
  const { fact, socket } = await shakeHands(requestOf(endpoint), { deadlineMs })
  await socket?.close()
  return fact
}

/** How long an experiment may take, in milliseconds: daphne tells an exception before accept only on its 1 s tick. */
const experimentMs = 2500

/**
 * The experiments that tell the causes of a failed handshake apart. Which are
 * made depends on what the handshake said, so that nothing is written into the
 * user's log that decides nothing.
 */
export async function experiment(endpoint: Endpoint, failed: HandshakeFact, tcp: readonly TcpFact[]): Promise<Experiments> {
  const [addresses, tests] = await Promise.all([byAddress(endpoint, tcp), testsFor(endpoint, failed)])
  return { ...tests, ...addresses }
}

async function testsFor(endpoint: Endpoint, failed: HandshakeFact): Promise<Experiments> {
  if (failed.result === 'refused') return refusedTests(endpoint, failed.status)
  const host = hostOf(endpoint.url)
  const port = portOf(endpoint.url)
  const [tls, httpAfter, httpOnPath, otherScheme] = await Promise.all([
    tryTls(host, port, 1000),
    httpRequest(httpUrl(endpoint.url), { deadlineMs: 1500 }),
    httpRequest(httpUrl(endpoint.url, endpoint.url.pathname), { deadlineMs: 1500 }),
    // only where the TLS handshake itself is the trouble: on a server that got as far as HTTP the scheme is right
    endpoint.url.protocol === 'wss:' ? trial(withScheme(endpoint, 'ws:'), experimentMs) : undefined,
  ])
  return { tls, httpAfter, httpOnPath, ...(otherScheme === undefined ? {} : { otherScheme }) }
}

async function refusedTests(endpoint: Endpoint, status: number): Promise<Experiments> {
  if (status === 403) {
    const unknownPath = await trial(withPath(endpoint, unknown), experimentMs)
    if (unknownPath.result !== 'refused' || unknownPath.status !== 403) return { unknownPath }
    const ownOrigin = await trial(withPath({ ...endpoint, origin: httpUrl(endpoint.url).origin }, unknown), experimentMs)
    return { unknownPath, ownOrigin }
  }
  if (status >= 500) {
    // one after the other: each writes a traceback, and together they would mix
    const otherSlash = await trial(withPath(endpoint, flipSlash(endpoint.url.pathname)), experimentMs)
    if (otherSlash.result === 'open' || (otherSlash.result === 'refused' && otherSlash.status === 403)) return { otherSlash }
    const withoutToken = endpoint.token === undefined ? undefined : await trial({ ...endpoint, token: undefined }, experimentMs)
    return { otherSlash, ...(withoutToken === undefined ? {} : { withoutToken }) }
  }
  const httpOnPath = await httpRequest(httpUrl(endpoint.url, endpoint.url.pathname), { deadlineMs: 1500 })
  return { httpOnPath }
}

/** A name that has an open and a closed address, or several open ones, is tried address by address. */
async function byAddress(endpoint: Endpoint, tcp: readonly TcpFact[]): Promise<Pick<Experiments, 'byAddress'>> {
  const open = tcp.filter(({ result }) => result === 'open')
  if (tcp.length < 2 || open.length === 0) return {}
  const trials = open.map(async ({ address, family }) => {
    const url = new URL(endpoint.url)
    url.hostname = family === 6 ? `[${address}]` : address
    return { address, handshake: await trial({ ...endpoint, url }, experimentMs) }
  })
  return { byAddress: await Promise.all(trials) }
}

const unknown = '/election-dev-probe/no-such-route/'

function withPath(endpoint: Endpoint, path: string): Endpoint {
  const url = new URL(endpoint.url)
  url.pathname = path
  return { ...endpoint, url }
}

function withScheme(endpoint: Endpoint, protocol: 'ws:' | 'wss:'): Endpoint {
  const port = portOf(endpoint.url)
  const url = new URL(endpoint.url.href.replace(/^wss?:/, protocol))
  url.port = String(port)
  return { ...endpoint, url }
}

/** The path without its last slash, or with one. */
export function flipSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : `${path}/`
}
