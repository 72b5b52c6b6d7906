import type { Greeting } from './greeting.ts'
import type { HttpFact } from '../host/http.ts'
import type { TcpFact } from '../host/tcp.ts'
import type { ObservedHandshake, Refusal } from './observed.ts'

/** The `code` of a handshake that HTTP can't carry, so that nothing was sent: a header or subprotocol with characters that aren't allowed. */
export const unsendable = 'UNSENDABLE'

/** The shortest URL that a server may find too long, in bytes: the HTTP parser of websockets takes lines of 8 KB, those of daphne and uvicorn 16 KB and 64 KB. */
export const longUrlBytes = 8000

/** The path that no route has, which experiments ask for: a server logs a traceback of it. */
export const unknownPath = '/election-dev-probe/no-such-route/'

/** What became of a WebSocket handshake. */
export type HandshakeFact =
  | { readonly result: 'open'; readonly elapsedMs: number; readonly subprotocol: string }
  /** An HTTP answer other than 101. A browser shows 1006 for each of these. */
  | {
      readonly result: 'refused'
      readonly status: number
      readonly reason: string
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
      readonly elapsedMs: number
    }
  /** The connection ended without an answer, or the answer broke the protocol. */
  | { readonly result: 'broken'; readonly code: string; readonly message: string; readonly elapsedMs: number }
  /** No answer within the deadline. */
  | { readonly result: 'silent'; readonly elapsedMs: number }

/** How a socket was closed. */
export interface SocketClose {
  /** The code of the close frame; 1006 where there was none. */
  readonly code: number
  readonly reason: string
  /** Milliseconds since the handshake began. */
  readonly afterMs: number
  /** Messages that had come before it. */
  readonly messagesBefore: number
  /** What came that is no frame of a WebSocket, in the words of the client library: we ended it then. */
  readonly broken?: string
}

/** What became of a ping to the application. */
export type PongFact =
  | { readonly result: 'pong'; readonly elapsedMs: number }
  | { readonly result: 'unanswered' }
  | { readonly result: 'closed'; readonly close: SocketClose }

/** Whether TLS is spoken on the port, and whether its certificate is trusted. */
export type TlsFact =
  | { readonly result: 'tls'; readonly trusted: boolean; readonly problem: string | undefined }
  | { readonly result: 'plain'; readonly code: string | undefined }
  | { readonly result: 'silent' }

/** Whether what identifies us was made by us for a user of the project, so that a refusal speaks against it, not against the backend. */
export function isOurs({ identity }: Pick<WireFacts, 'identity'>): boolean {
  return identity?.source === 'minted' || identity?.source === 'session'
}

/** What a token looks like from outside. Nothing of its content is kept but its times. */
export type TokenShape =
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed'; readonly problem: string }
  | { readonly kind: 'expired'; readonly secondsAgo: number }
  | { readonly kind: 'not-yet'; readonly secondsAhead: number; readonly claim: 'nbf' | 'iat' }
  | { readonly kind: 'current' }
  /** Not a JSON Web Token, and nothing says that it should be one. */
  | { readonly kind: 'opaque' }

/** As whom a handshake is made. */
export interface Identity {
  /** What it is identified with: what the user gives, what a login gave, a session or a token made for a user of the project, or nothing. */
  readonly source: 'given' | 'login' | 'session' | 'minted' | 'none'
  /** The application reads a session of the page's. */
  readonly wantsSession: boolean
  /** The user of the project that stands for the page; how it came to that one. */
  readonly user?: string | undefined
  readonly account?: 'wanted' | 'made' | 'found' | undefined
  /** There is nobody whom one could be made for. */
  readonly hasNoUser?: boolean | undefined
  /** Users who are there, the first of them, where the one who was asked for isn't. */
  readonly others?: readonly string[] | undefined
  /** The login that the configuration names was refused, as `note` says. */
  readonly isRefused?: boolean | undefined
  /** Why there is no session or no token, in a sentence. */
  readonly note?: string | undefined
}

/** Whom to be instead of a user who isn't there: what was seen, and the way. Nothing where nobody of that name was asked for. */
export function instead(identity: Identity | undefined): { readonly seen: string; readonly remedy: string } | undefined {
  const { others } = identity ?? {}
  const [first] = others ?? []
  if (others === undefined) return undefined
  return first === undefined
    ? { seen: 'It has no active user at all', remedy: 'Let the setup make a development user: election-dev start --setup, without --user.' }
    : { seen: `Active users: ${others.join(', ')}`, remedy: `Name one who is there: --user ${first}.` }
}

/** What is known about the endpoint without its secrets. */
export interface ShownEndpoint {
  /** Without query values. */
  readonly url: string
  readonly path: string
  readonly port: number
  readonly host: string
  readonly secure: boolean
  readonly origin: string | undefined
  /** Where the token goes, in words; `isPlaced`: the sources or the configuration say so. */
  readonly tokenAt: string
  readonly isPlaced: boolean
  /** Length of the URL as it is sent, in bytes. */
  readonly urlBytes: number
  readonly offersSubprotocol: boolean
  /** What a page offers beside the token, which the application reads after another name. */
  readonly besideToken?: { readonly offers: readonly string[]; readonly at: string; readonly read: string } | undefined
}

/** Who says that a ping is known where it is sent. */
type PingBy = 'configuration' | 'page' | 'consumer'

/** What is said to a socket. */
export interface Spoken {
  readonly subprotocols: readonly string[]
  /** Where a page offers these: `client/src/live.ts:9`. */
  readonly offeredAt?: string | undefined
  /** The message that the application answers with a pong; false: none is sent. */
  readonly ping: false | Readonly<Record<string, unknown>>
  readonly pingBy?: PingBy | undefined
  /** What it wants to hear first, to know who comes. */
  readonly greeting?: Greeting | undefined
}

/** An open socket: what came over it, and how it ended. */
export interface SessionFact {
  readonly heldMs: number
  readonly close: SocketClose | undefined
  readonly messages: number
  readonly pong: PongFact | undefined
  /** Where a ping was sent. */
  readonly pingBy?: PingBy | undefined
  /** Where it died: a second socket, which was sent nothing. Its close is undefined where it lived on. */
  readonly second: SecondSocket | undefined
  /** It was cut by us: a ping frame got no answer. */
  readonly silent?: boolean
  /** Who closed it, where the observer saw the application do that. */
  readonly closedBy?: Refusal | undefined
}

/** The socket after the one that died: whether the server is still there, and whether it was our ping. */
export interface SecondSocket {
  readonly handshake: HandshakeFact
  readonly close: SocketClose | undefined
  /** Whether anything listened when that handshake had broken: a server that dies may still take a connection. */
  readonly listens: boolean | undefined
}

/** Whether a socket wants to hear first who comes, and was told nothing: it is open, and proves nothing. */
export function isUnsaid(greeting: WireFacts['greeting']): boolean {
  return greeting !== undefined && greeting.isNeeded && !greeting.isSent
}

/** Everything that was seen of an endpoint over the wire. What was not tried is undefined. */
export interface WireFacts {
  readonly endpoint: ShownEndpoint
  /** The listener is a child of ours that has just come up. */
  readonly ours: boolean
  readonly token: TokenShape
  readonly identity?: Identity | undefined
  readonly nameError: string | undefined
  readonly tcp: readonly TcpFact[]
  /** GET / before the handshake. */
  readonly http: HttpFact | undefined
  readonly handshake: HandshakeFact | undefined
  readonly session: SessionFact | undefined
  /** What the socket wants to hear first, and whether it was said to it. */
  readonly greeting?: (Greeting & { readonly isSent: boolean }) | undefined
  readonly experiments: Experiments
  /** What the observer told of the handshake, where there is one. */
  readonly observed?: ObservedHandshake | undefined
}

/** The differential experiments: the same handshake with one thing changed. Each is made at most once. */
export interface Experiments {
  /** A path that no route has. It writes a traceback into the server's log. */
  readonly unknownPath?: HandshakeFact | undefined
  /** The path with its last slash taken away, or given one. */
  readonly otherSlash?: HandshakeFact | undefined
  /** The unknown path with other Origins than the page's: the backend's own, and those of the usual dev servers. The last one is the first that got another answer, where one did. */
  readonly otherOrigins?: readonly { readonly origin: string; readonly handshake: HandshakeFact }[] | undefined
  /** The same without what the page offers beside the token. */
  readonly tokenAlone?: HandshakeFact | undefined
  /** The same without a token. */
  readonly withoutToken?: HandshakeFact | undefined
  /** The other scheme: ws for wss. */
  readonly otherScheme?: HandshakeFact | undefined
  readonly tls?: TlsFact | undefined
  /** The handshake over TLS whose certificate isn't checked. */
  readonly untrusted?: HandshakeFact | undefined
  /** GET / after a handshake that got no answer. */
  readonly httpAfter?: HttpFact | undefined
  /** GET on the WebSocket's path. */
  readonly httpOnPath?: HttpFact | undefined
  /** The handshake at each address of the host name by itself. */
  readonly byAddress?: readonly { readonly address: string; readonly handshake: HandshakeFact }[] | undefined
}
