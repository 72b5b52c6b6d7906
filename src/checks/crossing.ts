import { crosses, type CrossingFact } from '../facts/crossing.ts'
import { isInMemory } from '../facts/redis-now.ts'
import type { SocketClose } from '../facts/wire.ts'
import { overRedis } from './common-causes.ts'
import { diagnosis, orElse, type Diagnosis } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'
import { judgeRaised } from './server-log.ts'
import { exceptionFrom } from './traceback.ts'
import { milliseconds } from './wire-words.ts'

/**
 * Why messages don't cross between instances of which each is sound by itself;
 * undefined where they do. `backend`: the channel layer's class, where it is
 * known. Pure.
 */
export function judgeCrossing(facts: readonly CrossingFact[], backend: string | undefined): Diagnosis | undefined {
  if (crosses(facts)) return undefined
  const [first = '', ...more] = facts.map((fact) => crossingWords(fact))
  const raised = facts.find((fact) => fact.raised !== undefined)?.raised
  if (raised !== undefined)
    return judgeRaised(exceptionFrom(raised), 'A message over the channel layer does not reach the other instance', [first, ...more])
  const sound = 'Each instance works by itself'
  if (isInMemory(backend))
    return orElse(
      diagnosis(
        'layer-inmemory-multi-instance',
        'Each instance keeps its own channel layer in memory: broadcasts do not cross',
        [first, ...more, sound, `The channel layer is ${backend ?? ''}`],
        'Run one instance, or use Redis 5 or newer for the layer.',
      ),
      overRedis,
    )
  return diagnosis(
    'layer-split',
    'The instances do not share a channel layer: broadcasts do not cross',
    [first, ...more, sound, ...(backend === undefined ? [] : [`The channel layer is ${backend}`])],
    backend === undefined
      ? 'Give all of them the same Redis: host, port, database and prefix. The in-memory layer is never shared.'
      : 'Give all of them the same host, port, database and prefix.',
  )
}

/** The same of what crossed between the URLs that are judged. Pure. */
export function judgeUncrossed({ crossing, examination }: Evidence): Diagnosis | undefined {
  const cause = crossing === undefined ? undefined : judgeCrossing(crossing, examination?.get('settings')?.layer_backend ?? undefined)
  return cause === undefined ? undefined : cause
}

/** A socket that ended meanwhile: what the application does on it is the cause, not the way between the instances. `sent`: our message had been sent on it. Pure. */
export function judgeEnded(url: string, { code, reason }: Pick<SocketClose, 'code' | 'reason'>, sent: boolean): Diagnosis {
  const closed = `The socket at ${url} was closed with ${code}${reason === '' ? '' : ` (${reason})`}`
  return sent
    ? diagnosis(
        'consumer-exception',
        'The message ends the socket instead of being broadcast',
        [`${closed} after the message was sent on it`],
        "Send what a page sends; the server's log has the traceback, if it raised.",
      )
    : diagnosis(
        'consumer-exception',
        'A socket ended before anything was sent on it',
        [`${closed} while it waited for the other instance's broadcast`],
        "Correct what raises; the server's log has the traceback.",
      )
}

/** What became of a direction's messages, in a sentence: `http://a:8000/ → http://b:8000/: 99 of 100 arrived, median 3 ms, slowest 9 ms`. */
export function crossingWords(fact: CrossingFact): string {
  return `${fact.from} → ${fact.to}: ${arrivalWords(fact)}`
}

/** `100 of 100 arrived, median 3 ms, slowest 9 ms`. */
export function arrivalWords({ sent, received, medianMs, slowestMs }: CrossingFact): string {
  const times =
    medianMs === undefined || slowestMs === undefined
      ? ''
      : sent === 1
        ? ` in ${milliseconds(slowestMs)}`
        : `, median ${milliseconds(medianMs)}, slowest ${milliseconds(slowestMs)}`
  return `${received} of ${sent} arrived${times}`
}
