import { launchedTools } from '../dev-tools/known.ts'
import { hostOf, portOf } from '../host/urls.ts'
import { besideToken, requestOf, httpUrl, type Endpoint } from './endpoint.ts'
import { shakeHands } from './handshake.ts'
import { httpRequest } from '../host/http.ts'
import type { TcpFact } from '../host/tcp.ts'
import { tryTls } from './tcp.ts'
import { longUrlBytes, unknownPath, unsendable, type HandshakeFact, type Experiments } from '../facts/wire.ts'

/** One handshake, closed again at once. */
async function trial(
  endpoint: Endpoint,
  deadlineMs: number,
  options: { allowUntrusted?: boolean; address?: string } = {},
): Promise<HandshakeFact> {
  const { fact, socket } = await shakeHands(requestOf(endpoint), { deadlineMs, ...options })
  await socket?.close()
  return fact
}

/** How long an experiment may take, in milliseconds: daphne tells an exception before accept only on its 1 s tick. */
const experimentMs = 2500

/**
 * The experiments that tell the causes of a failed handshake apart. Which are
 * made depends on what the handshake said, so that nothing is written into the
 * user's log that decides nothing. `isTold`: who has refused it is known.
 */
export async function experiment(
  endpoint: Endpoint,
  failed: HandshakeFact,
  tcp: readonly TcpFact[],
  isTold: boolean,
): Promise<Experiments> {
  const unreached = failed.result === 'broken' && failed.code === 'ECONNREFUSED'
  const [addresses, tests] = await Promise.all([
    unreached || tcp.filter(({ result }) => result === 'open').length > 1 ? byAddress(endpoint, tcp) : {},
    testsFor(endpoint, failed, isTold),
  ])
  return { ...tests, ...addresses }
}

async function testsFor(endpoint: Endpoint, failed: HandshakeFact, isTold: boolean): Promise<Experiments> {
  if (failed.result === 'refused') {
    const tokenAlone = besideToken(endpoint) && (await trial({ ...endpoint, subprotocols: [] }, experimentMs))
    if (tokenAlone?.result === 'open') return { tokenAlone }
    return failed.status === 403 && isTold ? {} : refusedTests(endpoint, failed.status)
  }
  // nothing was sent, so nothing of the server is in question
  if (failed.result === 'broken' && failed.code === unsendable) return {}
  const host = hostOf(endpoint.url)
  const port = portOf(endpoint.url)
  const secure = endpoint.url.protocol === 'wss:'
  const isLong = endpoint.token !== undefined && Buffer.byteLength(requestOf(endpoint).url) >= longUrlBytes
  const [tls, httpAfter, httpOnPath, otherScheme, untrusted, withoutToken] = await Promise.all([
    tryTls(host, port, 1000),
    httpRequest(httpUrl(endpoint.url), { deadlineMs: 1500 }),
    httpRequest(httpUrl(endpoint.url, endpoint.url.pathname), { deadlineMs: 1500 }),
    // only where the TLS handshake itself is the trouble: on a server that got as far as HTTP the scheme is right
    secure ? trial(withScheme(endpoint, 'ws:'), experimentMs) : undefined,
    secure && failed.result === 'broken' ? trial(endpoint, experimentMs, { allowUntrusted: true }) : undefined,
    isLong ? trial({ ...endpoint, token: undefined }, experimentMs) : undefined,
  ])
  return { tls, httpAfter, httpOnPath, otherScheme, untrusted, withoutToken }
}

async function refusedTests(endpoint: Endpoint, status: number): Promise<Experiments> {
  if (status === 403) {
    const nowhere = await trial(withPath(endpoint, unknownPath), experimentMs)
    if (nowhere.result !== 'refused' || nowhere.status !== 403) return { unknownPath: nowhere }
    return { unknownPath: nowhere, otherOrigins: await tryOrigins(endpoint) }
  }
  if (status >= 500) {
    // one after the other: each writes a traceback, and together they would mix
    const otherSlash = await trial(withPath(endpoint, flipSlash(endpoint.url.pathname)), experimentMs)
    if (otherSlash.result === 'open' || (otherSlash.result === 'refused' && otherSlash.status === 403)) return { otherSlash }
    const withoutToken = endpoint.token === undefined ? undefined : await trial({ ...endpoint, token: undefined }, experimentMs)
    return { otherSlash, withoutToken }
  }
  const httpOnPath = await httpRequest(httpUrl(endpoint.url, endpoint.url.pathname), { deadlineMs: 1500 })
  return { httpOnPath }
}

/** Origins at the unknown path, one after the other, until one is let through. */
async function tryOrigins(endpoint: Endpoint): Promise<NonNullable<Experiments['otherOrigins']>> {
  const tried: { origin: string; handshake: HandshakeFact }[] = []
  for (const origin of new Set([httpUrl(endpoint.url).origin, ...usualOrigins])) {
    if (origin === endpoint.origin) continue
    const handshake = await trial(withPath({ ...endpoint, origin }, unknownPath), experimentMs)
    tried.push({ origin, handshake })
    if (handshake.result !== 'refused' || handshake.status !== 403) break
  }
  return tried
}

/** Where dev servers serve their pages. */
const usualOrigins = launchedTools.map(({ launch }) => `http://localhost:${launch.port}`)

/** The handshake at each open address of a name by itself: a client may take any of them. */
export async function byAddress(endpoint: Endpoint, tcp: readonly TcpFact[]): Promise<Pick<Experiments, 'byAddress'>> {
  const open = tcp.filter(({ result }) => result === 'open')
  if (tcp.length < 2 || open.length === 0) return {}
  const trials = open.map(async ({ address }) => ({ address, handshake: await trial(endpoint, experimentMs, { address }) }))
  return { byAddress: await Promise.all(trials) }
}

/** Every path that an experiment at `path` may ask for besides it: what the server logs of these is our doing. */
export function experimentPaths(path: string): string[] {
  return [unknownPath, flipSlash(path)]
}

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
function flipSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : `${path}/`
}
