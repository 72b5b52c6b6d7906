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
