import { atPath } from '../host/urls.ts'
import { placeIn, type FrontendWiring } from '../facts/frontend-wiring.ts'
import type { ServersFact } from '../facts/server-process.ts'
import { bracketed } from '../host/tcp.ts'

/** The WebSocket that the page opens, and how that is known. */
export interface PageUrl {
  readonly url: string
  readonly source: string
}

const local = /^(?:localhost|.+\.localhost|127\.\d+\.\d+\.\d+|::1|0\.0\.0\.0)$/i

/**
 * Which WebSocket is meant where nobody names one: the one that the frontend
 * names (a variable of its `.env` before a source), else the running server of
 * this checkout; undefined where neither is known. `path` is the backend's own,
 * for a URL that has none. Pure.
 */
export function pageUrl(wiring: FrontendWiring, servers: ServersFact, path: string): PageUrl | undefined {
  for (const { name, value, ...at } of wiring.variables ?? []) {
    if (!URL.canParse(value)) continue
    const url = new URL(value)
    if (!/^wss?:$/.test(url.protocol) || !local.test(url.hostname.replace(/^\[|\]$/g, ''))) continue
    return { url: withPath(url, path), source: `${name} in ${placeIn(wiring, at)}` }
  }
  const written = wiring.urls.find(({ scheme, host }) => (scheme === 'ws' || scheme === 'wss') && local.test(host))
  if (written !== undefined && URL.canParse(written.text)) {
    return { url: withPath(new URL(written.text), path), source: placeIn(wiring, written) }
  }
  const running = servers.ofProject.find(({ listens }) => listens.length > 0)
  const at = running?.listens[0]
  if (running === undefined || at === undefined) return undefined
  const address = /^(?:0\.0\.0\.0|::|\*)$/.test(at.address) ? '127.0.0.1' : at.address
  const scheme = running.command?.tls === true ? 'wss' : 'ws'
  return { url: `${scheme}://${bracketed(address)}:${at.port}${path}`, source: `the running server, PID ${running.pid}` }
}

/** A URL that names the server alone gets the backend's own path. */
function withPath(url: URL, path: string): string {
  return url.pathname === '/' || url.pathname === '/ws' || url.pathname === '/ws/' ? atPath(url, path).href : url.href
}
