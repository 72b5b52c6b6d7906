import type { BroadcastFact } from '../facts/observed.ts'
import type { Observer } from '../run/observer.ts'
import { requestOf, type Endpoint } from './endpoint.ts'
import { shakeHands, type Handshake } from './handshake.ts'
import type { HeldSocket } from './held-socket.ts'
import type { Proof } from './prove.ts'
import { recordOf } from '../host/json.ts'

/** How long the message may take to reach both sockets, in milliseconds. */
const broadcastMs = 1000

/** What came of a broadcast, and the socket that is to be held after it. */
export interface Broadcast {
  /** Undefined where nothing can be said: no second socket, no channel layer, or an application that keeps one socket a user. */
  readonly fact: BroadcastFact | undefined
  readonly socket: HeldSocket
}

/** Opens the second socket that a broadcast takes. Never throws. */
export async function openSecond(endpoint: Endpoint): Promise<Handshake> {
  return shakeHands(requestOf(endpoint), { deadlineMs: broadcastMs })
}

/**
 * Proves the channel layer inside the serving process: the observer sends one
 * message through the layer to both sockets, and it must come out of both. Never throws.
 */
export async function proveBroadcast(first: HeldSocket, { socket: second }: Handshake, observer: Observer): Promise<Broadcast> {
  const mark = observer.mark()
  if (second === undefined) return { fact: undefined, socket: first }
  // the mark only grows, so no two broadcasts share it
  const id = mark
  const started = performance.now()
  const isOurs = (text: string) => isProbe(text, id)
  const both = Promise.all([first.hears(isOurs, broadcastMs), second.hears(isOurs, broadcastMs)])
  const answer = observer.first(mark, (event) => (event.event === 'broadcast' && event.id === id ? event : undefined), broadcastMs)
  observer.askBroadcast(id)
  const unsent = async () => {
    const event = await answer
    return event?.sent === 0 ? event : both
  }
  const outcome = await Promise.race([both, unsent()])
  const elapsedMs = performance.now() - started
  if (first.hasClosed && !second.hasClosed) return { fact: undefined, socket: second }
  void second.close()
  if ('event' in outcome) {
    const fact = outcome.why === 'raised' ? { sent: 2, received: 0, elapsedMs, raised: outcome.raised } : undefined
    return { fact, socket: first }
  }
  const received = outcome.filter(Boolean).length
  return { fact: { sent: outcome.length, received, elapsedMs, raised: undefined }, socket: first }
}

/** The proof with the broadcast that follows it, or was made while the socket was held, to its socket and to the second one. */
export async function withBroadcast(
  proof: Proof,
  second: Promise<Handshake> | undefined,
  sent: (socket: HeldSocket, to: Promise<Handshake>) => Promise<Broadcast>,
): Promise<Proof> {
  if (proof.socket === undefined || second === undefined) {
    void second?.then(({ socket }) => socket?.close())
    return proof
  }
  const { fact, socket } = await sent(proof.socket, second)
  return { ...proof, socket, broadcast: fact }
}

/** Whether a text is the message of the observer with this number. */
export function isProbe(text: string, id: number): boolean {
  // most of what comes is the application's own, and none of it is parsed
  if (!text.includes('"election_dev.probe"')) return false
  return recordOf(text)['id'] === id
}
