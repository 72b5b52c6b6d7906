import type { Judged } from '../checks/diagnosis.ts'
import { hostOf, portOf, shownUrl } from '../host/urls.ts'
import { besideToken, httpUrl, requestOf, tokenAt, type Endpoint } from './endpoint.ts'
import { byAddress, experiment } from './experiments.ts'
import { shakeHands, type Opened } from './handshake.ts'
import { isPong, type HeldSocket } from './held-socket.ts'
import { openings, type Opening } from './openings.ts'
import { httpRequest, type HttpFact } from '../host/http.ts'
import { connectOnce, type TcpFact } from '../host/tcp.ts'
import { addressesOf } from './tcp.ts'
import { shapeOf } from './token.ts'
import type { BroadcastFact, ObservedHandshake, Refusal } from '../facts/observed.ts'
import {
  isUnsaid,
  type Experiments,
  type HandshakeFact,
  type SecondSocket,
  type SessionFact,
  type ShownEndpoint,
  type Spoken,
  type WireFacts,
} from '../facts/wire.ts'
import { within } from '../host/race-stop.ts'

/** How long each step may take, in milliseconds. */
const limits = {
  lookup: 2000,
  tcp: 2000,
  http: 5000,
  /** daphne resets a socket that nobody accepts after about 5 s: a shorter deadline would not see it. */
  handshake: 6500,
  /** A ping is waited for at least this long. */
  pong: 500,
  /** What GET / gets as a start before the handshake, which may stop the whole server. */
  headStart: 1000,
}

/** What was proven of an endpoint, and how. */
export interface Proof {
  /**
   * `proven`: handshake, still open after the hold or after its pong, nothing against it.
   * `wants-token`: it speaks WebSocket, the Origin is accepted, and it wants a token or a session that we don't have.
   * `refused`: whom it was made as is accepted, or nobody is asked for, and the application says no by a rule of its own.
   */
  readonly state: 'proven' | 'wants-token' | 'refused' | 'failed'
  readonly facts: WireFacts
  readonly diagnosis: Judged | undefined
  /** The open socket of a proof, the caller's to close. */
  readonly socket: HeldSocket | undefined
  /** What a broadcast over the channel layer came to, where one was tried. */
  readonly broadcast?: BroadcastFact | undefined
  /** Who stood at the consumer, as the observer saw it there. */
  readonly user?: string | undefined
}

export interface ProofOptions {
  /** How long the socket must live, in milliseconds. */
  readonly holdMs: number
  /** Asked when the pong is there: true ends the hold early, because nothing else could still kill the socket. */
  readonly pongIsEnough?: () => Promise<boolean>
  /** True where the listener is known to be our own child: no need to look for it on every address, and nobody else has spoken to it. */
  readonly ours?: boolean
  /** Asked where the proof fails: false where no page may be asked for and no experiment made, because each request may touch a database that isn't there yet. */
  readonly mayExperiment?: () => Promise<boolean>
  /** The proof before this one: where the handshake says the same again, its experiments hold and none is repeated. */
  readonly earlier?: Proof
  /** Asked where the handshake fails: what the observer tells of it. */
  readonly observed?: () => Promise<ObservedHandshake | undefined>
  /** Asked where a handshake was refused, and no observer told: whether something else tells who has refused it, so that no path need be asked for that no route has. */
  readonly isTold?: () => Promise<boolean>
  /** Asked where an open socket was closed: who closed it. */
  readonly closedBy?: () => Promise<Refusal | undefined>
  /** Asked while a socket is held that is sent nothing: whether the consumer is seen to be done with the handshake, and to live. */
  readonly settled?: (socket: HeldSocket) => Promise<boolean>
  /** Asked once the socket is open, where the endpoint has no ping: the one that is known there. */
  readonly spoken?: () => Promise<Omit<Spoken, 'subprotocols'> | undefined>
  /** Called once the socket is open, before it is held. */
  readonly opened?: () => void
}

/**
 * Proves a WebSocket: TCP on every address of the name, HTTP, the handshake
 * with Origin and token, the application's ping, and that the socket lives for
 * `holdMs`. What fails is judged, after the experiments that tell the causes
 * apart. Never throws; each step has its own deadline.
 */
export async function prove(endpoint: Endpoint, options: ProofOptions): Promise<Proof> {
  const { nameError, tcp } = options.ours === true ? { nameError: undefined, tcp: [] } : await reach(endpoint)
  const base = { ...untried(endpoint, options), nameError, tcp }
  if (nameError !== undefined || (tcp.length > 0 && !tcp.some(({ result }) => result === 'open'))) {
    return proofOf(base, undefined)
  }
  const page = () => httpRequest(httpUrl(endpoint.url), { deadlineMs: limits.http })
  // whose answer it is, is known of our own child: its first page may take a while, and is asked for where the proof fails
  const asked = options.ours === true || options.earlier !== undefined ? undefined : page()
  if (asked !== undefined) await within(limits.headStart, asked)
  const shaken = await shakeHands(requestOf(endpoint), { deadlineMs: limits.handshake })
  const { fact: handshake } = shaken
  if (shaken.socket === undefined) {
    const refused = { ...base, handshake, observed: await options.observed?.() }
    if ((await options.mayExperiment?.()) === false) return proofOf(refused, undefined)
    const earlier = options.earlier?.facts
    if (earlier !== undefined && failureOf(earlier.handshake) === failureOf(handshake) && Object.keys(earlier.experiments).length > 0) {
      return proofOf({ ...refused, http: earlier.http, experiments: earlier.experiments }, undefined)
    }
    const isTold = refused.observed?.refused !== undefined || (handshake.result === 'refused' && (await options.isTold?.()) === true)
    const http = asked === undefined ? (answered(earlier?.http) ?? (await page())) : await asked
    return proofOf({ ...refused, http, experiments: await experiment(endpoint, handshake, tcp, isTold) }, undefined)
  }
  options.opened?.()
  const [{ session, greeting }, experiments] = await Promise.all([hold(endpoint, shaken, options), otherAddresses(endpoint, tcp)])
  const earlier = answered(options.earlier?.facts.http)
  const wanted = session.close !== undefined && earlier === undefined && (await options.mayExperiment?.()) !== false
  const http = asked === undefined ? (wanted ? await page() : earlier) : await asked
  const facts: WireFacts = { ...base, http, handshake, session, experiments, greeting }
  return proofOf(facts, shaken.socket)
}

/** A client takes any address of the name that is open: one that answers otherwise than the others is a trap, though this handshake was lucky. */
async function otherAddresses(endpoint: Endpoint, tcp: readonly TcpFact[]): Promise<Experiments> {
  return tcp.filter(({ result }) => result === 'open').length < 2 ? {} : byAddress(endpoint, tcp)
}

function answered(http: HttpFact | undefined): HttpFact | undefined {
  return http?.result === 'answer' ? http : undefined
}

/** What tells one failure of a handshake from another. */
function failureOf(handshake: HandshakeFact | undefined): string | number | undefined {
  if (handshake?.result === 'refused') return handshake.status
  return handshake?.result === 'broken' ? handshake.code : handshake?.result
}

async function reach(endpoint: Endpoint): Promise<{ nameError: string | undefined; tcp: TcpFact[] }> {
  const { addresses, error } = await addressesOf(hostOf(endpoint.url), limits.lookup)
  const port = portOf(endpoint.url)
  const tcp = await Promise.all(addresses.map((address) => connectOnce(address, port, limits.tcp)))
  return { nameError: error, tcp }
}

/** What came of an open socket, and what it wanted to hear first. */
interface Held {
  readonly session: SessionFact
  readonly greeting: WireFacts['greeting']
}

async function hold(endpoint: Endpoint, { fact, socket }: Opened, options: ProofOptions): Promise<Held> {
  const opening = openings.get(fact.subprotocol)
  const told = opening === undefined && endpoint.ping === false ? await options.spoken?.() : undefined
  const spoken = told === undefined ? endpoint : { ...endpoint, ...told, greeting: endpoint.greeting ?? told.greeting }
  const greeting = greetingOf(spoken)
  if (isUnsaid(greeting))
    return { greeting, session: { heldMs: socket.heldMs, close: undefined, messages: socket.messages, pong: undefined, second: undefined } }
  // one that was known goes with the handshake
  const { first } = requestOf(spoken)
  if (endpoint.greeting === undefined && first !== undefined) socket.send(first)
  const { pong, pingBy } = await greet(spoken, socket, opening, options)
  const held = socket.hold(options.holdMs)
  const whole = held.then(() => false)
  // what is seen of the consumer by the observer says as much of it as a pong
  const isAnswered = async () => pong?.result === 'pong' || (pong === undefined && (await options.settled?.(socket)) === true)
  // whom it takes is told by what becomes of it once it has heard who comes
  const early = async () =>
    first === undefined && options.pongIsEnough !== undefined && (await isAnswered()) && (await options.pongIsEnough())
  const isEnough = await Promise.race([early(), whole])
  const close = isEnough ? undefined : await held
  const closedBy = close === undefined ? undefined : await options.closedBy?.()
  const session = { heldMs: socket.heldMs, close, messages: socket.messages, pong, pingBy, second: undefined, closedBy }
  // a code of the application's own says all that there is to know, and so does its line where we have sent nothing
  const isTold = close === undefined || close.code >= 4000 || (closedBy?.place !== undefined && pingBy === undefined)
  return { greeting, session: isTold ? session : { ...session, second: await secondSocket(spoken, options) } }
}

/** Says what the subprotocol begins with, or sends the ping that is known there; nothing where neither is. */
async function greet(
  { ping, pingBy }: Endpoint,
  socket: HeldSocket,
  opening: Opening | undefined,
  { holdMs }: ProofOptions,
): Promise<Pick<SessionFact, 'pong' | 'pingBy'>> {
  const deadlineMs = Math.max(limits.pong, holdMs)
  if (opening !== undefined) return { pong: await socket.ask(opening.message, opening.isAnswer, deadlineMs) }
  return ping === false ? { pong: undefined } : { pong: await socket.ask(ping, isPong, deadlineMs), pingBy }
}

/** A socket that is sent nothing: where it lives, it was our ping that the consumer can't bear; where nothing listens, the server died. */
async function secondSocket(endpoint: Endpoint, options: ProofOptions): Promise<SecondSocket> {
  const { fact, socket } = await shakeHands(requestOf(endpoint), { deadlineMs: limits.handshake })
  const close = await socket?.hold(options.holdMs)
  await socket?.close()
  const listens =
    fact.result === 'broken' ? (await connectOnce(hostOf(endpoint.url), portOf(endpoint.url), limits.tcp)).result === 'open' : undefined
  return { handshake: fact, close, listens }
}

async function proofOf(facts: WireFacts, socket: HeldSocket | undefined): Promise<Proof> {
  if (isUnharmed(facts)) return { state: 'proven', facts, diagnosis: undefined, socket }
  // a start that goes well needs no judge
  const { judgeProof } = await import('./failed.ts')
  const failed = judgeProof(facts)
  if (failed === undefined) return { state: 'proven', facts, diagnosis: undefined, socket }
  socket?.terminate()
  return failed
}

/** It was opened and lives, at every address that was tried: no rule has anything to say of it. */
function isUnharmed({ handshake, session, experiments, greeting }: WireFacts): boolean {
  return (
    !isUnsaid(greeting) &&
    handshake?.result === 'open' &&
    session !== undefined &&
    session.close === undefined &&
    experiments.byAddress === undefined
  )
}

function greetingOf(endpoint: Endpoint): WireFacts['greeting'] {
  return endpoint.greeting && { ...endpoint.greeting, isSent: requestOf(endpoint).first !== undefined }
}

/** What is known of an endpoint before anything was tried. */
export function untried(endpoint: Endpoint, { ours = false }: Pick<ProofOptions, 'ours'>): WireFacts {
  return {
    endpoint: showEndpoint(endpoint),
    ours,
    token: shapeOf(endpoint.token, Date.now()),
    identity: endpoint.identity,
    greeting: greetingOf(endpoint),
    nameError: undefined,
    tcp: [],
    http: undefined,
    handshake: undefined,
    session: undefined,
    experiments: {},
  }
}

/** The endpoint as it may be shown. */
function showEndpoint(endpoint: Endpoint): ShownEndpoint {
  const request = requestOf(endpoint)
  return {
    url: shownUrl(endpoint.url),
    path: endpoint.url.pathname,
    port: portOf(endpoint.url),
    host: hostOf(endpoint.url),
    secure: endpoint.url.protocol === 'wss:',
    origin: endpoint.origin,
    tokenAt: tokenAt(endpoint),
    isPlaced: endpoint.isPlaced === true,
    urlBytes: Buffer.byteLength(request.url),
    offersSubprotocol: request.subprotocols.length > 0,
    besideToken: besideToken(endpoint),
  }
}
