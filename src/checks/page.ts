import type { PageRefusal, PageSeen, PageSocket, ScriptPlace } from '../facts/page-seen.ts'
import { isEditable } from './page-places.ts'
import { socketTrouble, statusWords, type PageContext } from './page-socket.ts'
import { diagnosis, type Diagnosis, type Seen } from './diagnosis.ts'

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
  const nobody = context.withheld === undefined ? '' : ` · opened without a user: ${context.withheld}`
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
  const forbidden = seen.refusals.find(({ isSocket, url }) => isSocket && url === trouble?.url)
  if (forbidden !== undefined) return blocked(forbidden, seen)
  if (trouble !== undefined) return socketTrouble(trouble, seen, context)
  if (looked.length > 0) {
    if (seen.expected === false)
      return broken(seen, `its WebSocket is open, but what "expect" names is not on the page`, ['no element was found for it within 5 s'])
    if (typeof seen.expected === 'string')
      return {
        state: 'yellow',
        text: `its WebSocket is open, but whether what "expect" names is there can't be checked: ${seen.expected} (${browser})`,
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
  if (seen.end === 'crashed') return broken(seen, 'its process crashed', [`${browser} reported that the page's process crashed`])
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
    [`${url} had loaded and settled without opening one`, ...consoleWords(seen)],
    context.folder === undefined
      ? 'If another page opens it, name that one: "page": {"url": "/dashboard/"} in election-dev.config.json.'
      : 'If another page opens it, name that one: "page": {"url": "/dashboard"} in election-dev.config.json. Else see why its sources don\'t reach new WebSocket(…).',
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
    at === undefined || !isEditable(at) ? "The browser's console has the rest: F12, then Console." : `Correct ${at.file}:${at.line}.`,
  )
}

function blocked(refusal: PageRefusal, { url }: PageSeen): Diagnosis {
  const { origin } = new URL(url)
  const target = new URL(refusal.url)
  const remedies: Readonly<Record<string, string>> = {
    cors: `Allow ${origin} in the backend: CORS_ALLOWED_ORIGINS = ["${origin}"] of django-cors-headers (with CORS_ALLOW_CREDENTIALS if cookies are sent), or send these requests through the dev server's proxy.`,
    csp: `Add ${target.protocol}//${target.host} to ${refusal.text} of the page's Content-Security-Policy.`,
    'mixed-content': `Serve the page over http in development, or open ${target.protocol === 'ws:' ? 'wss' : 'https'}:// through its own host.`,
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

function placeWords(at: ScriptPlace | undefined): string {
  return at === undefined ? '' : ` at ${at.file}:${at.line}`
}
