import { attempt } from '../errors.ts'
import { coloursOf, placesWithoutEscapes, withoutEscapes } from './escape-codes.ts'
import { isDistinctive, namesSecret } from './secret-names.ts'
import { patternSpans, userinfoSpans, type Span } from './secret-patterns.ts'

const MASK = '***'

/**
 * Masks what must not be printed. Values enter once, where they are read
 * (environment, `.env`, configuration, a login's answer), and every text that
 * leaves the process is masked: a line as it is, a string of a JSON document
 * before it is serialised.
 */
export class Secrets {
  /** Masked where something says that a secret stands there: `password=…`. */
  readonly #known = new Set<string>()
  /** Masked everywhere. */
  readonly #distinctive = new Set<string>()

  /** Remembers a value as secret and hands it back. What can't be told from ordinary text is masked in its own place alone (`isDistinctive`). */
  add(value: string): string {
    // a key of several lines is known by each of them, as output goes by line
    for (const line of value.split(/\r?\n/)) {
      const part = line.trim()
      if (part === '') continue
      for (const form of formsOf(part)) {
        this.#known.add(form)
        if (isDistinctive(part)) this.#distinctive.add(form)
      }
    }
    return value
  }

  /** Remembers what is secret of a value that has a name: the password of a URL, or all of it where the name says so. */
  addNamed(name: string, value: string): void {
    for (const part of secretsIn(name, value)) this.add(part)
  }

  /** The same for variables. */
  addFrom(variables: Readonly<Record<string, string | undefined>>): void {
    for (const [name, value] of Object.entries(variables)) this.addNamed(name, value ?? '')
  }

  /** The text with every known secret, and everything that looks like one, replaced by `***`. */
  mask(text: string): string {
    const spans = this.#spans(text)
    // colours stand within a name or a value, and a link within an escape code
    const plain = withoutEscapes(text)
    const hidden = plain.length === text.length ? [] : this.#spans(plain)
    if (hidden.length > 0) {
      const places = placesWithoutEscapes(text)
      for (const [start, end] of hidden) spans.push([places[start] ?? 0, (places[end - 1] ?? 0) + 1])
    }
    return spans.length === 0 ? text : replaced(text, spans)
  }

  /**
   * The value as JSON, its strings masked, its numbers to three decimals: a clock has no more to say. Nothing may be
   * masked in the result: what would be taken for a secret there may be a quote of its own.
   */
  json(value: unknown): string {
    const text = JSON.stringify(value, (_, inner: unknown) => {
      if (typeof inner === 'number') return Math.round(inner * 1000) / 1000
      return typeof inner === 'string' ? this.mask(inner) : inner
    })
    // a terminal obeys those that JSON lets through: DEL and C1
    return text.replace(/\p{Cc}/gu, inJson)
  }

  /** The same document without its secrets. */
  masked<Document>(document: Document): Document {
    return JSON.parse(this.json(document))
  }

  #spans(text: string): Span[] {
    const spans = patternSpans(text, this.#known)
    for (const value of this.#distinctive) {
      for (let start = text.indexOf(value); start >= 0; start = text.indexOf(value, start + 1)) spans.push([start, start + value.length])
    }
    return spans
  }
}

/** A value as it may be shown beside its name: of a URL all but its password, of a secret's name nothing. */
export function shownValue(name: string, value: string): string {
  if (value === '') return value
  const logins = userinfoSpans(value, namesSecret(name))
  if (logins.length > 0) return replaced(value, logins)
  return namesSecret(name) ? MASK : value
}

function secretsIn(name: string, value: string): string[] {
  // what says by itself that it is secret is so elsewhere too: the key of a URL's query, a password within JSON
  const parts = [...userinfoSpans(value, namesSecret(name)), ...patternSpans(value, new Set())]
  if (parts.length > 0) {
    const written = parts.map(([start, end]) => value.slice(start, end))
    return written.flatMap((text) => [text, attempt(() => decodeURIComponent(text)) ?? text])
  }
  return namesSecret(name) && !/^(?:true|false|yes|no|on|off|\d{1,5}|[a-z][a-z\d+.-]*:\/\/.*)$/i.test(value) ? [value] : []
}

/** A value as it is, and as it stands in a URL (of a browser and of Python), in JSON, in JSON within JSON, and in Python's repr. */
function formsOf(value: string): Set<string> {
  // half a character, which encodeURIComponent refuses, is printed as a replacement character anyway
  const encoded = encodeURIComponent(Buffer.from(value).toString())
  const strict = encoded.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  const json = JSON.stringify(value).slice(1, -1)
  const ascii = json.replace(/[^ -~]/g, inJson)
  const urls = [encoded, strict].flatMap((form) => [form, form.replaceAll('%20', '+'), form.replaceAll('%2F', '/')])
  const escaped = [json, ascii, value.replaceAll('\\', '\\\\'), value.replace(/[\\']/g, String.raw`\$&`)]
  return new Set([value, ...urls, ...escaped, ...[json, ascii].map((form) => JSON.stringify(form).slice(1, -1))])
}

function inJson(sign: string): string {
  return String.raw`\u` + sign.charCodeAt(0).toString(16).padStart(4, '0')
}

/** Spans that overlap are replaced as one: a replacement of the first would leave the rest of the second. Colours within stay. */
function replaced(text: string, spans: readonly Span[]): string {
  let masked = ''
  let at = 0
  for (const [start, end] of spans.toSorted(([a], [b]) => a - b)) {
    if (start >= at) masked += text.slice(at, start) + MASK
    if (end > at) masked += coloursOf(text.slice(Math.max(at, start), end))
    at = Math.max(at, end)
  }
  return masked + text.slice(at)
}
