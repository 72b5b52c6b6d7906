import { randomBytes, randomInt } from 'node:crypto'
import { crossingOf, type CrossingFact } from '../facts/crossing.ts'
import type { Observed } from '../facts/observed.ts'
import type { Observer } from '../run/observer.ts'
import { isProbe } from './broadcast.ts'
import { httpUrl, requestOf, type Endpoint } from './endpoint.ts'
import { shakeHands } from './handshake.ts'
import type { HeldSocket } from './held-socket.ts'

/** How long a message may take from one instance to the other, in milliseconds; the observer keeps the group as long. */
const crossingMs = 3000

/** An instance whose serving process is observed. */
export interface CrossingSide {
  readonly endpoint: Endpoint
  readonly observer: Observer
  /** An open socket of ours at it; where there is none, one is opened for the proof. */
  readonly socket: HeldSocket | undefined
}

type Outcome = Extract<Observed, { event: 'sent' | 'left' }>

/**
 * Proves that two instances share their channel layer: a message that the
 * process of one sends to a group must come out of a socket at the other, and
 * the other way round. The group has a random name and is left afterwards.
 * Undefined where nothing can be said: no socket, or no consumer of Channels.
 * Never throws.
 */
export async function proveCrossing(a: CrossingSide, b: CrossingSide): Promise<readonly CrossingFact[] | undefined> {
  const [first, second] = await Promise.all([held(a), held(b)])
  try {
    if (first === undefined || second === undefined) return undefined
    const [there, back] = await Promise.all([cross(a, b, second), cross(b, a, first)])
    return there === undefined || back === undefined ? undefined : [there, back]
  } finally {
    if (first !== a.socket) void first?.close()
    if (second !== b.socket) void second?.close()
  }
}

async function held({ endpoint, socket }: CrossingSide): Promise<HeldSocket | undefined> {
  if (socket !== undefined && !socket.hasClosed) return socket
  return (await shakeHands(requestOf(endpoint), { deadlineMs: crossingMs })).socket
}

/** One direction. */
async function cross(from: CrossingSide, to: CrossingSide, socket: HeldSocket): Promise<CrossingFact | undefined> {
  const where = { from: httpUrl(from.endpoint.url).href, to: httpUrl(to.endpoint.url).href }
  const id = randomInt(1, 2 ** 40)
  const group = `election-dev.${randomBytes(8).toString('hex')}`
  const marks = { from: from.observer.mark(), to: to.observer.mark() }
  to.observer.askJoin(id, group)
  const joined = await to.observer.first(marks.to, (event) => joinedOf(event, id), crossingMs)
  if (joined === undefined) return crossingOf(where, [undefined])
  if (joined.event === 'left') return failed(where, joined)
  const started = performance.now()
  const arrival = socket.hears((text) => isProbe(text, id), crossingMs)
  const unsent = from.observer.first(marks.from, (event) => unsentOf(event, id), crossingMs)
  from.observer.askSend(id, group)
  // a message that could not be sent will not arrive
  const outcome = await Promise.race([arrival, unsent.then<boolean | Outcome>((event) => event ?? arrival)])
  const elapsedMs = performance.now() - started
  if (typeof outcome === 'object') return failed(where, outcome)
  // a socket that was closed meanwhile says nothing about the layer
  return !outcome && socket.hasClosed ? undefined : crossingOf(where, [outcome ? elapsedMs : undefined])
}

/** Where the layer raised, nothing arrived; where there is no layer or no consumer, nothing can be said. */
function failed(where: Pick<CrossingFact, 'from' | 'to'>, { why, raised }: Outcome): CrossingFact | undefined {
  return why === 'raised' ? crossingOf(where, [undefined], raised) : undefined
}

/** The sockets are in the group, or never will be. */
function joinedOf(event: Observed, id: number) {
  return (event.event === 'joined' || event.event === 'left') && event.id === id ? event : undefined
}

function unsentOf(event: Observed, id: number): Outcome | undefined {
  return event.event === 'sent' && event.id === id && event.sent === 0 ? event : undefined
}
