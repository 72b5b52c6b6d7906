import { recordOf } from '../host/json.ts'

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
  /** The import that failed behind it: `ModuleNotFoundError: No module named 'channels_redis'`. */
  readonly behind?: string | undefined
  /** The project's own last frame, where it has one. */
  readonly place: Place | undefined
}

/** What the observer in the serving process tells. A socket is known by its `id`, which counts up. */
export type Observed =
  | { readonly event: 'hello'; readonly nonce: string; readonly pid: number }
  /** The application is wrapped: events of its sockets follow. */
  | { readonly event: 'observing'; readonly id: number }
  | ({ readonly event: 'opened'; readonly id: number } & Opened)
  | { readonly event: 'accepted'; readonly id: number; readonly open: number }
  /** Closed before it was accepted, by the application's own will. */
  | ({ readonly event: 'refused'; readonly id: number } & Refusal)
  | ({ readonly event: 'raised'; readonly id: number; readonly phase: 'before' | 'after' } & Opened & Raised)
  | { readonly event: 'closed'; readonly id: number; readonly code: number | undefined; readonly open: number }
  | ({ readonly event: 'broadcast'; readonly id: number } & Outcome)
  /** The launcher's sockets are in the group that was asked for. */
  | { readonly event: 'joined'; readonly id: number }
  /** What a look tells, by the number that it was asked with. */
  | { readonly event: 'fact'; readonly id: number; readonly told: unknown }
  /** They have left it again; `sent`: how many they were. */
  | ({ readonly event: 'left'; readonly id: number } & Outcome)
  /** One message went to a group that sockets of another process have joined. */
  | ({ readonly event: 'sent'; readonly id: number } & Outcome)

/** What came of something that went through the channel layer; `sent` is 0 where it didn't, and `why` says `no-consumer`, `no-layer` or `raised`. */
interface Outcome {
  readonly sent: number
  readonly why: string | undefined
  readonly raised: Raised | undefined
}

/** A socket, and whose it is. */
interface Opened {
  readonly path: string
  /** The handshake bore our nonce, so it is the launcher's own. */
  readonly probe: boolean
  /** It is neither the launcher's nor of another command of ours, such as the doctor. */
  readonly page: boolean
}

/** Who refused a socket, and with what code. */
export interface Refusal {
  /** `origin`: a validator of Channels. */
  readonly by: 'origin' | 'application'
  /** The close code, which no client gets to see; undefined where it was an HTTP answer. */
  readonly code: number | undefined
  /** Class of the validator, the middleware or the consumer. */
  readonly class: string | undefined
  readonly place: Place | undefined
}

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
  const fields = new Map<string, unknown>(Object.entries(recordOf(line)))
  const event = fields.get('event')
  if (event === 'hello') return { event, nonce: text(fields, 'nonce'), pid: whole(fields, 'pid') ?? 0 }
  const id = whole(fields, 'id')
  if (id === undefined) return undefined
  const open = whole(fields, 'open') ?? 0
  const code = whole(fields, 'code')
  switch (event) {
    case 'observing':
      return { event, id }
    case 'opened':
      return { event, id, ...openedOf(fields) }
    case 'accepted':
      return { event, id, open }
    case 'refused': {
      const by = fields.get('by') === 'origin' ? 'origin' : 'application'
      return { event, id, by, code, class: optional(fields, 'class'), place: placeOf(fields) }
    }
    case 'raised':
      return {
        event,
        id,
        ...openedOf(fields),
        phase: fields.get('phase') === 'after' ? 'after' : 'before',
        ...raisedOf(fields),
      }
    case 'closed':
      return { event, id, code, open }
    case 'joined':
      return { event, id }
    case 'fact':
      return { event, id, told: fields.get('told') }
    case 'broadcast':
    case 'left':
    case 'sent': {
      const raised = fields.has('type') ? raisedOf(fields) : undefined
      return { event, id, sent: whole(fields, 'sent') ?? 0, why: optional(fields, 'why'), raised }
    }
    default:
      return undefined
  }
}

function openedOf(fields: ReadonlyMap<string, unknown>): Opened {
  return { path: text(fields, 'path'), probe: fields.get('probe') === true, page: fields.get('page') === true }
}

function raisedOf(fields: ReadonlyMap<string, unknown>): Raised {
  return { type: text(fields, 'type'), message: text(fields, 'message'), behind: optional(fields, 'behind'), place: placeOf(fields) }
}

function placeOf(fields: ReadonlyMap<string, unknown>): Place | undefined {
  const [file, line] = [optional(fields, 'file'), whole(fields, 'line')]
  return file === undefined || line === undefined ? undefined : { file, line, function: text(fields, 'function') }
}

function text(fields: ReadonlyMap<string, unknown>, name: string): string {
  return optional(fields, name) ?? ''
}

function optional(fields: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = fields.get(name)
  return typeof value === 'string' ? value : undefined
}

function whole(fields: ReadonlyMap<string, unknown>, name: string): number | undefined {
  const value = fields.get(name)
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined
}
