import { looksLikeToken } from './secret-names.ts'

/** The URL for people: no user information, and of its query and of what looks like one behind `#` the names alone. */
export function shownUrl(url: URL): string {
  const copy = new URL(url)
  copy.username = ''
  copy.password = ''
  // a token may stand there without any name
  const names = [...new Set(copy.searchParams.keys())].map((name) => (looksLikeToken(name) ? '***' : encodeURIComponent(name)))
  copy.search = names.map((name) => (name === '***' ? name : `${name}=***`)).join('&')
  copy.hash = copy.hash.replace(/=[^&=]*/g, '=***')
  return copy.href
}

/** A path at the same origin, whatever it is: `//elsewhere/x` is a path there, and no host. What has a credential with it never leaves its origin. */
export function atPath(base: URL, path: string): URL {
  const url = new URL(base)
  const [, pathname = '/', search = ''] = /^([^?#]*)(\?[^#]*)?/.exec(path) ?? []
  url.pathname = pathname
  url.search = search
  url.hash = ''
  return url
}

/** Port that the URL leads to. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'wss:' || url.protocol === 'https:' ? 443 : 80
}

/** Host name without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '')
}
