import type { FrontendReading } from '../facts/frontend-reading.ts'
import { isLocal } from '../facts/frontend-wiring.ts'
import { hole, type PagePath } from '../facts/page-paths.ts'
import { escapedText, isInstalled, type SourcePlace } from '../facts/script-text.ts'
import { hostOf, portOf } from '../host/urls.ts'

/** What the sources of a page name, files as a person in the checkout writes them. */
export interface PageSources extends Pick<FrontendReading, 'variables' | 'urls' | 'ports' | 'pageSocket'> {
  /** Every path that they name. */
  readonly paths: readonly PagePath[]
  /** Where they put a parameter into a query. */
  readonly parameters: readonly (WrittenPlace & { readonly name: string })[]
  /** Where the application reads its token from the query. */
  readonly tokenRead: SourcePlace | undefined
}

/** A place that makes a WebSocket go where it goes. */
export interface WrittenPlace extends SourcePlace {
  /** What stands there. */
  readonly text: string
}

/** Whether a person would change what stands there: a package's sources are installed. Pure. */
export function isEditable({ file }: Pick<SourcePlace, 'file'>): boolean {
  return !isInstalled(file)
}

/** An identifier in a path: a number, a UUID. */
const identifier = /^(?:\d+|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/i

/** Whether two paths are of the same route, as far as that can be told without it: they differ in identifiers alone. Pure. */
export function isSameRoute(one: string, other: string): boolean {
  const [these, those] = [one.split('/'), other.split('/')]
  return (
    these.length === those.length &&
    these.every((part, index) => part === those[index] || (identifier.test(part) && identifier.test(those[index] ?? '')))
  )
}

/** Where the path of a WebSocket is written, as one of a WebSocket's before any other text. Pure. */
export function pathPlaces({ paths }: PageSources, { pathname }: URL): WrittenPlace[] {
  const isIt = ({ path }: PagePath) => {
    const parts = path.split(hole).map(escapedText)
    return parts.some((part) => part.length > 1) && new RegExp(`^${parts.join('[^/]+')}$`).test(pathname)
  }
  const found = paths.filter(isIt)
  const sockets = found.filter(({ isSocket }) => isSocket)
  return (sockets.length > 0 ? sockets : found).slice(0, most).map(({ file, line, path }) => ({ file, line, text: path }))
}

/** Where the page puts these parameters into a query. Pure. */
export function sentPlaces({ parameters }: PageSources, names: readonly string[]): WrittenPlace[] {
  return parameters.filter(({ name }) => names.includes(name)).slice(0, most)
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
