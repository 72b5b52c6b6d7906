/** What Django lets in with DEBUG where ALLOWED_HOSTS is empty; Channels' validator has `localhost` without the dot. */
const ofDebug: readonly string[] = ['.localhost', '127.0.0.1', '[::1]']

/** Django's own rule (django.http.request.validate_host): `*`, a name, `.example.org` for all below it; with DEBUG and none set, the local ones. */
export function isAllowed(host: string, allowed: readonly string[], debug: boolean): boolean {
  const patterns = debug && allowed.length === 0 ? ofDebug : allowed
  const name = host.replace(/\.$/, '').toLowerCase()
  return patterns.some((pattern) => {
    const wanted = pattern.toLowerCase()
    return wanted === '*' || wanted === name || (wanted.startsWith('.') && (name.endsWith(wanted) || name === wanted.slice(1)))
  })
}

/** Channels' own rule (OriginValidator.match_allowed_origin): scheme, port and domain, or a domain alone; `.example.org` for all below it. */
export function allowsOrigin(pattern: string, origin: URL): boolean {
  const [, scheme, rest = pattern] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/i.exec(pattern) ?? []
  if (pattern === '*') return true
  const [, dot = '', domain = ''] = /^(\.?)(.*)$/.exec(rest) ?? []
  if (scheme === undefined) return isAllowed(origin.hostname, [`${dot}${domain.replace(/:\d*$/, '')}`], false)
  const url = `${scheme}://${domain}`
  if (!URL.canParse(url)) return false
  const wanted = new URL(url)
  return (
    wanted.protocol === origin.protocol && wanted.port === origin.port && isAllowed(origin.hostname, [`${dot}${wanted.hostname}`], false)
  )
}

const local = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i

/**
 * Which of these Origins a validator with this list lets through; of none the first of this machine's that it names,
 * which is where the page is that it was written for. Pure.
 */
export function allowedOrigin(origins: readonly string[], list: readonly string[]): string | undefined {
  return (
    origins.find((origin) => list.some((pattern) => allowsOrigin(pattern, new URL(origin)))) ?? list.find((pattern) => local.test(pattern))
  )
}

/** Whether a validator's list is one of its own, which ALLOWED_HOSTS has no part in. */
export function isOwnList(origins: readonly string[], allowed: readonly string[], debug: boolean): boolean {
  return listed(origins) !== listed(debug && allowed.length === 0 ? ofDebug : allowed)
}

function listed(entries: readonly string[]): string {
  return entries
    .map((entry) => entry.replace(/^\.(?=localhost$)/, ''))
    .toSorted()
    .join(' ')
}
