import type { Config } from '../config/config.ts'
import { judgePage, notLooked, type PageVerdict } from '../checks/page.ts'
import type { PageContext } from '../checks/page-socket.ts'
import { describeListener, listenersOn } from '../facts/listener.ts'
import type { PageLook, PageRequest, PageSeen } from '../facts/page-seen.ts'
import { isLocal } from '../facts/frontend-wiring.ts'
import { readPageSpeech } from '../facts/page-paths.ts'
import type { Project } from '../facts/project.ts'
import type { Host } from '../host/host.ts'
import { hostOf, shownUrl } from '../host/urls.ts'
import { lackOf, pageUrl, planPage } from '../plan/page-request.ts'
import { lookAt } from '../run/page-look.ts'
import { httpUrl, type Endpoint } from '../verify/endpoint.ts'
import { inSources } from './page-sources.ts'
import { strangerAt } from './stranger.ts'

/** What is known of a page before it is opened. */
export interface PageTarget {
  readonly project: Project | undefined
  /** The WebSocket as it is proven, with what identifies it. */
  readonly endpoint: Endpoint
  /** It is green. */
  readonly isProven: boolean
  readonly page: URL
  /** A process of this run serves the page. */
  readonly isOurs: boolean
  /** Whom token and cookie stand for. */
  readonly user: string | undefined
  readonly screenshot: PageRequest['screenshot']
  readonly two: boolean
  /** The frontend that it is a part of; undefined where the backend serves it. */
  readonly app: { readonly folder: string; readonly shown: string } | undefined
  /** Ends the look. */
  readonly signal: AbortSignal
}

/** What else is known of a page once it was looked at; `isWrong`: one of its WebSockets isn't open. */
type Known = (seen: PageSeen, isWrong: boolean) => Promise<Pick<PageContext, 'user' | 'paths' | 'moved'>>

/** What a browser saw of a page, and what is said of it. Never throws. */
export async function provePage(
  host: Host,
  config: Pick<Config, 'page'>,
  target: PageTarget,
  known: Known,
): Promise<{ readonly look: PageLook; readonly verdict: PageVerdict }> {
  const { request, lacks, ...opening } = await openingOf(host, config, target)
  const seen: PageLook = lacks === undefined ? await lookAt(host, request, target.signal) : { result: 'unseen', why: lacks }
  if (seen.result === 'unseen') return { look: seen, verdict: notLooked(seen.why) }
  const root = target.project?.root ?? host.cwd
  const { token, tokenIn, tokenName = 'token' } = target.endpoint
  const inQuery = token !== undefined && tokenIn === 'query' ? tokenName : undefined
  const { look, sources } = await inSources(seen, {
    root,
    folder: target.app?.folder ?? root,
    backend: target.project?.backend,
    tokenName: inQuery,
  })
  const proven = new URL(shownUrl(target.endpoint.url))
  const more = await known(look, sources !== undefined)
  const context = {
    proven,
    isProven: target.isProven,
    tokenName: inQuery,
    ...opening,
    ...more,
    holders: await holdersOf(host, look),
    folder: target.app?.shown,
    sources,
  }
  return { look: { ...look, result: 'seen' }, verdict: judgePage(look, context) }
}

/** A page as a browser is to open it. */
interface PageOpening {
  readonly request: PageRequest
  /** Whom the page stands for, where it is given anything of theirs. */
  readonly standsFor: string | undefined
  /** Why it is given nothing of the user that the WebSocket was proven as. */
  readonly withheld: string | undefined
  /** What the configuration names for it and nobody has given: it can't be opened so. */
  readonly lacks: string | undefined
}

/** What a browser is to open, as the same user as the proof: what was made for that one goes to a process of the project alone. Never throws. */
async function openingOf(
  host: Host,
  config: Pick<Config, 'page'>,
  { project, endpoint, page, isOurs, user, screenshot, two }: PageTarget,
): Promise<PageOpening> {
  const password = host.env['ELECTION_DEV_PASSWORD']
  const { login, storage, cookies } = config.page ?? {}
  for (const value of [password ?? '', ...[login?.fields, storage, cookies].flatMap((all) => Object.values(all ?? {}))])
    host.secrets.add(value)
  const url = pageUrl(config.page, page)
  const isMade = endpoint.identity?.source === 'session' || endpoint.identity?.source === 'minted'
  const isServed = isOurs && url.origin === page.origin
  const withheld = isMade && !isServed && login === undefined && project !== undefined ? await strangerAt(host, project, url) : undefined
  const { token, tokenIn, tokenName, cookie } = withheld === undefined ? endpoint : { ...endpoint, token: undefined, cookie: undefined }
  const { stores } = await readPageSpeech(project?.root ?? host.cwd)
  const identity = { token, cookie, password, stores, tokenCookie: tokenIn === 'cookie' ? (tokenName ?? 'token') : undefined }
  const request = planPage(config.page, identity, { page, backend: httpUrl(endpoint.url), screenshot, two })
  const isGiven = request.cookies.length > 0 || Object.keys({ ...request.storage.local, ...request.storage.session }).length > 0
  return {
    request,
    standsFor: isGiven || request.login !== undefined ? (user ?? 'its user') : undefined,
    withheld,
    lacks: lackOf(config.page, identity),
  }
}

/** Who listens on the ports of this machine that the page's WebSockets go to in vain. Never throws. */
async function holdersOf(host: Host, { sockets }: PageSeen): Promise<ReadonlyMap<string, string>> {
  const urls = sockets.filter(({ state }) => state !== 'open').map(({ url }) => new URL(url))
  const ports = new Set(urls.filter((url) => isLocal(hostOf(url)) && url.port !== '').map(({ port }) => port))
  const found = await Promise.all(
    [...ports].map(async (port) => {
      const [listener] = await listenersOn(host, Number(port))
      return listener === undefined ? [] : [[port, describeListener(listener)] as const]
    }),
  )
  return new Map(found.flat())
}
