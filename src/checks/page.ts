import { isLocal } from '../facts/frontend-wiring.ts'
import type { PageRefusal, PageSeen, PageSocket, ScriptPlace } from '../facts/page-seen.ts'
import { hostOf } from '../host/urls.ts'
import { writtenPlaces, type PageSources, type WrittenPlace } from './page-places.ts'
import { diagnosis, type Commands, type Diagnosis, type Seen } from './diagnosis.ts'

/** What the page is held against. */
export interface PageContext {
  /** The WebSocket that was proven, without a token; undefined where none was. */
  readonly proven: URL | undefined
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
  /** The page's dev server is elsewhere than its configuration says: the port that was held, and what frees it. */
  readonly moved: { readonly from: number; readonly commands: Commands } | undefined
}

/** What is said of a page: nothing in it but what the browser told. */
export interface PageVerdict {
  /** `yellow`: it wants a login, or opens no WebSocket. `unseen`: nobody looked. */
  readonly state: 'open' | 'yellow' | 'failed' | 'unseen'
  readonly text: string
  readonly diagnosis?: Diagnosis
}

/** What is said of a page that nobody has looked at. */
export function notLooked(why: string): Pick<PageVerdict, 'text'> & { readonly state: 'unseen' } {
  return { state: 'unseen', text: `not looked at: ${why}` }
}

/** What is said of a page that a browser has looked at. Pure. */
export function judgePage(look: PageSeen, context: PageContext): PageVerdict {
  const cause = whyNot(look, context)
  if (cause === undefined) return { state: 'open', text: openWords(look, context) }
  const nobody = context.withheld === undefined ? '' : ` · opened as nobody: ${context.withheld}`
  if ('text' in cause) return { ...cause, text: `${cause.text}${nobody}` }
  return {
    state: cause.id === 'page-socket-none' ? 'yellow' : 'failed',
    text: `${cause.title} (${look.browser})   ${cause.id}${nobody}`,
    diagnosis: cause,
  }
}

function openWords({ sockets, browser, refusals, change }: PageSeen, { user }: PageContext): string {
  const here = sockets.filter(isLooked)
  const what = here.length === 1 ? 'its WebSocket is open' : `its ${here.length} WebSockets are open`
  const crossed = change?.arrived === true ? ` · a message came to a second window ${Math.round(change.ms)} ms after the change` : ''
  const blocked = refusals
    .filter(({ kind }) => kind !== 'not-contacted' && kind !== 'failed')
    .map((refusal) => ` · ${refusalWords(refusal)}`)
  return `${what} (${browser}${user === undefined ? '' : `, as ${user}`})${crossed}${blocked[0] ?? ''}`
}

/** Hosts that the browser was not to contact tell nothing. */
function isLooked({ error }: PageSocket): boolean {
  return error !== 'net::ERR_NAME_NOT_RESOLVED'
}

function whyNot(seen: PageSeen, context: PageContext): Diagnosis | PageVerdict | undefined {
  const { sockets, browser, asksForLogin } = seen
  const looked = sockets.filter(isLooked)
  if (seen.loginProblem !== undefined)
    return { state: 'yellow', text: `the login of "page" in the configuration can't be done: ${seen.loginProblem} (${browser})` }
  const trouble = looked.find(({ state }) => state !== 'open')
  const isRefused = trouble !== undefined && (trouble.state === 'refused' ? trouble.status !== undefined : trouble.state === 'closed')
  if (
    asksForLogin &&
    looked.every(({ state }) => state !== 'open') &&
    (looked.length === 0 || isRefused) &&
    context.standsFor === undefined
  )
    return loginWanted(seen, trouble)
  if (trouble !== undefined) return socketTrouble(trouble, seen, context)
  if (looked.length > 0) {
    if (seen.expected === false)
      return broken(seen, `its WebSocket is open, and what "expect" names is not on the page`, ['no element was found for it within 5 s'])
    if (typeof seen.expected === 'string')
      return {
        state: 'yellow',
        text: `its WebSocket is open, and whether what "expect" names is there can't be told: ${seen.expected} (${browser})`,
      }
    if (seen.change?.arrived === false) return broken(seen, `its change did not arrive: ${seen.change.why}`, [seen.change.why])
    return undefined
  }
  return noSocket(seen, context)
}

function loginWanted({ browser, url }: PageSeen, refused: PageSocket | undefined): PageVerdict {
  const what =
    refused === undefined ? 'opens no WebSocket before a login' : `its WebSocket is refused before a login (${statusWords(refused)})`
  return {
    state: 'yellow',
    text: `${what} (${browser}): "page": {"login": {"fields": {…}}} in election-dev.config.json fills in the form of ${new URL(url).pathname}`,
  }
}

/** No WebSocket was opened: what kept the page from it, as far as the browser tells. */
function noSocket(seen: PageSeen, context: PageContext): Diagnosis | PageVerdict {
  const { error, url, refusals, exceptions, status, browser } = seen
  if (seen.end === 'crashed') return broken(seen, 'its process has died', [`${browser} told that the page's process crashed`])
  if (error !== undefined) return broken(seen, `it can't be opened: ${error}`, [`${url}: ${error}`])
  if (status !== undefined && status >= 400) return broken(seen, `it answers ${status}`, [`${url}: ${status}`])
  const forbidden = refusals.find(({ kind }) => kind === 'csp' || kind === 'mixed-content' || kind === 'cors')
  if (forbidden !== undefined) return blocked(forbidden, seen)
  const away = refusals.find(({ kind }) => kind === 'not-contacted')
  const thrown = exceptions[0]
  if (away !== undefined)
    return {
      state: 'yellow',
      text: `can't tell: it needs ${new URL(away.url).host}, which was not contacted (${browser}): "page": {"hosts": ["${new URL(away.url).hostname}"]} allows it`,
    }
  const failed = refusals.find(({ kind }) => kind === 'failed')
  if (failed !== undefined)
    return broken(seen, `it opens no WebSocket, and its request to ${failed.url} failed: ${failed.text}`, [`${failed.url}: ${failed.text}`])
  if (thrown !== undefined)
    return broken(seen, `it opens no WebSocket, and its script threw ${thrown.text}`, [`${thrown.text}${placeWords(thrown.at)}`])
  if (seen.end === 'late')
    return { state: 'yellow', text: `can't tell: it was still at work after ${Math.round(seen.elapsedMs / 1000)} s (${browser})` }
  return diagnosis(
    'page-socket-none',
    'opens no WebSocket',
    [`${url} was loaded and at rest, and had opened none`, ...consoleWords(seen)],
    context.folder === undefined
      ? 'If another page opens it, name that one: "page": {"url": "/dashboard/"} in election-dev.config.json.'
      : 'If another page opens it, name that one: "page": {"url": "/dashboard"} in election-dev.config.json. Else look at why its sources don\'t get as far as new WebSocket(…).',
  )
}

/** The first error of its console. */
function consoleWords({ consoleErrors }: PageSeen): string[] {
  return consoleErrors.slice(0, 1).map((text) => `its console has: ${text}`)
}

function broken(seen: PageSeen, title: string, evidence: Seen): Diagnosis {
  const at = seen.exceptions[0]?.at
  return diagnosis(
    'page-broken',
    title,
    [...evidence, ...consoleWords(seen)],
    at === undefined ? 'The console of the browser has the rest: F12, then Console.' : `Correct ${at.file}:${at.line}.`,
  )
}

function blocked(refusal: PageRefusal, { url }: PageSeen): Diagnosis {
  const { origin } = new URL(url)
  const target = new URL(refusal.url)
  const remedies: Readonly<Record<string, string>> = {
    cors: `Let ${origin} in at the backend: CORS_ALLOWED_ORIGINS = ["${origin}"] of django-cors-headers (with CORS_ALLOW_CREDENTIALS where cookies are sent), or send these requests through the dev server's proxy.`,
    csp: `Add ${target.protocol}//${target.host} to ${refusal.text} of the page's Content-Security-Policy.`,
    'mixed-content': `Serve the page by http while you develop, or open ${target.protocol === 'ws:' ? 'wss' : 'https'}:// through its own host.`,
  }
  return diagnosis('page-blocked', refusalWords(refusal), [`${refusal.url}: ${refusal.text}`], remedies[refusal.kind] ?? '')
}

function refusalWords({ kind, url, isSocket }: PageRefusal): string {
  const by = {
    cors: 'CORS blocks',
    csp: 'its Content-Security-Policy blocks',
    'mixed-content': 'the browser blocks as mixed content',
  } as const
  const what = isSocket ? `its WebSocket to ${url}` : url
  return `${kind === 'cors' || kind === 'csp' || kind === 'mixed-content' ? by[kind] : 'failed:'} ${what}`
}

/** A WebSocket of the page that isn't open: it goes elsewhere, or is refused where ours is not. */
function socketTrouble(socket: PageSocket, seen: PageSeen, context: PageContext): Diagnosis {
  const { proven } = context
  const url = new URL(socket.url)
  const told = statusWords(socket)
  const written = context.sources === undefined ? [] : writtenPlaces(context.sources, url, new URL(seen.url))
  const holder = context.holders.get(url.port)
  const there = holder === undefined || socket.error === 'net::ERR_CONNECTION_REFUSED' ? [] : [`there listens ${holder}`]
  const evidence: Seen = [`${socket.url}: ${told}`, ...there, ...builtAt(socket.at)]
  const forbidden = seen.refusals.find(({ isSocket, url: refused }) => isSocket && refused === socket.url)
  if (forbidden !== undefined) return blocked(forbidden, seen)
  const isThere = proven !== undefined && proven.port === url.port
  const isOurs = isThere && proven.pathname === url.pathname && proven.protocol === url.protocol
  if (isOurs || (socket.status === 101 && isThere))
    return diagnosis(
      'page-socket-refused',
      socket.status === 101 ? `its WebSocket was ${told}` : `its WebSocket is refused: ${told}`,
      [...evidence, `the same WebSocket is proven${context.standsFor === undefined ? '' : ` as ${context.standsFor}`}`],
      'The page identifies itself otherwise than the proof does: log in on it by "page": {"login": …} of election-dev.config.json, or look at the token that its sources send.',
    )
  return diagnosis(
    'page-socket-elsewhere',
    `its WebSocket goes to ${shortUrl(url)}: ${told}`,
    [
      ...evidence,
      ...written.map(({ file, line, text }) => `${file}:${line} makes it go there: ${text}`),
      ...(proven === undefined ? [] : [`proven is ${proven.href}`]),
    ],
    ...elsewhere(socket, { page: new URL(seen.url), at: written[0] ?? socket.at }, context),
  )
}

/** What helps: at the page's own address, at the backend without TLS, at a port of this machine, or anywhere else. */
function elsewhere(
  socket: PageSocket,
  { page, at }: { readonly page: URL; readonly at: Pick<WrittenPlace, 'file' | 'line'> | undefined },
  { proven, paths, moved }: PageContext,
): [string, Commands] {
  const url = new URL(socket.url)
  const place = at === undefined ? 'the sources of the page' : `${at.file}:${at.line}`
  if (proven === undefined) return [`Correct the URL in ${place}.`, []]
  const proxy = `a proxy of the dev server for ${url.pathname} to ${proven.protocol.replace('ws', 'http')}//${proven.host}, with WebSockets (Vite: ws: true)`
  if (url.host === page.host && socket.status === undefined)
    return moved === undefined
      ? [`Its dev server answers there: give it ${proxy}. Or correct the URL in ${place} to ${proven.host}.`, []]
      : [
          `Its dev server is on port ${page.port} because ${moved.from} is held, and ${place} is right for ${moved.from}. End this run, then free the port.`,
          moved.commands,
        ]
  if (url.port === proven.port && url.protocol !== proven.protocol)
    return [`The backend speaks no TLS. Let the page open its WebSocket at its own host, through ${proxy}; or serve the page by http.`, []]
  const isKnownPath = url.pathname === proven.pathname || paths.includes(url.pathname)
  if (isLocal(hostOf(url)) && isKnownPath && url.port !== proven.port && url.port !== '')
    return [
      `Start the backend where the page looks for it, or correct the URL in ${place} to ${proven.host}.`,
      [['election-dev', 'start', '--port', url.port]],
    ]
  return [`Correct the URL in ${place}: the application's WebSocket is ${proven.href}.`, []]
}

function builtAt(at: ScriptPlace | undefined): string[] {
  return at === undefined ? [] : [`opened at ${at.file}:${at.line}${at.text === undefined || at.text === '' ? '' : `: ${at.text}`}`]
}

function placeWords(at: ScriptPlace | undefined): string {
  return at === undefined ? '' : ` at ${at.file}:${at.line}`
}

/** What the browser told of a WebSocket that isn't open. */
function statusWords({ state, status, error, close }: PageSocket): string {
  if (state === 'opening') return 'no answer to its handshake'
  if (close !== undefined && status === 101) return `closed with code ${close.code}${close.reason === '' ? '' : ` (${close.reason})`}`
  if (status !== undefined && status !== 101) return `the handshake was answered with ${status}`
  if (error === 'net::ERR_CONNECTION_REFUSED') return 'nothing listens there'
  return error ?? 'it was closed again'
}

function shortUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`
}
