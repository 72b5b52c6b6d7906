/**
 * Masks what must not be printed. Values enter once, where they are read
 * (environment, `.env`, configuration, a login's answer), and every line that
 * leaves the process goes through `mask`.
 */
export class Secrets {
  readonly #values = new Set<string>()

  /** Remembers a value as secret and hands it back. Values of under 4 characters would mask ordinary text and are left alone. */
  add(value: string): string {
    for (const form of [value, encodeURIComponent(value), value.trim()]) {
      if (form.length >= 4) this.#values.add(form)
    }
    return value
  }

  /**
   * The text with every known secret, every JSON Web Token and every
   * `token=`, `password=`, `secret=` query value replaced by `***`.
   */
  mask(text: string): string {
    let masked = text
    // longest first, so that a secret that contains another is masked whole
    for (const value of [...this.#values].sort((a, b) => b.length - a.length)) {
      if (masked.includes(value)) masked = masked.replaceAll(value, '***')
    }
    return masked.replace(JWT, '***').replace(QUERY_VALUE, '$1***').replace(URL_PASSWORD, '$1***@')
  }
}

/** Header, payload and signature in base64url; the header always begins with `{"`, which is `eyJ` (RFC 7519). */
const JWT = /\beyJ[\w-]{5,}\.[\w-]{2,}(?:\.[\w-]*)?/g
const QUERY_VALUE = /([?&](?:access_)?(?:token|jwt|password|passwd|secret|key)=)[^&\s"'<>]+/gi
/** `redis://user:password@host`: the password between the colon and the at sign. */
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*:)[^\s@/]+@/gi
