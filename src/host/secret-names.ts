/** Words that make a name a secret's wherever they stand in it, also at the end of words written together: `PGPASSWORD`, `csrftoken`. */
const SECRET_WORD =
  /(?:password|passwd|passphrase|passcode|secret|token|(?:api|access|private|secret|signing|encryption|master|auth)key|sessionid|sessid)s?$|^(?:pwd|pw|pat|bearer|creds?|credentials?|keys?)$/
/** Words that do so at its end alone: `REDISCLI_AUTH` is a secret, `AUTH_USER_MODEL` isn't. */
const SECRET_LAST = /^(?:pass|auth|authorization|cookie|dsn|jwt|otp|pin|code|salt|ticket|sig|signature)$/
/** What such a name ends with where its value only says something about a secret: `PASSWORD_HASHERS`, `TOKEN_NAME`, `KeyError`. */
const ABOUT_SECRET =
  /^(?:age|algorithms?|audience|backends?|class(?:es)?|count|dir|enabled|endpoint|errors?|exception|expir\w+|fields?|files?|folder|func|function|hashers?|headers?|hosts?|interval|issuer|length|lifetime|max|min|minutes|hours|days|seconds|models?|name|names|path|policy|port|prefix|required|serializer|size|timeout|ttl|types?|uri|url|urls|usage|user|username|validators?|version)$/
/** Words that do so together. Keys of these kinds are secret for certain; `cache_key` or a bare `key` may be. */
const SECRET_PAIR = /(?:api|access|private|signing|encryption|master|auth)_keys?(?:_|$)|(?<!xdg_)session_id$/
/** Bare words that ordinary text puts before an equals sign too. */
const AMBIGUOUS = /^(?:pass|auth|code|pin|salt|cookie|sig|signature)$/

/**
 * How surely a name (of a variable, a key, a query parameter) is that of a
 * secret. `certain`: whatever its value is; `likely`: in running text the value
 * has to look like a secret as well.
 */
export function secrecyOf(name: string): 'certain' | 'likely' | undefined {
  const words = wordsOf(name)
  const last = words.at(-1) ?? ''
  // the working folders of a shell
  if (ABOUT_SECRET.test(last) || /^(?:OLD)?PWD$/.test(name)) return undefined
  const isPair = SECRET_PAIR.test(words.join('_'))
  if (!isPair && !SECRET_LAST.test(last) && !words.some((word) => SECRET_WORD.test(word))) return undefined
  const certain = isPair || words.some((word) => SECRET_WORD.test(word) && !/^keys?$/.test(word))
  return certain || (SECRET_LAST.test(last) && !(words.length === 1 && AMBIGUOUS.test(last))) ? 'certain' : 'likely'
}

/** Whether the value of this name is a secret. */
export function namesSecret(name: string): boolean {
  return secrecyOf(name) !== undefined
}

/** Whether Django, or what makes its tokens, signs with this key; an example's value is known to everybody who reads the repository. */
export function isSigningKey(name: string): boolean {
  return /^(?:DJANGO_)?SECRET_KEY$|^JWT_(?:SECRET|SIGNING)_KEY$/.test(name)
}

/** `dbPassword`, `DB_PASSWORD` and `db-password2` are db and password. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .map((word) => word.replace(/\d+$/, ''))
    .filter((word) => word !== '')
}

/** Words, numbers, and what is made of them: host names, paths, modules, addresses of mail. */
const WORDS = /^[-_./\\@: ]*(?:[A-Z]?[a-z]+|[A-Z]+|\d{1,4})(?:[-_./\\@: ]+(?:[A-Z]?[a-z]+|[A-Z]+|\d{1,4})|[A-Z][a-z]+)*\d{0,4}$/

/**
 * Whether a secret can be told from ordinary text by itself, and so is masked
 * wherever it stands: at least 8 characters of two kinds, or 16, that aren't a
 * number, a URL, or made of words (unless these come to 20 characters and are
 * no host or path). `test`, `postgres`, `admin2024`, `db.local` never are.
 */
export function isDistinctive(value: string): boolean {
  if (value.length > 200) return true
  if (value.length < 8 || /^\d+$/.test(value) || /^[a-z][a-z\d+.-]*:\/\//i.test(value)) return false
  if (WORDS.test(value)) return value.length >= 20 && !/[./\\@:]/.test(value)
  return value.length >= 16 || [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/].filter((kind) => kind.test(value)).length >= 2
}

/** Whether a text that nobody called a secret looks like a token: 16 characters and more, random ones. */
export function looksLikeToken(text: string): boolean {
  return (
    text.length >= 16 && /^[\w+/=~.-]+$/.test(text) && /\d/.test(text) && /[a-z]/i.test(text) && (text.length > 200 || !WORDS.test(text))
  )
}

/** What is for the launcher alone: no child that wasn't asked to use it gets it. */
const ours: readonly string[] = ['ELECTION_DEV_TOKEN', 'ELECTION_DEV_PASSWORD']

/** An environment without what is secret and for the launcher alone. */
export function withoutOurs(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.includes(name)))
}
