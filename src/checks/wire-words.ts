import type { DevTool } from '../dev-tools/dev-tool.ts'
import { devTools } from '../dev-tools/known.ts'
import { ofEach } from '../dev-tools/of-each.ts'
import type { HandshakeFact, WireFacts } from '../facts/wire.ts'
import { allServers, deployedServers } from '../servers/known.ts'
import { otherWsgi } from '../servers/wsgi.ts'

/** What a handshake said, for evidence: `403 Access denied`. */
export function said(fact: HandshakeFact): string {
  if (fact.result === 'open') return '101'
  if (fact.result === 'refused') return `${fact.status}${fact.reason === '' ? '' : ` ${fact.reason}`}`
  if (fact.result === 'silent') return `no answer within ${seconds(fact.elapsedMs)}`
  return `${fact.code} after ${seconds(fact.elapsedMs)}`
}

/** Whole milliseconds, and never none: `1 ms`. */
export function milliseconds(ms: number): string {
  return `${Math.max(1, Math.round(ms))} ms`
}

/** Milliseconds as people read them: `0.8 s`, `12 ms`, `3 h`. */
export function seconds(ms: number): string {
  if (ms < 100) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} days`
}

/** The answer to the upgrade as a sentence. */
export function upgradeAnswer({ status, reason, headers }: Extract<HandshakeFact, { result: 'refused' }>): string {
  const server = headers['server']
  return `The upgrade got \`${status}${reason === '' ? '' : ` ${reason}`}\`${server === undefined ? ' without a Server header' : ` from \`Server: ${server}\``}`
}

const anyHeader = (headers: readonly string[]): RegExp => new RegExp(`^(?:${headers.join('|')})`, 'i')
/** Servers that run ASGI applications, as their Server header names them. */
export const asgiServers = anyHeader([
  'granian',
  ...deployedServers.flatMap(({ header, libraryHeader = [] }) => [header].concat(libraryHeader)),
])
/** Servers that run WSGI applications and can't speak WebSocket. */
export const wsgiServers = anyHeader([
  ...allServers.filter(({ deploy }) => deploy === undefined).map(({ header }) => header),
  ...otherWsgi.values(),
  'werkzeug',
  'cheroot',
])
export const proxies = /^(?:nginx|caddy|apache|traefik|haproxy|envoy|openresty|cloudflare)/i

/** The dev tool that a page comes from, where the page of a running one is told from what it builds. */
export const toolOfPage = (body: string): DevTool | undefined => devTools.find(({ page }) => page?.test(body) === true)
/** What a dev server's proxy says by itself of a page that nobody behind it answers: Vite with an empty 500, webpack's with a 504. */
export function unansweredBehind({ experiments }: Pick<WireFacts, 'experiments'>): readonly [string] | undefined {
  const { httpOnPath: answer } = experiments
  if (answer?.result !== 'answer' || answer.server !== undefined) return undefined
  const isItsOwn = answer.status === 504 || (answer.status === 500 && answer.body === '')
  return isItsOwn ? [`GET on the path got ${answer.status} from the dev server itself, as where nothing answers its proxy`] : undefined
}

/** The page of any frontend: a root element for the application, and nothing in it. */
export const frontendPage = new RegExp(
  [...ofEach(({ page }) => page?.source), `<div id="(?:${ofEach(({ root }) => root).join('|')})">`].join('|'),
  'i',
)

/** What a handshake of ours identified itself with. */
export function sentWith({ token, identity }: WireFacts): string {
  if (identity?.source === 'session') return `with a session of ${identity.user ?? 'a user'}`
  return token.kind === 'none' ? 'no token' : 'with token'
}

/** By custom, as in HTTP; 3000 is the registered one (IANA, WebSocket Close Code Number Registry: Unauthorized). */
export const loginCodes: ReadonlySet<number> = new Set([3000, 4001, 4401])

/** How a login of the project's own is used. */
export const byLogin =
  '"login": {"path": …, "username": …} in election-dev.config.json (login.usernameField and login.passwordField, if the form has names other than username and password), with ELECTION_DEV_PASSWORD.'

/** What is to be done about one that was refused. */
export const correctLogin =
  'Correct "login" in election-dev.config.json (login.path, login.username, login.usernameField, login.passwordField), or ELECTION_DEV_PASSWORD.'
