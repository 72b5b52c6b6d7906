import { atPath } from '../host/urls.ts'
import type { TokenPlace } from '../facts/examination.ts'
import { greetingWith } from '../facts/greeting.ts'
import type { Identity, ShownEndpoint, Spoken } from '../facts/wire.ts'

/** The WebSocket that is to be proven: where it is and what the page would send. */
export interface Endpoint extends Spoken {
  /** ws:// or wss://, without a token. */
  readonly url: URL
  /** The Origin header; undefined: the client sends none. */
  readonly origin: string | undefined
  readonly token: string | undefined
  readonly tokenIn: TokenPlace['in']
  /** Of the parameter, the header or the cookie; of a subprotocol that goes before it. */
  readonly tokenName: string | undefined
  /** What a header's value begins with, or the subprotocol that it is a part of. */
  readonly tokenPrefix?: string | undefined
  /** The sources or the configuration say that it goes there; else that is only what is usual. */
  readonly isPlaced?: boolean | undefined
  /** A session cookie, as it is sent. */
  readonly cookie: string | undefined
  /** Whom token and cookie stand for. */
  readonly identity?: Identity | undefined
  /** Tells the observer that the handshake is ours. A secret. */
  readonly nonce?: string | undefined
  /** It is proven beside another one, and takes no part in that one's broadcast. `made-up`: a part of its path is, and what the application raises because of it is told to the observer alone. */
  readonly beside?: 'known' | 'made-up'
}

/** What is sent for an endpoint: URL, headers and subprotocols, the token in its place. Never to be printed. */
export interface Request {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly subprotocols: readonly string[]
  /** The message that is sent as soon as it is open. */
  readonly first?: string
}

/** What every handshake of ours says of who makes it: a run that watches its server tells the doctor's from the page's by it. */
const agent = 'election-dev'

/** What stands for the token in the path of a route that has a parameter for it (samples.py). */
const tokenPlace = 'election-dev-token'

/** Builds what is sent. The token goes where the path has a place for it, else into the query (`?token=…`), a header (`Authorization: Bearer …`), a cookie or a subprotocol. */
export function requestOf(endpoint: Endpoint): Request {
  const url = new URL(endpoint.url)
  const headers: Record<string, string> = { 'User-Agent': agent }
  if (endpoint.origin !== undefined) headers['Origin'] = endpoint.origin
  const cookies = endpoint.cookie === undefined ? [] : [endpoint.cookie]
  if (endpoint.nonce !== undefined) headers['X-Election-Dev'] = endpoint.nonce
  if (endpoint.beside !== undefined) headers['X-Election-Dev-Beside'] = endpoint.beside
  const subprotocols = [...endpoint.subprotocols]
  const first = firstOf(endpoint)
  // what is read from a message stands nowhere else: a URL is logged
  const place = first === undefined || endpoint.isPlaced === true ? endpoint.tokenIn : 'message'
  if (endpoint.token !== undefined) {
    if (url.pathname.includes(tokenPlace)) url.pathname = url.pathname.replace(tokenPlace, endpoint.token)
    else if (place === 'query') url.searchParams.set(endpoint.tokenName ?? 'token', endpoint.token)
    else if (place === 'cookie') cookies.push(`${endpoint.tokenName ?? 'token'}=${endpoint.token}`)
    else if (place === 'header') {
      const name = endpoint.tokenName ?? 'Authorization'
      const prefix = endpoint.tokenPrefix ?? (name.toLowerCase() === 'authorization' ? 'Bearer' : undefined)
      headers[name] = prefix === undefined ? endpoint.token : `${prefix} ${endpoint.token}`
    } else if (place === 'subprotocol') {
      const { tokenName: name, tokenPrefix = '', token } = endpoint
      if (name !== undefined && !subprotocols.includes(name)) subprotocols.push(name)
      // right after its name, which a page may offer by itself: the same one twice no client sends
      subprotocols.splice(name === undefined ? subprotocols.length : subprotocols.indexOf(name) + 1, 0, `${tokenPrefix}${token}`)
    }
  }
  if (cookies.length > 0) headers['Cookie'] = cookies.join('; ')
  return { url: url.href, headers, subprotocols, ...(first === undefined ? {} : { first }) }
}

/** What a page offers beside the token where the application reads that after a name that is none of these; undefined anywhere else. */
export function besideToken({ token, tokenIn, tokenName, isPlaced, subprotocols, offeredAt }: Endpoint): ShownEndpoint['besideToken'] {
  const isRead = token !== undefined && tokenIn === 'subprotocol' && tokenName !== undefined && isPlaced === true
  if (!isRead || offeredAt === undefined || subprotocols.length === 0 || subprotocols.includes(tokenName)) return undefined
  return { offers: subprotocols, at: offeredAt, read: tokenName }
}

/** Where the token goes, in words. Without the token. */
export function tokenAt({ tokenIn, tokenName, tokenPrefix, url }: Endpoint): string {
  if (url.pathname.includes(tokenPlace)) return 'in the path'
  if (tokenIn === 'query') return `in the query, as ${tokenName ?? 'token'}`
  if (tokenIn === 'cookie') return `as the cookie ${tokenName ?? 'token'}`
  if (tokenIn === 'header') return `in the header ${tokenName ?? 'Authorization'}`
  const before = tokenName ?? tokenPrefix
  return before === undefined ? 'as a subprotocol' : `as a subprotocol, after ${before}`
}

/** What is said first to who wants to know who comes; undefined where nothing is, or there is no token for it. */
function firstOf({ greeting, token }: Endpoint): string | undefined {
  return greeting?.text === undefined || token === undefined ? undefined : greetingWith(greeting.text, token)
}

/** The Origin that is sent: the one that was chosen, `none` for a client that is no browser and sends none, else the usual one. */
export function originOf(chosen: string | undefined, usual: string | undefined): string | undefined {
  return chosen === 'none' ? undefined : (chosen ?? usual)
}

/** The page's side of the same server: http:// for ws://, https:// for wss://. */
export function httpUrl(url: URL, path = '/'): URL {
  const http = atPath(url, path)
  http.protocol = url.protocol === 'wss:' ? 'https:' : 'http:'
  return http
}
