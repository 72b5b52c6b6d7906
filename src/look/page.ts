import type { Config } from '../config/config.ts'
import { isLoopback } from '../checks/page.ts'
import { describeListener, listenersOn } from '../facts/listener.ts'
import type { PageLook, PageRequest } from '../facts/page-seen.ts'
import { readPageSpeech } from '../facts/page-paths.ts'
import type { Host } from '../host/host.ts'
import { planPage } from '../plan/page-request.ts'
import { httpUrl, type Endpoint } from '../verify/endpoint.ts'

/** What is known of a page before it is opened. */
interface PageTarget {
  /** The checkout, whose sources tell where a token is kept. */
  readonly root: string
  /** The WebSocket as it is proven, with what identifies it. */
  readonly endpoint: Endpoint
  readonly page: URL
  /** Whom token and cookie stand for. */
  readonly user: string | undefined
  readonly screenshot: PageRequest['screenshot']
  readonly two: boolean
}

/** What a browser is to open, as the same user as the proof; and whom the page stands for, where it is given anything of theirs. */
export async function pageRequestOf(
  host: Pick<Host, 'env' | 'secrets'>,
  config: Pick<Config, 'page'>,
  { root, endpoint, page, user, screenshot, two }: PageTarget,
): Promise<{ readonly request: PageRequest; readonly standsFor: string | undefined }> {
  const { token, tokenIn, tokenName, cookie } = endpoint
  const password = host.env['ELECTION_DEV_PASSWORD']
  if (password !== undefined) host.secrets.add(password)
  const { stores } = await readPageSpeech(root)
  const identity = { token, cookie, password, stores, tokenCookie: tokenIn === 'cookie' ? (tokenName ?? 'token') : undefined }
  const request = planPage(config.page, identity, { page, backend: httpUrl(endpoint.url), screenshot, two })
  const isGiven = request.cookies.length > 0 || Object.keys({ ...request.storage.local, ...request.storage.session }).length > 0
  return { request, standsFor: isGiven || request.login !== undefined ? (user ?? 'its user') : undefined }
}

/** Who listens on the ports of this machine that the page's WebSockets go to in vain. Never throws. */
export async function holdersOf(host: Host, look: PageLook): Promise<ReadonlyMap<string, string>> {
  const urls = look.result === 'seen' ? look.sockets.filter(({ state }) => state !== 'open').map(({ url }) => new URL(url)) : []
  const ports = new Set(urls.filter((url) => isLoopback(url) && url.port !== '').map(({ port }) => port))
  const found = await Promise.all(
    [...ports].map(async (port) => {
      const [listener] = await listenersOn(host, Number(port))
      return listener === undefined ? [] : [[port, describeListener(listener)] as const]
    }),
  )
  return new Map(found.flat())
}
