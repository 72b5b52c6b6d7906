/** Where a page keeps its token, as its sources read it. */
export interface PageStore {
  readonly store: 'local' | 'session'
  readonly key: string
  /** A JSON document with the token in it, and not the token itself. */
  readonly isJson: boolean
}

const read =
  /(JSON\.parse\(\s*)?\b(?:window\.)?(local|session)Storage(?:\.getItem\(\s*([^(),]{1,80}?)\s*\)|\[\s*([^[\]]{1,80}?)\s*\]|\.([A-Za-z_]\w*)\b(?!\s*\())/g
const constant = /\b(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*(?::\s*\w+\s*)?=\s*(["'`])([\w.:@/-]{1,80})\2/g
/** Names of tokens; one that renews others is none, and what is about a token isn't either. */
const token = /token|jwt|access|\bauth\b|bearer/i
const noToken = /refresh|expir|csrf|xsrf|device|fcm|push|_at$|type|user/i

/**
 * The entries of localStorage and sessionStorage that sources read and that a
 * token is in, as far as their names tell; a name that one of the sources gives
 * to a constant is followed. Pure.
 */
export function storesIn(texts: readonly string[]): PageStore[] {
  const constants = new Map<string, string>()
  for (const text of texts) for (const [, name = '', , value = ''] of text.matchAll(constant)) constants.set(name, value)
  const found = new Map<string, PageStore>()
  for (const text of texts) {
    for (const [, json, store, given, index, member] of text.matchAll(read)) {
      const written = given ?? index
      const [, literal] = /^["'`]([^"'`]+)["'`]$/.exec(written ?? '') ?? []
      const key = literal ?? member ?? constants.get(written ?? '')
      const named = `${key ?? ''} ${literal === undefined ? (written ?? '') : ''}`
      if (key === undefined || !token.test(named) || noToken.test(named)) continue
      found.set(`${store}:${key}`, { store: store === 'session' ? 'session' : 'local', key, isJson: json !== undefined })
    }
  }
  return [...found.values()]
}
