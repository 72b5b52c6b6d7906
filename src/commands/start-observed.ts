import { diagnosis, type Diagnosis } from '../checks/diagnosis.ts'
import { judgeException } from '../checks/server-log.ts'
import { exceptionFrom, type LoggedException } from '../checks/traceback.ts'
import { at } from '../checks/wire-inside.ts'
import type { ExaminationOf } from '../facts/examination.ts'
import type { Inspection } from '../facts/inspection.ts'
import type { BroadcastFact, Observed } from '../facts/observed.ts'
import { layerRedis } from '../facts/layer-redis.ts'
import { isRedisLayer, redisProtocol } from '../facts/redis-now.ts'
import type { RedisFact } from '../facts/redis.ts'
import type { Observer } from '../run/observer.ts'
import { proveBroadcast } from '../verify/broadcast.ts'
import type { Endpoint } from '../verify/endpoint.ts'
import type { Proof } from '../verify/prove.ts'
import type { Prepared } from './start-prepare.ts'

/** What left the application on our own sockets at `path` after the mark: on the first of them, or the last of all. */
export function raisedSince(observer: Observer, mark: number, path: string, pick: 'first' | 'last'): LoggedException | undefined {
  const events = observer.since(mark)
  const first = events.find((event) => event.event === 'opened' && event.probe && event.path === path)
  const ours = events.flatMap((event) => (event.event === 'raised' && event.probe && event.path === path ? [event] : []))
  const found = pick === 'last' ? ours.at(-1) : ours.find(({ id }) => first !== undefined && 'id' in first && id === first.id)
  return found === undefined ? undefined : exceptionFrom(found)
}

/**
 * A proof with the broadcast that follows it. Where the message doesn't reach
 * both sockets and the cause is known, the proof has failed; where it isn't, it
 * is said and no cause is claimed.
 */
export async function withBroadcast(
  prepared: Prepared,
  inspection: Inspection,
  observer: Observer,
  endpoint: Endpoint,
  proof: Proof,
  raised: (pick: 'last') => LoggedException | undefined,
): Promise<Proof> {
  if (proof.state !== 'proven' || proof.socket === undefined) return proof
  const { fact, socket } = await proveBroadcast(endpoint, proof.socket, observer)
  if (fact === undefined || fact.received === fact.sent) return { ...proof, socket, broadcast: fact }
  const exception = fact.raised === undefined ? raised('last') : exceptionFrom(fact.raised)
  const settings = await inspection.get('settings')
  const redis =
    settings !== undefined && isRedisLayer(settings.layer_backend) && (await redisOfSettings(prepared, settings))?.usable === false
  if (exception === undefined && !redis) {
    prepared.report({ event: 'warning', id: 'broadcast-lost', text: `${words(fact)} within 1 s; nothing tells why` })
    return { ...proof, socket, broadcast: fact }
  }
  socket.terminate()
  return { ...proof, state: 'failed', socket: undefined, broadcast: fact, diagnosis: lost(fact, exception) }
}

/** Whatever the layer's Redis is found to be is said by those who know it: this is the symptom, or the exception itself. */
function lost(fact: BroadcastFact, exception: LoggedException | undefined): Diagnosis {
  const named = exception === undefined ? undefined : judgeException(exception, 'serving')
  if (named !== undefined) return { ...named, evidence: [words(fact), ...named.evidence] }
  const [text, frame] = [exception?.text ?? '', exception?.ownFrame ?? '']
  return diagnosis(
    'consumer-exception',
    'A broadcast over the channel layer does not reach every socket',
    [words(fact), ...(text === '' ? [] : [`It raised: ${text}`]), ...(frame === '' ? [] : [frame])],
    "Correct what raises; the server's log has the traceback.",
  )
}

function words({ sent, received }: BroadcastFact): string {
  return `A broadcast over the channel layer reached ${received} of ${sent} sockets`
}

/** The Redis that the project's own settings name, probed. */
export async function redisOfSettings(prepared: Prepared, settings: ExaminationOf<'settings'>): Promise<RedisFact | undefined> {
  return layerRedis(settings, prepared.checkout.redis, redisProtocol(prepared.environment.packages))
}

/**
 * Says what leaves the application on sockets that aren't ours, such as those of
 * the page: each cause once for each place. Gives the function that ends it.
 */
export function tellOthers({ report }: Pick<Prepared, 'report'>, observer: Observer | undefined): () => void {
  if (observer === undefined) return () => {}
  const said = new Set<string>()
  const tell = (event: Observed) => {
    if (event.event !== 'raised' || event.probe) return
    const exception = exceptionFrom(event)
    const named = judgeException(exception, 'serving')
    const id = named?.id ?? 'consumer-exception'
    const place = event.place === undefined ? '' : ` at ${at(event.place)}`
    const key = `${id} ${place === '' ? exception.text : place}`
    if (said.has(key)) return
    said.add(key)
    const title = named?.title ?? `The consumer raises an exception ${event.phase === 'before' ? 'before it accepts' : 'on an open socket'}`
    const remedy = named?.remedy.text ?? 'Correct the consumer.'
    report({ event: 'warning', id, text: `${title}   ${exception.text.slice(0, 300)}${place} (a socket on ${event.path}). ${remedy}` })
  }
  for (const event of observer.since(0)) tell(event)
  return observer.listen(tell)
}
