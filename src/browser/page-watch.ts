import type { PageRefusal, PageSocket } from '../facts/page-seen.ts'
import { isRecord, parseJson } from '../host/json.ts'
import { shownUrl } from '../host/urls.ts'
import { closeBinding } from './close-teller.ts'
import { devSocketOf } from './dev-sockets.ts'
import type { DevToolsEvent } from './devtools.ts'

/** Where something happened, in what was served: lines and columns from 0. */
export interface ServedPlace {
  readonly url: string
  readonly line: number
  readonly column: number
  /** Who called it, the nearest first. */
  readonly above?: readonly ServedPlace[]
}

interface SeenSocket extends Omit<PageSocket, 'at' | 'url'> {
  readonly url: URL
  readonly subprotocols: readonly string[]
  readonly firstMessage: string | undefined
  readonly place: ServedPlace | undefined
}

/** What the events of a page have come to. */
export interface PageWatch {
  readonly sockets: ReadonlyMap<string, SeenSocket>
  readonly refusals: readonly PageRefusal[]
  readonly exceptions: readonly { readonly text: string; readonly place: ServedPlace | undefined }[]
  readonly consoleErrors: readonly string[]
  /** Requests that are under way: the page is still at work. */
  readonly underWay: ReadonlySet<string>
  readonly status: number | undefined
  readonly error: string | undefined
  readonly url: string
  readonly loaded: boolean
  readonly crashed: boolean
  /** The URLs of what is under way or failed, by their requests. */
  readonly requested: ReadonlyMap<string, string>
  /** The frame of the page itself. */
  readonly frame: string
}

/** Of one kind so many are kept: a page may throw for ever. */
const most = 50
/** Of requests so many are followed: what comes behind them is no work that is waited for. */
const mostRequests = 2000
/** Messages are kept so far, in characters: their beginning tells whose they are. */
const kept = 200

/** Nothing has happened yet. `frame`: the page's own, by the browser's name. */
export function unwatched(frame: string): PageWatch {
  return {
    sockets: new Map(),
    refusals: [],
    exceptions: [],
    consoleErrors: [],
    underWay: new Set(),
    status: undefined,
    error: undefined,
    url: '',
    loaded: false,
    crashed: false,
    requested: new Map(),
    frame,
  }
}

/** What the events have come to with one more. Pure. */
export function watched(before: PageWatch, { method, params }: Pick<DevToolsEvent, 'method' | 'params'>): PageWatch {
  const id = String(params['requestId'])
  switch (method) {
    case 'Network.webSocketCreated': {
      if (!URL.canParse(String(params['url']))) return before
      const socket: SeenSocket = {
        url: new URL(String(params['url'])),
        state: 'opening',
        status: undefined,
        error: undefined,
        close: undefined,
        received: 0,
        sent: 0,
        subprotocols: [],
        firstMessage: undefined,
        place: placeOf(recordAt(params, 'initiator', 'stack')),
      }
      return { ...before, sockets: new Map([...withRoom(before.sockets), [id, socket]]) }
    }
    case 'Network.webSocketWillSendHandshakeRequest': {
      const offered = recordAt(params, 'request', 'headers')['Sec-WebSocket-Protocol']
      return typeof offered === 'string' ? withSocket(before, id, () => ({ subprotocols: offered.split(/,\s*/) })) : before
    }
    case 'Network.webSocketHandshakeResponseReceived': {
      const { status } = recordAt(params, 'response')
      if (typeof status !== 'number') return before
      return withSocket(before, id, () => ({ status, state: status === 101 ? 'open' : 'refused' }))
    }
    case 'Network.webSocketFrameError': {
      const error = String(params['errorMessage']).replace(/^Error in connection establishment: /, '')
      const status = /Unexpected response code: (\d{3})/.exec(error)?.[1]
      return withSocket(before, id, (socket) => ({
        error,
        status: status === undefined ? socket.status : Number(status),
        state: socket.status === 101 ? 'closed' : 'refused',
      }))
    }
    case 'Network.webSocketFrameReceived': {
      const text = String(recordAt(params, 'response')['payloadData']).slice(0, kept)
      return withSocket(before, id, (socket) => ({ received: socket.received + 1, firstMessage: socket.firstMessage ?? text }))
    }
    case 'Network.webSocketFrameSent':
      return withSocket(before, id, (socket) => ({ sent: socket.sent + 1 }))
    case 'Network.webSocketClosed':
      return withSocket(before, id, (socket) => ({ state: socket.state === 'refused' ? 'refused' : 'closed' }))
    case 'Runtime.bindingCalled':
      return closed(before, params)
    case 'Network.requestWillBeSent':
      if (before.requested.size >= mostRequests) return before
      return {
        ...before,
        underWay: new Set([...before.underWay, id]),
        requested: new Map([...before.requested, [id, String(recordAt(params, 'request')['url'])]]),
      }
    case 'Network.responseReceived':
      return params['type'] === 'Document' && params['frameId'] === before.frame
        ? { ...before, status: numberOf(recordAt(params, 'response')['status']), error: undefined }
        : before
    case 'Network.loadingFinished':
      return { ...before, underWay: without(before.underWay, id) }
    case 'Network.loadingFailed':
      return failed({ ...before, underWay: without(before.underWay, id) }, id, params)
    case 'Audits.issueAdded':
      return refused(before, recordAt(params, 'issue'))
    case 'Runtime.exceptionThrown': {
      const details = recordAt(params, 'exceptionDetails')
      const text = String(recordAt(details, 'exception')['description'] ?? details['text']).split('\n')[0] ?? ''
      const place = placeOf(recordAt(details, 'stackTrace')) ?? placeIn(details)
      return before.exceptions.length >= most ? before : { ...before, exceptions: [...before.exceptions, { text, place }] }
    }
    case 'Runtime.consoleAPICalled': {
      if (params['type'] !== 'error' || before.consoleErrors.length >= most) return before
      const words = Array.isArray(params['args'])
        ? params['args'].filter(isRecord).map(({ value, description }) => String(value ?? description))
        : []
      return { ...before, consoleErrors: [...before.consoleErrors, (words.join(' ').split('\n')[0] ?? '').slice(0, kept)] }
    }
    case 'Page.frameNavigated': {
      const frame = recordAt(params, 'frame')
      if (frame['id'] !== before.frame) return before
      // what the document before did is no news of this one
      return {
        ...unwatched(before.frame),
        underWay: before.underWay,
        requested: before.requested,
        status: before.status,
        url: String(frame['url']),
      }
    }
    case 'Page.navigatedWithinDocument':
      return params['frameId'] === before.frame ? { ...before, url: String(params['url']) } : before
    case 'Page.loadEventFired':
      return { ...before, loaded: true }
    case 'Inspector.targetCrashed':
      return { ...before, crashed: true }
    default:
      return before
  }
}

/**
 * The page's own sockets, one of each URL: those of its dev server are none of
 * them, and of those that were tried again an open one counts, else the last
 * that has come to an end. Pure.
 */
export function ownSockets({ sockets }: PageWatch): SeenSocket[] {
  const found = new Map<string, SeenSocket>()
  for (const socket of [...sockets.values()].filter(isOwn)) {
    const before = found.get(socket.url.href)
    const isLess = before?.state === 'open' || isGivenUp(socket) || (socket.state === 'opening' && !isGivenUp(before))
    if (before === undefined || !isLess) found.set(socket.url.href, socket)
  }
  return [...found.values()]
}

/** The page itself closed it before it was open, as React's StrictMode does: that tells nothing. */
const isGivenUp = (socket: SeenSocket | undefined) => socket?.error === 'WebSocket is closed before the connection is established.'

/** Whether a socket is the page's own. Pure. */
export function isOwnSocket({ sockets }: PageWatch, id: string): boolean {
  const socket = sockets.get(id)
  return socket !== undefined && isOwn(socket)
}

const isOwn = ({ url, subprotocols, firstMessage }: SeenSocket) =>
  devSocketOf({ path: url.pathname + url.search, subprotocols, firstMessage }) === undefined

/** Where there are too many, the first that has come to an end is forgotten, else the last. */
function withRoom(sockets: PageWatch['sockets']): readonly (readonly [string, SeenSocket])[] {
  const all = [...sockets]
  if (all.length < most) return all
  const ended = all.findIndex(([, { state }]) => state === 'refused' || state === 'closed')
  return all.toSpliced(ended, 1)
}

function withSocket(before: PageWatch, id: string, change: (socket: SeenSocket) => Partial<SeenSocket>): PageWatch {
  const socket = before.sockets.get(id)
  return socket === undefined ? before : { ...before, sockets: new Map([...before.sockets, [id, { ...socket, ...change(socket) }]]) }
}

/** The code of a close, of the socket that has this URL and no code yet: that it ended is told by the browser. */
function closed(before: PageWatch, params: DevToolsEvent['params']): PageWatch {
  if (params['name'] !== closeBinding) return before
  const told = parseJson(String(params['payload']))
  if (!isRecord(told) || typeof told['code'] !== 'number') return before
  const close = { code: told['code'], reason: String(told['reason']).slice(0, kept) }
  const [id] =
    [...before.sockets].find(([, socket]) => socket.url.href === told['url'] && socket.close === undefined && socket.status === 101) ?? []
  return id === undefined ? before : withSocket(before, id, () => ({ close, state: 'closed' }))
}

function failed(before: PageWatch, id: string, params: DevToolsEvent['params']): PageWatch {
  const { type, errorText, canceled, corsErrorStatus } = params
  if (type === 'Document') return canceled === true || before.error !== undefined ? before : { ...before, error: String(errorText) }
  // of what CORS forbids an issue tells more
  if (canceled === true || corsErrorStatus !== undefined || params['blockedReason'] !== undefined) return before
  const url = before.requested.get(id)
  if (url === undefined || !URL.canParse(url)) return before
  const kind = errorText === 'net::ERR_NAME_NOT_RESOLVED' ? 'not-contacted' : 'failed'
  return withRefusal(before, { url: shownUrl(new URL(url)), kind, text: String(errorText), isSocket: false })
}

/** What the browser itself forbids (https://chromedevtools.github.io/devtools-protocol/tot/Audits/#type-InspectorIssue). */
function refused(before: PageWatch, { code, details }: Readonly<Record<string, unknown>>): PageWatch {
  const all = isRecord(details) ? details : {}
  if (code === 'CorsIssue') {
    const cors = recordAt(all, 'corsIssueDetails')
    if (cors['isWarning'] === true) return before
    return withIssue(before, 'cors', recordAt(cors, 'request')['url'], String(recordAt(cors, 'corsErrorStatus')['corsError']))
  }
  if (code === 'ContentSecurityPolicyIssue') {
    const csp = recordAt(all, 'contentSecurityPolicyIssueDetails')
    return csp['isReportOnly'] === true ? before : withIssue(before, 'csp', csp['blockedURL'], String(csp['violatedDirective']))
  }
  if (code === 'MixedContentIssue') {
    const mixed = recordAt(all, 'mixedContentIssueDetails')
    if (mixed['resolutionStatus'] !== 'MixedContentBlocked') return before
    return withIssue(before, 'mixed-content', mixed['insecureURL'], 'an https page may not use it')
  }
  return before
}

function withIssue(before: PageWatch, kind: PageRefusal['kind'], url: unknown, text: string): PageWatch {
  if (typeof url !== 'string' || !URL.canParse(url)) return before
  return withRefusal(before, { url: shownUrl(new URL(url)), kind, text, isSocket: /^wss?:/.test(url) })
}

function withRefusal(before: PageWatch, refusal: PageRefusal): PageWatch {
  const isKnown = before.refusals.some(({ url, kind }) => url === refusal.url && kind === refusal.kind)
  return isKnown || before.refusals.length >= most ? before : { ...before, refusals: [...before.refusals, refusal] }
}

/** So many frames of a stack are kept: behind them it is a framework's. */
const mostFrames = 12

/** The first frame of a stack that was served, with those above it: our own script has no URL. */
function placeOf(stack: Readonly<Record<string, unknown>>): ServedPlace | undefined {
  const [place, ...above] = framesOf(stack).slice(0, mostFrames)
  return place && (above.length === 0 ? place : { ...place, above })
}

function framesOf(stack: Readonly<Record<string, unknown>>): ServedPlace[] {
  const frames = Array.isArray(stack['callFrames']) ? stack['callFrames'].filter(isRecord) : []
  return [...frames.flatMap((frame) => placeIn(frame) ?? []), ...(isRecord(stack['parent']) ? framesOf(stack['parent']) : [])]
}

function placeIn({ url, lineNumber, columnNumber }: Readonly<Record<string, unknown>>): ServedPlace | undefined {
  if (typeof url !== 'string' || !/^https?:/.test(url) || typeof lineNumber !== 'number') return undefined
  return { url, line: lineNumber, column: typeof columnNumber === 'number' ? columnNumber : 0 }
}

function recordAt(value: Readonly<Record<string, unknown>>, ...names: readonly string[]): Readonly<Record<string, unknown>> {
  let at: unknown = value
  for (const name of names) at = isRecord(at) ? at[name] : undefined
  return isRecord(at) ? at : {}
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function without(all: ReadonlySet<string>, one: string): ReadonlySet<string> {
  return new Set([...all].filter((each) => each !== one))
}
