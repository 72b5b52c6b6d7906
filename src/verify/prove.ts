import { judgeWire } from '../checks/wire.ts'
import { diagnosis, type Diagnosis } from '../checks/diagnosis.ts'
import { hostOf, httpUrl, portOf, requestOf, shownUrl, type Endpoint } from './endpoint.ts'
import { experiment } from './experiments.ts'
import { shakeHands, type Handshake } from './handshake.ts'
import type { HeldSocket, PongFact, SocketClose } from './held-socket.ts'
import { httpRequest, type HttpFact } from '../host/http.ts'
import { connectOnce, type TcpFact } from '../host/tcp.ts'
import { addressesOf } from './tcp.ts'
import { shapeOf } from './token.ts'
import type { Experiments, SessionFact, ShownEndpoint, WireFacts } from './wire-facts.ts'

/** How long each step may take, in milliseconds. */
const limits = {
  lookup: 2000,
  tcp: 2000,
  http: 5000,
  /** daphne resets a socket that nobody accepts after about 5 s: a shorter deadline would not see it. */
  handshake: 6500,
  /** A ping is waited for at least this long. */
  pong: 500,
}

/** What was proven of an endpoint, and how. */
export interface Proof {
  /**
   * `proven`: handshake, still open after the hold or after its pong, nothing against it.
   * `wants-token`: it speaks WebSocket, the Origin is accepted, and it wants a token that we don't have.
   */
  readonly state: 'proven' | 'wants-token' | 'failed'
  readonly facts: WireFacts
  readonly diagnosis: Diagnosis | undefined
  /** The open socket of a proof, the caller's to close. */
  readonly socket: HeldSocket | undefined
}

export interface ProofOptions {
  /** How long the socket must live, in milliseconds. */
  readonly holdMs: number
  /** Asked when the pong is there: true ends the hold early, because nothing else could still kill the socket. */
  readonly pongIsEnough?: () => Promise<boolean>
  /** The token was made by us for a user of the project, so a refusal speaks against the token, not against the backend. */
  readonly tokenIsOurs?: boolean
  /** True where the listener is known to be our own child: no need to look for it on every address. */
  readonly reachable?: boolean
  /** False where no page may be asked for and no experiment made: each request may touch a database that isn't there yet, or the log. */
  readonly experiments?: boolean
}

/**
 * Proves a WebSocket: TCP on every address of the name, HTTP, the handshake
 * with Origin and token, the application's ping, and that the socket lives for
 * `holdMs`. What fails is judged, after the experiments that tell the causes
 * apart. Never throws; each step has its own deadline.
 */
export async function prove(endpoint: Endpoint, options: ProofOptions): Promise<Proof> {
  const { nameError, tcp } = options.reachable === true ? { nameError: undefined, tcp: [] } : await reach(endpoint)
  const base = { endpoint: showEndpoint(endpoint), token: shapeOf(endpoint.token, Date.now()), nameError, tcp }
  if (nameError !== undefined || (tcp.length > 0 && !tcp.some(({ result }) => result === 'open'))) {
    return judged({ ...base, http: undefined, handshake: undefined, session: undefined, experiments: {} }, undefined, options)
  }
  // side by side: the page's first answer may take a while, and the handshake doesn't need it
  const asked = options.experiments === false ? undefined : httpRequest(httpUrl(endpoint.url), { deadlineMs: limits.http })
  const { fact: handshake, socket } = await shakeHands(requestOf(endpoint), { deadlineMs: limits.handshake })
  if (socket === undefined) {
    const http = await asked
    const experiments = options.experiments === false ? {} : await experiment(endpoint, handshake, tcp)
    return judged({ ...base, http, handshake, session: undefined, experiments }, undefined, options)
  }
  const [session, http] = await Promise.all([hold(endpoint, socket, options), asked])
  const facts: WireFacts = { ...base, http, handshake, session, experiments: {} }
  return judged(facts, socket, options)
}

async function reach(endpoint: Endpoint): Promise<{ nameError: string | undefined; tcp: TcpFact[] }> {
  const { addresses, error } = await addressesOf(hostOf(endpoint.url), limits.lookup)
  const port = portOf(endpoint.url)
  const tcp = await Promise.all(addresses.map((address) => connectOnce(address, port, limits.tcp)))
  return { nameError: error, tcp }
}

async function hold(endpoint: Endpoint, socket: HeldSocket, options: ProofOptions): Promise<SessionFact> {
  const started = performance.now()
  const session = (close: SocketClose | undefined, pong: PongFact | undefined, diedOfPing = false): SessionFact => ({
    heldMs: performance.now() - started,
    close,
    messages: socket.messages,
    pong,
    diedOfPing,
  })
  if (endpoint.ping === false) return session(await socket.hold(options.holdMs), undefined)
  const pong = await socket.ping(endpoint.ping, Math.max(limits.pong, options.holdMs))
  if (pong.result === 'pong' && (await options.pongIsEnough?.()) === true) return session(undefined, pong)
  const close = await socket.hold(options.holdMs)
  if (close === undefined || close.code >= 4000 || options.holdMs === 0) return session(close, pong)
  return session(close, pong, await livesWithoutPing(endpoint, options))
}

/** Whether a socket that is sent nothing lives: then it was our ping that the consumer can't bear. */
async function livesWithoutPing(endpoint: Endpoint, options: ProofOptions): Promise<boolean> {
  const second: Handshake = await shakeHands(requestOf(endpoint), { deadlineMs: limits.handshake })
  if (second.socket === undefined) return false
  const close = await second.socket.hold(options.holdMs)
  await second.socket.close()
  return close === undefined
}

function judged(facts: WireFacts, socket: HeldSocket | undefined, options: ProofOptions): Proof {
  const found = diedOfPing(facts) ?? judgeWire(facts)
  if (found === undefined) return { state: 'proven', facts, diagnosis: undefined, socket }
  const wants = found.id === 'token-missing' || (found.id === 'token-rejected' && options.tokenIsOurs === true)
  if (socket !== undefined) socket.terminate()
  return { state: wants ? 'wants-token' : 'failed', facts, diagnosis: found, socket: undefined }
}

function diedOfPing({ session, endpoint }: WireFacts): Diagnosis | undefined {
  if (session?.diedOfPing !== true || session.close === undefined) return undefined
  return diagnosis(
    'consumer-exception',
    'The consumer dies of a message that it does not know',
    [`101, and the socket closed with ${session.close.code} after the ping was sent`, `A second socket at ${endpoint.path} that was sent nothing lived on`],
    'Let the consumer answer {"type":"ping"} with {"type":"pong"}, or at least pass over it; or set "ping": false in the configuration.',
  )
}

/** The endpoint as it may be shown. */
export function showEndpoint(endpoint: Endpoint): ShownEndpoint {
  const request = requestOf(endpoint)
  return {
    url: shownUrl(endpoint.url),
    path: endpoint.url.pathname,
    port: portOf(endpoint.url),
    host: hostOf(endpoint.url),
    secure: endpoint.url.protocol === 'wss:',
    origin: endpoint.origin,
    urlBytes: Buffer.byteLength(request.url),
    offersSubprotocol: request.subprotocols.length > 0,
  }
}

export type { Experiments, HttpFact }
