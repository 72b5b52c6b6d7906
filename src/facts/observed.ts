import * as v from 'valibot'
import { parseAs } from '../host/json-shape.ts'

// what is missing or of another kind counts as nothing: the rest of the event may still tell something
const word = v.fallback(v.optional(v.string()), undefined)
const whole = v.fallback(v.optional(v.pipe(v.number(), v.integer())), undefined)
const text = v.fallback(v.string(), '')
const isSo = v.fallback(v.boolean(), false)
/** A socket is known by it; it counts up. */
const id = v.pipe(v.number(), v.integer())

/** A line of the project, as a traceback names it. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly function: string
}

/** An exception that left the application. */
export interface Raised {
  readonly type: string
  /** At most 300 characters. */
  readonly message: string
  /** The import that failed behind it: `ModuleNotFoundError: No module named 'channels_redis'`; or the channel layer's call that Redis didn't answer. */
  readonly behind?: string | undefined
  /** The project's own last frame, where it has one. */
  readonly place?: Place | undefined
}

/** What a line of the project asks of its scope that isn't there. */
export interface Lack {
  readonly name: string
  /** The parameters of the route, where it asks for one of them. */
  readonly has?: readonly string[] | undefined
}
export const lackSchema = v.object({ name: v.string(), has: v.optional(v.array(v.string())) })

const place = v.fallback(v.optional(v.object({ file: v.string(), line: v.number(), function: text })), undefined)
const raisedSchema = v.object({ type: text, message: text, behind: word, place })
const lacks = v.fallback(v.nullish(lackSchema), undefined)

/** What came of something that went through the channel layer; `sent` is 0 where it didn't, and `why` says `no-consumer`, `no-layer` or `raised`. */
const outcome = { id, sent: v.fallback(v.number(), 0), why: word, raised: v.fallback(v.optional(raisedSchema), undefined) }

const opened = {
  id,
  path: text,
  /** The handshake bore our nonce, so it is the launcher's own. */
  probe: isSo,
  /** It is neither the launcher's nor of another command of ours, such as the doctor. */
  page: isSo,
}

/** Who stands at the consumer, as the project has it at hand there; no name where nobody is logged in. */
export const standingUserSchema = v.object({
  name: v.nullish(v.string()),
  authenticated: v.boolean(),
  /** As `scope["user"]`, and not by a name of the project's own. */
  scope: v.optional(v.boolean(), false),
})
const user = v.fallback(v.optional(v.nullable(standingUserSchema)), undefined)

/** Who closed a socket, and with what code. */
const refusalSchema = v.object({
  /** `origin`: a validator of Channels. */
  by: v.fallback(v.picklist(['origin', 'application']), 'application'),
  /** The close code, which no client gets to see; undefined where it was an HTTP answer. */
  code: whole,
  /** It was the consumer, and nothing around it. */
  consumer: isSo,
  /** Class of the validator, the middleware or the consumer. */
  class: word,
  place,
  /** Under what condition the project's line closes, as its source has it: `if user is None`. */
  because: word,
  /** As whom it stood at the consumer. */
  user,
  /** The exception that was being handled as it closed. */
  handled: v.fallback(v.optional(raisedSchema), undefined),
})

/** What the observer in the serving process tells. */
const observedSchema = v.variant('event', [
  v.object({ event: v.literal('hello'), nonce: text, pid: v.fallback(v.number(), 0) }),
  /** The application is wrapped: events of its sockets follow. */
  v.object({ event: v.literal('observing'), id }),
  v.object({ event: v.literal('opened'), ...opened }),
  v.object({ event: v.literal('accepted'), id, open: v.fallback(v.number(), 0), user }),
  /** One of our own: the application has accepted it, and asks for its next message; `busy`: what the project began with it isn't done. */
  v.object({ event: v.literal('idle'), id, busy: isSo }),
  /** Closed before it was accepted, by the application's own will. */
  v.object({ event: v.literal('refused'), id, ...refusalSchema.entries }),
  v.object({
    event: v.literal('raised'),
    ...opened,
    phase: v.fallback(v.picklist(['before', 'after']), 'before'),
    ...raisedSchema.entries,
    lacks,
  }),
  /** An open socket has ended; who closed it is known of our own, where the application did. */
  v.object({ event: v.literal('closed'), id, open: v.fallback(v.number(), 0), ...refusalSchema.entries }),
  /** What was made in the project for us is taken back. */
  v.object({ event: v.literal('taken-back'), id }),
  v.object({ event: v.literal('broadcast'), ...outcome }),
  /** The launcher's sockets are in the group that was asked for. */
  v.object({ event: v.literal('joined'), id }),
  /** What a look tells, by the number that it was asked with. */
  v.object({ event: v.literal('fact'), id, told: v.unknown() }),
  /** They have left it again; `sent`: how many they were. */
  v.object({ event: v.literal('left'), ...outcome }),
  /** One message went to a group that sockets of another process have joined. */
  v.object({ event: v.literal('sent'), ...outcome }),
])

export type Refusal = v.InferOutput<typeof refusalSchema>
export type Observed = v.InferOutput<typeof observedSchema>

/** What became of one handshake inside the serving process. */
export interface ObservedHandshake {
  readonly refused: Refusal | undefined
  readonly raised: Raised | undefined
}

/** What a broadcast over the channel layer came to. */
export interface BroadcastFact {
  /** Sockets that it was sent to. */
  readonly sent: number
  /** Sockets that got it. */
  readonly received: number
  readonly elapsedMs: number
  /** What the layer raised, where it did. */
  readonly raised: Raised | undefined
}

/** Whether a broadcast came to every socket that it was sent to. */
export function reachedAll({ sent, received }: BroadcastFact): boolean {
  return received === sent
}

/** What became of a broadcast, in a sentence. */
export function reachWords({ sent, received }: BroadcastFact): string {
  return `A broadcast over the channel layer reached ${received} of ${sent} sockets`
}

/** A line of the observer as an event; undefined for anything else. */
export function parseObserved(line: string): Observed | undefined {
  return parseAs(observedSchema, line)
}
