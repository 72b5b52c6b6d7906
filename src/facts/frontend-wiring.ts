import { ownPrefixes } from '../dev-tools/of-each.ts'
import type { DevProxy } from './dev-proxy.ts'
import type { EnvValue } from './frontend-variables.ts'
import { lineOf, withoutComments, type SourcePlace } from './script-text.ts'

/** A URL that stands in a source: of a WebSocket anywhere, or of HTTP on this machine. */
export interface WrittenUrl extends SourcePlace {
  /** As it is written, without login, query and fragment. */
  readonly text: string
  readonly scheme: 'ws' | 'wss' | 'http' | 'https'
  /** Without the brackets of IPv6. */
  readonly host: string
  readonly port: number | undefined
  /** Empty where there is none. */
  readonly path: string
}

/** A port of this machine that a source names without a scheme: `localhost:8000`, `${location.hostname}:8000`. */
export interface WrittenPort extends SourcePlace {
  /** As it is written. */
  readonly text: string
  readonly port: number
}

/** A variable of an `.env` file that the bundler hands to the page. */
export interface UrlVariable extends EnvValue {
  /** Without login, query and fragment. */
  readonly value: string
}

/** How a frontend is told where its backend is, read as text: nothing is evaluated. */
export interface FrontendWiring {
  /** As a person in the checkout writes it: the files below are relative to it. */
  readonly folder: string
  readonly urls: readonly WrittenUrl[]
  readonly variables: readonly UrlVariable[]
  readonly proxies: readonly DevProxy[]
}

/** A place of the frontend as it is shown: `frontend/src/live.ts:3`. */
export function placeIn({ folder }: Pick<FrontendWiring, 'folder'>, { file, line }: SourcePlace): string {
  // a configuration may be outside of it
  const isBelow = folder !== '.' && !/^(?:\/|[A-Za-z]:)/.test(file)
  return `${isBelow ? `${folder}/` : ''}${file}:${line}`
}

/** The URLs of a source, comments passed over. One whose host is put together at run time (`ws://${host}/`) isn't written there. */
export function urlsIn(file: string, source: string): WrittenUrl[] {
  if (!/(?:wss?|https?):\/\//i.test(source)) return []
  const text = withoutComments(source)
  return [...text.matchAll(writtenUrl)].flatMap((match) => {
    const [, scheme = '', host = '', port, path = ''] = match
    const kind = schemeOf(scheme.toLowerCase())
    if (kind === undefined || (kind.startsWith('http') && !isLocal(host))) return []
    const line = lineOf(text, match.index)
    const shown = `${scheme}://${host}${port === undefined ? '' : `:${port}`}${path}`
    return [
      {
        file,
        line,
        text: shown,
        scheme: kind,
        host: host.replace(/^\[|\]$/g, ''),
        port: port === undefined ? undefined : Number(port),
        path,
      },
    ]
  })
}

/** A scheme, maybe a login, a host, a port, a path. What follows the host must not go on with it: `ws://api${suffix}`. */
const writtenUrl =
  /\b(wss?|https?):\/\/(?:[^\s'"`@/?#<>]{0,200}@)?(\[[0-9a-f:]+\]|[\w-]+(?:\.[\w-]+)*)(?![\w.-]|\$\{)(?::(\d{1,5}))?((?:\/[^\s'"`<>()\\?#]*)?)/gi

function schemeOf(scheme: string): WrittenUrl['scheme'] | undefined {
  return scheme === 'ws' || scheme === 'wss' || scheme === 'http' || scheme === 'https' ? scheme : undefined
}

/** True for the names and addresses of this very machine, brackets of IPv6 or not. */
export function isLocal(host: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[?::1?\]?)$/i.test(host)
}

const handedOver = new RegExp(`^(?:${ownPrefixes.join('|')})\\w`)

/** The variables that a dev tool hands to the page and that name a URL. */
export function urlVariables(values: readonly EnvValue[]): UrlVariable[] {
  return values
    .filter(({ name, value }) => handedOver.test(name) && /^(?:wss?|https?):\/\//i.test(value))
    .map((variable) => ({ ...variable, value: variable.value.replace(/[?#].*$/, '').replace(/^(\w+:\/\/)[^/@]*@/, '$1') }))
}

/** A name of this machine in quotes or after them, or the page's own host name; then a port. One with a scheme is a URL, which `urlsIn` reads. */
const hostPort =
  /(?:(?<=['"`])(?:localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1\])|\blocation\.hostname\s*(?:\}|\+\s*['"`]))\s*:(\d{2,5})(?!\d)/gi

/** A port alone, in what makes another address of the page's own: `location.host.replace(':3000', ':8000')`, `location.port === '3000'`. */
const derivedPort = /(?:['"`/:=]\s*|:\/\/)(\d{4,5})\b(?!\.)/g
const derivation = /\blocation\.(?:host|port|origin|href)\b[^\n;]{0,120}?(?:\.replace(?:All)?\s*\(|[=!]==?)[^\n;]{0,120}/g

/** The ports that a source names beside its URLs, comments passed over. Pure. */
export function portsIn(file: string, source: string): WrittenPort[] {
  if (!/(?:localhost|127\.|0\.0\.0\.0|\[::1\]|hostname|\blocation\.)/i.test(source)) return []
  const text = withoutComments(source)
  const place = (at: number, shown: string, port: string | undefined) => ({
    file,
    line: lineOf(text, at),
    text: shown.trim(),
    port: Number(port),
  })
  return [
    ...[...text.matchAll(hostPort)].map((match) => place(match.index, match[0], match[1])),
    ...[...text.matchAll(derivation)].flatMap((found) =>
      [...found[0].matchAll(derivedPort)].map((match) => place(found.index, found[0].slice(0, 80), match[1])),
    ),
  ]
}

const ownHost =
  /wss?:?(?:\/\/|['"`])[^\n;]{0,80}\blocation\.host\b(?!\s*\.)|\blocation\.host\b(?!\s*\.)[^\n;]{0,80}\/ws\b|new WebSocket\(\s*['"`]\/(?!\/)/
/** A path that is resolved against the page's address: `new URL('/ws/', location.href)`; one that is given another host or port then isn't the page's. */
const ownUrl = /new URL\([^\n;]{1,120},\s*(?:window\.|document\.|self\.)?(?:location\b|baseURI\b)/
const otherHost = /\.(?:port|host|hostname|href)\s*=(?!=)/

/** Where a page opens its WebSocket at its own host, and so through its dev server: `new WebSocket(`ws://${location.host}/ws/`)`. */
export function pageHostSocket(file: string, source: string): SourcePlace | undefined {
  if (!/\bWebSocket\b/.test(source)) return undefined
  const text = withoutComments(source)
  const found = ownHost.exec(text) ?? (otherHost.test(text) ? null : ownUrl.exec(text))
  return found === null ? undefined : { file, line: lineOf(text, found.index) }
}
