/** Django's own rule (django.http.request.validate_host): `*`, a name, `.example.org` for all below it; with DEBUG and none set, the local ones. */
export function isAllowed(host: string, allowed: readonly string[], debug: boolean): boolean {
  const patterns = debug && allowed.length === 0 ? ['.localhost', '127.0.0.1', '[::1]'] : allowed
  const name = host.replace(/\.$/, '').toLowerCase()
  return patterns.some((pattern) => {
    const wanted = pattern.toLowerCase()
    return wanted === '*' || wanted === name || (wanted.startsWith('.') && (name.endsWith(wanted) || name === wanted.slice(1)))
  })
}
