import { upgradeWords } from '../dev-tools/of-each.ts'
import { isLocal } from '../facts/frontend-wiring.ts'
import type { PageSeen, PageSocket, ScriptPlace } from '../facts/page-seen.ts'
import type { SourcePlace } from '../facts/script-text.ts'
import { hostOf } from '../host/urls.ts'
import { diagnosis, type Commands, type Diagnosis, type Seen } from './diagnosis.ts'
import { isEditable, isSameRoute, pathPlaces, sentPlaces, writtenPlaces, type PageSources } from './page-places.ts'

/** What the page is held against. */
export interface PageContext {
  /** The WebSocket that was proven, without a token; undefined where none was. */
  readonly proven: URL | undefined
  /** Nothing is wrong with that one. */
  readonly isProven: boolean
  /** Whom the application saw at the page's own socket, where it told. */
  readonly user: string | undefined
  /** Who is put into the page's cookies and storage, where somebody is. */
  readonly standsFor: string | undefined
  /** Why it got nothing of theirs. */
  readonly withheld: string | undefined
  /** The paths of the application's other WebSockets. */
  readonly paths: readonly string[]
  /** Who listens on a port of this machine, in words, where that is known. */
  readonly holders: ReadonlyMap<string, string>
  /** The folder of the page's sources, as it is shown; undefined where the backend serves it. */
  readonly folder: string | undefined
  /** What those name, where they were read. */
  readonly sources: PageSources | undefined
  /** The parameter of the query that the proven WebSocket's token is in, where it is in one. */
  readonly tokenName: string | undefined
  /** The page's dev server is elsewhere than its configuration says: the port that was held, and what frees it. */
  readonly moved: { readonly from: number; readonly commands: Commands } | undefined
}

/** What a dev server says by itself of what it doesn't pass on, or can't. */
const ofDevServer: ReadonlySet<number> = new Set([200, 404, 502, 503, 504])

/** A WebSocket of the page that isn't open: it goes elsewhere, to another path, or is refused where ours is not. */
export function socketTrouble(socket: PageSocket, seen: PageSeen, context: PageContext): Diagnosis {
  const { proven, isProven, paths, sources } = context
  const url = new URL(socket.url)
  const page = new URL(seen.url)
  const told = statusWords(socket)
  const holder = context.holders.get(url.port)
  const there = holder === undefined || socket.error === 'net::ERR_CONNECTION_REFUSED' ? [] : [`there listens ${holder}`]
  const opened = builtAt(socket.at)
  const isThere = proven !== undefined && proven.port === url.port
  const isKnownPath = proven !== undefined && [proven.pathname, ...paths].some((path) => isSameRoute(path, url.pathname))
  const isAnswered = socket.status !== undefined && !ofDevServer.has(socket.status)
  const isOurs = isThere && isKnownPath && proven.protocol === url.protocol
  // through the page's own server, which has passed it on, by whatever path: it accepts no socket itself but its own channel
  const isThrough = url.host === page.host && ((isKnownPath && isAnswered) || socket.status === 101)
  if (isOurs || isThrough || (socket.status === 101 && isThere)) return refusedThere(socket, [`${socket.url}: ${told}`, ...opened], context)
  const isBackend = isThere && proven.protocol === url.protocol
  const named = sources === undefined || isKnownPath ? [] : pathPlaces(sources, url)
  if (proven !== undefined && !isKnownPath && (isBackend || (url.host === page.host && (isAnswered || named.length > 0)))) {
    const place = named[0] ?? ownFrame(socket)
    return diagnosis(
      'page-socket-elsewhere',
      `its WebSocket goes to ${shortUrl(url)}: ${told}`,
      [
        `${socket.url}: ${told}`,
        ...opened,
        ...named.map(({ file, line, text }) => `${file}:${line} names its path: ${text}`),
        `${isProven ? 'proven' : 'tried'} is ${proven.href}`,
      ],
      `Correct the path ${place === undefined ? 'where the page sets it (not found in its sources)' : `in ${shown(place)}`}: the application's WebSocket is ${proven.pathname}.`,
    )
  }
  const written = sources === undefined ? [] : writtenPlaces(sources, url, page)
  return diagnosis(
    'page-socket-elsewhere',
    `its WebSocket goes to ${shortUrl(url)}: ${told}`,
    [
      `${socket.url}: ${told}`,
      ...there,
      ...opened,
      ...written.map(({ file, line, text }) => `${file}:${line} makes it go there: ${text}`),
      ...(proven === undefined ? [] : [`${isProven ? 'proven' : 'tried'} is ${proven.href}`]),
    ],
    ...elsewhere(socket, { page, at: written[0] ?? ownFrame(socket) }, context),
  )
}

/** It comes to the application, which refuses it: for a token under a name that it doesn't read, or what else the page identifies itself by. */
function refusedThere(socket: PageSocket, seen: Seen, { standsFor, sources, tokenName, isProven }: PageContext): Diagnosis {
  const url = new URL(socket.url)
  const told = statusWords(socket)
  const title = socket.status === 101 ? `its WebSocket was ${told}` : `its WebSocket is refused: ${told}`
  const proven = `the same WebSocket is proven${standsFor === undefined ? '' : ` as ${standsFor}`}`
  if (!isProven)
    return diagnosis('page-socket-refused', title, seen, 'The proof of the same WebSocket fails as well: fix what that names first.')
  const sent = [...new Set(url.searchParams.keys())]
  if (tokenName === undefined || sent.includes(tokenName))
    return diagnosis(
      'page-socket-refused',
      title,
      [...seen, proven],
      'The page identifies itself differently from the proof: log in on it with "page": {"login": …} in election-dev.config.json, or check the token that its sources send.',
    )
  const places = sources === undefined ? [] : sentPlaces(sources, sent)
  const readAt = sources?.tokenRead
  const [first] = places
  const reads = `the application reads its token from the parameter ${tokenName}${readAt === undefined ? '' : ` at ${shown(readAt)}`}`
  return diagnosis(
    'page-socket-refused',
    title,
    [
      ...seen,
      reads,
      sent.length === 0 ? 'the page sends no parameter' : `the page sends ${sent.join(', ')}, and no ${tokenName}`,
      ...places.map((place) => `${shown(place)} puts it there: ${place.text}`),
      proven,
    ],
    `Let the page send its token as ${tokenName}${first === undefined ? '' : ` in ${shown(first)}`}.`,
  )
}

/** What helps: at the page's own address, at the backend without TLS, at a port of this machine, or anywhere else. */
function elsewhere(
  socket: PageSocket,
  { page, at }: { readonly page: URL; readonly at: SourcePlace | undefined },
  { proven, paths, moved }: PageContext,
): [string, Commands] {
  const url = new URL(socket.url)
  const place = at === undefined ? "the page's sources" : shown(at)
  if (proven === undefined) return [`Correct the URL in ${place}.`, []]
  const proxy = `a proxy of the dev server for ${url.pathname} to ${proven.protocol.replace('ws', 'http')}//${proven.host}, with WebSockets (${upgradeWords})`
  if (url.host === page.host && socket.status === undefined)
    return moved === undefined
      ? [`Its dev server answers there: give it ${proxy}. Or correct the URL in ${place} to ${proven.host}.`, []]
      : [
          `Its dev server is on port ${page.port} because ${moved.from} is held, and ${place} is right for ${moved.from}. End this run, then free the port.`,
          moved.commands,
        ]
  if (url.port === proven.port && url.protocol !== proven.protocol)
    return [
      `The backend speaks no TLS. Let the page open its WebSocket at its own host, through ${proxy}; or serve the page over http.`,
      [],
    ]
  const isKnownPath = [proven.pathname, ...paths].some((path) => isSameRoute(path, url.pathname))
  if (isLocal(hostOf(url)) && isKnownPath && url.port !== proven.port && url.port !== '' && url.host !== page.host)
    return [
      `Start the backend where the page looks for it, or correct the URL in ${place} to ${proven.host}.`,
      [['election-dev', 'start', '--port', url.port]],
    ]
  return [`Correct the URL in ${place}: the application's WebSocket is ${proven.href}.`, []]
}

function builtAt(at: ScriptPlace | undefined): string[] {
  return at === undefined ? [] : [`opened at ${at.file}:${at.line}${at.text === undefined || at.text === '' ? '' : `: ${at.text}`}`]
}

/** The place that opened it, where a person would change it. */
function ownFrame({ at }: PageSocket): SourcePlace | undefined {
  return at !== undefined && isEditable(at) ? at : undefined
}

function shown({ file, line }: SourcePlace): string {
  return `${file}:${line}`
}

/** What the browser told of a WebSocket that isn't open. */
export function statusWords({ state, status, error, close }: PageSocket): string {
  if (state === 'opening') return 'no answer to its handshake'
  if (close !== undefined && status === 101) return `closed with code ${close.code}${close.reason === '' ? '' : ` (${close.reason})`}`
  if (status !== undefined && status !== 101) return `the handshake was answered with ${status}`
  if (error === 'net::ERR_CONNECTION_REFUSED') return 'nothing listens there'
  return error ?? 'it was closed again'
}

function shortUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`
}
