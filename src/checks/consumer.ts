import { raisedText, type ExaminationOf, type Frame, type Raised } from '../facts/examination.ts'
import type { SessionFact } from '../facts/wire.ts'
import { whyClosed } from './common-causes.ts'
import { diagnosis, type Diagnosis, type Seen } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'
import { aboutWho, sayingNo } from './refusal.ts'
import { judgeLines } from './server-log.ts'
import { raisedLine } from './settings.ts'

type Played = ExaminationOf<'consumer'>

/** `apps/updates/consumers.py:31, in connect`. */
function placeOf(frame: Frame | undefined): string | undefined {
  return frame === undefined ? undefined : `${frame.file}:${frame.line}, in ${frame.function}`
}

/** An exception of the application as the cause that it names; the consumer's own where it names none. */
function judgeRaised(raised: Raised, when: string, seen: readonly string[]): Diagnosis {
  const place = placeOf(raised.frames.findLast((frame) => frame.own))
  const text = `Played in the backend's own interpreter: ${raisedLine(raised)}`
  const rule = judgeLines(raisedText(raised).split('\n'), 'serving')
  const evidence: Seen = [text, ...(place === undefined ? [] : [place]), ...seen]
  if (rule !== undefined) return { ...rule, evidence }
  return diagnosis(
    'consumer-exception',
    `The consumer raises an exception ${when}`,
    evidence,
    place === undefined ? "No line of this project is in its traceback: see what the exception's text names." : `Correct ${place}.`,
  )
}

/**
 * What the consumer does with the page's handshake, as it was played inside the
 * backend's own interpreter; nothing where that was fine. It tells apart what
 * looks the same on the wire. Pure.
 */
export function judgePlayed(evidence: Evidence): Diagnosis | undefined {
  const { examination } = evidence
  const played = examination?.get('consumer')
  const standing = examination?.get('standing')
  // it may come to an end by itself after all: as long as it lasts, nobody else is served
  const lasted = played?.outcome === 'accepted' && played.after_ms > 4000
  if (standing?.stage === 'consumer' && (examination?.how === 'timeout' || lasted)) return blocks(standing.frames, standing.seconds)
  if (played === undefined || played.outcome === 'skipped') return undefined
  const { outcome, raised } = played
  if (outcome === 'raised' && raised !== undefined && raised !== null) return judgeRaised(raised, 'before it accepts', [])
  if (outcome === 'returned') return acceptMissing(played)
  if (outcome === 'waiting') return tooSlow(played)
  if (outcome === 'accepted') return judgeAccepted(played, evidence.wire.session)
  return undefined
}

/** A ping that the page or the configuration sends, and that nobody answers, breaks nothing. Pure. */
export function judgePing({ wire: { session }, examination }: Evidence): Diagnosis | undefined {
  // it comes to no ping
  if (examination?.get('consumer')?.takes === false) return undefined
  if (session?.close !== undefined || session?.pong?.result !== 'unanswered') return undefined
  if (session.pingBy !== 'page' && session.pingBy !== 'configuration') return undefined
  return diagnosis(
    'ping-unanswered',
    'The application does not answer {"type":"ping"}',
    ['The socket stayed open, but no pong came back'],
    'Answer with {"type":"pong"}, or don\'t let the page wait for one; "ping": false in the configuration skips this check.',
  )
}

/** connect() that accepted and goes on: nothing that a page sends is taken meanwhile. Pure. */
export function judgeStuck({ examination }: Pick<Evidence, 'examination'>): Diagnosis | undefined {
  const { takes, stuck, synchronous, frames = [], consumer } = examination?.get('consumer') ?? {}
  const place = placeOf(frames.findLast((frame) => frame.own))
  if (takes !== false || place === undefined) return undefined
  const name = `connect() of ${consumer ?? 'the consumer'}`
  const seen = `2.5 s after accept() the application had not asked for a message: connect() was still at ${place}`
  if (stuck === true)
    return diagnosis(
      'connect-never-returns',
      `${name} accepts and never returns: no message from the page is received`,
      [seen],
      'Let connect() return after accept(): run the rest as its own task (self.task = asyncio.create_task(…)), and cancel it in disconnect().',
    )
  return synchronous === true ? busy(`${name} keeps the thread of all synchronous consumers for itself`, [seen]) : undefined
}

/** A handshake that gets no answer, of a consumer that answers when it is played alone: another one has its thread. Pure. */
export function judgeBusy({ examination }: Pick<Evidence, 'examination'>, { evidence: [first = ''] }: Diagnosis): Diagnosis | undefined {
  const { outcome, synchronous, consumer, after_ms: ms = 0 } = examination?.get('consumer') ?? {}
  if (outcome !== 'accepted' || synchronous !== true) return undefined
  return busy('The thread of all synchronous consumers is busy: no other socket gets its turn', [
    first,
    `Played alone, connect() of ${consumer ?? 'the consumer'} accepts after ${Math.round(ms)} ms`,
  ])
}

/** Of asgiref, `thread_sensitive`, which Channels' synchronous consumers and `database_sync_to_async` use. */
function busy(title: string, [first, ...rest]: Seen): Diagnosis {
  return diagnosis(
    'sync-consumer-blocks',
    title,
    [first, ...rest, 'All synchronous consumers of a process, and its database_sync_to_async, take turns in one thread'],
    'Do slow work outside the consumer (a task queue, a management command), or in an asynchronous consumer that awaits it.',
  )
}

function blocks(frames: readonly Frame[], seconds: number): Diagnosis {
  const own = placeOf(frames.findLast((frame) => frame.own))
  const inner = frames.at(-1)
  return diagnosis(
    'sync-consumer-blocks',
    'A blocking call in the consumer stops the whole server',
    [
      own === undefined
        ? `The event loop stood still for ${seconds.toFixed(0)} s`
        : `The event loop stood still for ${seconds.toFixed(0)} s at ${own}`,
      ...(inner === undefined || inner.own ? [] : [`It waits in ${inner.file}:${inner.line}, ${inner.function}`]),
    ],
    'Await the blocking call, or wrap it in sync_to_async.',
  )
}

function acceptMissing({ consumer, after_ms: ms }: Played): Diagnosis {
  return diagnosis(
    'accept-missing',
    `connect() of ${consumer ?? 'the consumer'} ends without accept() or close()`,
    [`Played in the backend's own interpreter: connect() returned after ${Math.round(ms)} ms, and nothing was sent`],
    'Call await self.accept() in connect().',
  )
}

function tooSlow({ consumer, after_ms: ms, frames }: Played): Diagnosis {
  const own = placeOf(frames.findLast((frame) => frame.own))
  const inner = frames.at(-1)
  return diagnosis(
    'connect-too-slow',
    `connect() of ${consumer ?? 'the consumer'} takes longer than a handshake may`,
    [
      `Played in the backend's own interpreter: after ${(ms / 1000).toFixed(1)} s connect() still ran`,
      ...(own === undefined ? [] : [`It waits at ${own}`]),
      ...(inner === undefined || inner.own ? [] : [`in ${inner.file}:${inner.line}, ${inner.function}`]),
      'daphne gives a handshake 5 s',
    ],
    'Do the slow work after accept.',
  )
}

/** `session`: of the real socket. */
function judgeAccepted(played: Played, session: SessionFact | undefined): Diagnosis | undefined {
  const { later, later_after: after, later_code: code, raised, subprotocol, offered, frames } = played
  if (typeof subprotocol === 'string' && !offered.includes(subprotocol)) {
    return diagnosis(
      'subprotocol-mismatch',
      'The consumer accepts with a subprotocol that the page did not offer',
      [`accept(subprotocol=${JSON.stringify(subprotocol)}); the page offers ${offered.length === 0 ? 'none' : offered.join(', ')}`],
      'Let the consumer accept(subprotocol=…) with one that the page offers; if the page does offer it, name it: --subprotocol.',
    )
  }
  // what comes of a ping counts only where the real one is sent it, too
  const isByItself =
    later === 'closed' && session?.close !== undefined && !frames.some((frame) => frame.own && frame.function.includes('receive'))
  if (after === 'ping' && session?.pingBy === undefined && !isByItself) return undefined
  if (later === 'raised' && raised !== undefined && raised !== null) {
    if (after === 'ping')
      return {
        ...judgeRaised(raised, "at the page's ping", ['It was sent {"type":"ping"}']),
        title: 'The consumer fails on a message: {"type":"ping"}',
      }
    return judgeRaised(raised, 'after it accepted', [])
  }
  if (later === 'closed') {
    const place = placeOf(frames.findLast((frame) => frame.own))
    const isOwnCode = typeof code === 'number' && code >= 4000
    return diagnosis(
      'close-after-accept',
      `The application accepts and then closes ${isOwnCode ? `with its own code ${code}` : 'the socket'}`,
      [
        `Played in the backend's own interpreter: accepted, then closed${typeof code === 'number' ? ` with ${code}` : ''}`,
        ...(place === undefined ? [] : [place]),
      ],
      whyClosed(code, place),
    )
  }
  return undefined
}

/** Errors of the code itself: no check of a token fails with them. */
const ofCode: ReadonlySet<string> = new Set(['NameError', 'UnboundLocalError', 'ImportError', 'ModuleNotFoundError', 'SyntaxError'])

/** What a refusal hides: an exception that the consumer handled as it closed, where that is none by which it says no. Pure. */
export function judgeHandled({ examination }: Pick<Evidence, 'examination'>): Diagnosis | undefined {
  const played = examination?.get('consumer')
  const { raised } = played ?? {}
  if (played?.outcome !== 'closed' || raised === undefined || raised === null) return undefined
  const found = judgeRaised(raised, 'and hides it behind a refusal', [])
  // a token is often JSON itself
  if (found.id === 'client-sends-non-json') return undefined
  if (found.id !== 'consumer-exception' || ofCode.has(raised.type)) return found
  // a token that isn't there is a KeyError or a None as well
  const { type, message, written, lacks } = raised
  const isNo = sayingNo.test(type) || ((lacks ?? undefined) === undefined && aboutWho.test(`${message} ${written ?? 'token'}`))
  return isNo ? undefined : found
}

/** What a refusal looks like from inside: who closed, with which code, and where. */
export function refusalInside({ examination }: Pick<Evidence, 'examination'>): string[] {
  const played = examination?.get('consumer')
  if (played?.outcome !== 'closed') return []
  const place = placeOf(played.frames.findLast((frame) => frame.own))
  const code = typeof played.code === 'number' ? ` with ${played.code}, which no client sees` : ''
  const handled = played.raised === undefined || played.raised === null ? [] : [`It handles ${raisedLine(played.raised)}`]
  if (typeof played.refused_by === 'string') return [`From inside: ${played.refused_by} refuses it`, ...handled]
  return [
    `From inside: ${played.consumer ?? 'the consumer'} closes before accept${code}${place === undefined ? '' : ` (${place})`}`,
    ...handled,
  ]
}
