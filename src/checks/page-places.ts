import type { FrontendReading } from '../facts/frontend-reading.ts'
import { isLocal } from '../facts/frontend-wiring.ts'
import type { SourcePlace } from '../facts/script-text.ts'
import { hostOf, portOf } from '../host/urls.ts'

/** What the sources of a page name, files as a person in the checkout writes them. */
export type PageSources = Pick<FrontendReading, 'variables' | 'urls' | 'ports' | 'pageSocket'>

/** A place that makes a WebSocket go where it goes. */
export interface WrittenPlace extends SourcePlace {
  /** What stands there. */
  readonly text: string
}

/** So many are told. */
const most = 3

/**
 * Where the address is written that a WebSocket of the page went to: a variable
 * before a source, since that one stands in for it; for the page's own address
 * what makes another one of it, or takes it as it is. Pure.
 */
export function writtenPlaces({ variables, urls, ports, pageSocket }: PageSources, socket: URL, page: URL): WrittenPlace[] {
  const isThere = ({ host, port, scheme }: { host: string; port: number | undefined; scheme: string }) =>
    (port ?? (scheme.endsWith('s') ? 443 : 80)) === portOf(socket) &&
    (host === hostOf(socket) || (isLocal(host) && isLocal(hostOf(socket))))
  const named = [
    ...variables.flatMap(({ name, value, file, line }) => {
      if (!URL.canParse(value)) return []
      const url = new URL(value)
      const at = { host: hostOf(url), port: portOf(url), scheme: url.protocol.slice(0, -1) }
      return isThere(at) ? [{ file, line, text: `${name}=${value}` }] : []
    }),
    ...urls.filter(isThere),
  ]
  const isOwn = socket.host === page.host
  const made = ports.filter(({ port, text }) => (isOwn ? text.includes('location') && port !== portOf(page) : port === portOf(socket)))
  const own = isOwn && pageSocket !== undefined ? [{ ...pageSocket, text: 'location.host' }] : []
  const seen = new Set<string>()
  return [...named, ...made, ...own]
    .filter(({ file, line }) => !seen.has(`${file}:${line}`) && seen.add(`${file}:${line}`))
    .slice(0, most)
    .map(({ file, line, text }) => ({ file, line, text }))
}
