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
