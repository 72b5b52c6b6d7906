import { randomBytes } from 'node:crypto'
import type { BroadcastMessage } from '../config/schema.ts'
import { crossingOf, type CrossingFact } from '../facts/crossing.ts'
import type { SocketClose } from '../facts/wire.ts'
import { isMarked, marked } from '../plan/broadcast-message.ts'
import { shownUrl } from '../host/urls.ts'
import { requestOf, type Endpoint } from './endpoint.ts'
import { shakeHands } from './handshake.ts'
import type { HeldSocket } from './held-socket.ts'

/** Deadlines and pauses, in milliseconds. */
const limits = {
  /** A message that has not come by then is lost. */
  lost: 2000,
  handshake: 6500,
  /** How long a socket must have been quiet where any message counts: before the first one, and between two. */
  quietAtFirst: 500,
  quietBetween: 20,
  /** How long such a quiet is waited for. */
  restless: 3000,
}
/** So many lost messages tell all that a hundred would. */
const enoughLost = 3

/** An instance with an open socket of ours, proven. */
export interface ExchangeSide {
  readonly endpoint: Endpoint
  readonly socket: HeldSocket
}

/** A socket that ended; `sent`: our message had been sent on it. */
interface EndedSocket {
  readonly url: string
  readonly close: SocketClose
  readonly sent: boolean
}

/** What came of messages that a page could send. */
export interface Exchange {
  /** Each direction; fewer than were asked for where they got lost. */
  readonly facts: readonly CrossingFact[]
  /** Sockets that ended while it was tried, by their URLs. */
  readonly closed: readonly EndedSocket[]
  /** URLs whose sockets get messages by themselves, so that nothing could be told from them. */
  readonly restless: readonly string[]
  /** Where nothing arrived anywhere: whether a second socket beside the sender got the message; undefined where it wasn't asked. */
  readonly besideSender: boolean | undefined
}

/**
 * Sends a message at each instance and waits for what the application makes of
 * it at a socket of every other one, `count` times. It needs nothing but the
 * WebSocket, so deployed instances are proven like one's own. Never throws.
 */
export async function exchange(sides: readonly ExchangeSide[], message: BroadcastMessage, count: number): Promise<Exchange> {
  const facts: CrossingFact[] = []
  const restless = isMarked(message) ? [] : await restlessOf(sides, message)
  if (restless.length > 0) return { facts, closed: [], restless, besideSender: undefined }
  let mayLose = enoughLost
  for (const from of sides) {
    const sent = await sendFrom(from, sides, message, { count, mayLose })
    facts.push(...sent)
    mayLose = Math.max(1, mayLose - Math.max(...sent.map((fact) => fact.sent - fact.received)))
  }
  const ended = sides.filter(({ socket }) => socket.hasClosed)
  const closed = await Promise.all(
    ended.map(async (side): Promise<EndedSocket> => {
      const url = urlOf(side)
      return { url, close: await side.socket.closed, sent: facts.some(({ from, sent }) => from === url && sent > 0) }
    }),
  )
  const [first] = sides
  const nowhere = closed.length === 0 && facts.every(({ received }) => received === 0)
  return { facts, closed, restless, besideSender: nowhere && first !== undefined ? await reachesBeside(first, message) : undefined }
}

function urlOf({ endpoint }: Pick<ExchangeSide, 'endpoint'>): string {
  return shownUrl(endpoint.url)
}

/** Every direction from one instance. */
async function sendFrom(
  from: ExchangeSide,
  sides: readonly ExchangeSide[],
  message: BroadcastMessage,
  limit: { readonly count: number; readonly mayLose: number },
): Promise<CrossingFact[]> {
  const others = sides.filter((side) => side !== from).map((side) => withTimes(side))
  let lost = 0
  for (let sent = 0; sent < limit.count && lost < limit.mayLose; sent++) {
    if (sides.some(({ socket }) => socket.hasClosed)) break
    const arrivals = await sendOnce(
      from.socket,
      others.map(({ side }) => side.socket),
      message,
    )
    for (const [index, other] of others.entries()) other.elapsed.push(arrivals[index])
    if (arrivals.includes(undefined)) lost++
    if (!isMarked(message)) await Promise.all(others.map(({ side }) => settled(side.socket, message, limits.quietBetween)))
  }
  return others.map(({ side, elapsed }) => crossingOf({ from: urlOf(from), to: urlOf(side) }, elapsed))
}

/** A receiver with how long each message took to it, in milliseconds. */
function withTimes(side: ExchangeSide): { readonly side: ExchangeSide; readonly elapsed: (number | undefined)[] } {
  return { side, elapsed: [] }
}

/** Milliseconds until it arrived at each of the sockets; undefined where it didn't. */
async function sendOnce(from: HeldSocket, to: readonly HeldSocket[], message: BroadcastMessage): Promise<(number | undefined)[]> {
  const { text, isIt } = marked(message, `election-dev-${randomBytes(6).toString('hex')}`)
  const started = performance.now()
  const arrivals = to.map(async (socket) => ((await socket.hears(isIt, limits.lost)) ? performance.now() - started : undefined))
  from.send(text)
  return Promise.all(arrivals)
}

/** Those that get messages which would count, though nothing was sent. */
async function restlessOf(sides: readonly ExchangeSide[], message: BroadcastMessage): Promise<string[]> {
  const quiet = await Promise.all(sides.map(({ socket }) => settled(socket, message, limits.quietAtFirst)))
  return sides.filter((_, index) => quiet[index] === false).map((side) => urlOf(side))
}

/** Waits until no message that would count has come for `ms` milliseconds; false where that doesn't happen. */
async function settled(socket: HeldSocket, message: BroadcastMessage, ms: number): Promise<boolean> {
  const { isIt } = marked(message, '')
  const end = performance.now() + limits.restless
  while (await socket.hears(isIt, ms)) if (performance.now() > end) return false
  return true
}

/** Whether a message makes the application broadcast at all: it comes to a second socket at the same instance. */
async function reachesBeside({ endpoint, socket }: ExchangeSide, message: BroadcastMessage): Promise<boolean> {
  const { socket: second } = await shakeHands(requestOf(endpoint), { deadlineMs: limits.handshake })
  if (second === undefined) return false
  if (!isMarked(message)) await settled(second, message, limits.quietAtFirst)
  const [elapsed] = await sendOnce(socket, [second], message)
  await second.close()
  return elapsed !== undefined
}
