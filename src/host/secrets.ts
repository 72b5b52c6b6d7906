/**
 * Masks what must not be printed. Values enter once, where they are read
 * (environment, `.env`, configuration, a login's answer), and every line that
 * leaves the process goes through `mask`.
 */
export class Secrets {
  readonly #values = new Set<string>()

  /** Remembers a value as secret and hands it back. Values of under 4 characters would mask ordinary text and are left alone. */
  add(value: string): string {
    // output goes by line: a key of several lines is known by each of them
    for (const part of [value, ...value.split(/\r?\n/)]) {
      // half a character, which encodeURIComponent refuses, is printed as a replacement character anyway
      const printed = Buffer.from(part).toString()
      for (const form of [part, part.trim(), encodeURIComponent(printed), JSON.stringify(part).slice(1, -1)]) {
        if (form.trim().length >= 4) this.#values.add(form)
      }
    }
    return value
  }

  /**
   * The text with every known secret, every JSON Web Token and every
   * `token=`, `password=`, `secret=` query value replaced by `***`.
   */
  mask(text: string): string {
    let masked = this.#maskValues(text)
    // a plain search takes a tenth of the time of a pattern, and nearly no line has any of these
    if (masked.includes('eyJ')) masked = masked.replace(JWT, '***')
    if (masked.includes('=')) masked = masked.replace(QUERY_VALUE, '$1***')
    if (masked.includes('://') && masked.includes('@')) masked = masked.replace(URL_PASSWORD, '$1***@')
    return masked
  }

  /**
   * The same for many lines at once. Most hold no secret, which one look tells.
   * Where one does, each is masked by itself: a secret that ends in a line end must not join two.
   */
  maskLines(text: string): string {
    return this.mask(text) === text
      ? text
      : text
          .split('\n')
          .map((line) => this.mask(line))
          .join('\n')
  }

  /** Secrets that overlap are masked as one: a replacement of the first would leave the rest of the second. */
  #maskValues(text: string): string {
    const spans: { start: number; end: number }[] = []
    for (const value of this.#values) {
      for (let start = text.indexOf(value); start >= 0; start = text.indexOf(value, start + 1))
        spans.push({ start, end: start + value.length })
    }
    if (spans.length === 0) return text
    spans.sort((a, b) => a.start - b.start)
    let masked = ''
    let at = 0
    for (const { start, end } of spans) {
      if (start >= at) masked += `${text.slice(at, start)}***`
      at = Math.max(at, end)
    }
    return masked + text.slice(at)
  }
}

/**
 * Header, payload and signature in base64url; the header always begins with
 * `{"`, which is `eyJ` (RFC 7519). No word boundary before it: in an encoded URL
 * the token follows `%3D`. Bounded, so that no line takes long.
 */
const JWT = /eyJ[\w-]{5,1024}\.[\w-]{2,}(?:\.[\w-]*)?/g
const QUERY_VALUE = /([?&](?:access_)?(?:token|jwt|password|passwd|secret|key)=)[^&\s"'<>]+/gi
/** `redis://user:password@host`: the password between the colon and the at sign. */
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:@/]*:)[^\s@/]+@/gi
