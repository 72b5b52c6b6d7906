import { isDistinctive, looksLikeToken, secrecyOf } from './secret-names.ts'

/** First character, and the one behind the last. */
export type Span = readonly [start: number, end: number]

/**
 * Where a text shows a secret by what stands around it, or by its looks: JSON
 * Web Tokens, passwords of URLs, headers, and values of secrets' names in all
 * usual notations. `known` are texts that are secret where one may stand. Takes
 * time that is linear in the text's length.
 */
export function patternSpans(text: string, known: ReadonlySet<string>): Span[] {
  const spans: Span[] = []
  // a plain search takes a tenth of the time of a pattern, and nearly no line has any of these
  if (text.includes('eyJ')) webTokens(text, spans)
  if (text.includes(NO_PORT)) portsThatAreNone(text, spans)
  for (const { 0: found, index } of text.matchAll(ISSUED)) if (looksLikeToken(found)) spans.push([index, index + found.length])
  if (text.includes('://') && text.includes('@')) spans.push(...userinfoSpans(text, false))
  if (STEM.test(text)) {
    let at = 0
    for (const line of text.split('\n')) {
      if (STEM.test(line)) namedValues(line, at, known, spans)
      at += line.length + 1
    }
  }
  return spans
}

/** Whether a text shows one: it is to stand in no command. */
export const showsSecret = (text: string): boolean => patternSpans(text, new Set()).length > 0

/** Tokens that their issuers made so that they can be found: GitHub's, GitLab's, Stripe's, Slack's, AWS' and Google's. */
const ISSUED = /(?<![A-Za-z\d])(?:gh[oprsu]_|github_pat_|glpat-|[rs]k_(?:live|test)_|whsec_|xox[abeoprs]-|A[KS]IA|AIza)[\w-]{12,}/g

/** What Python's urlsplit says of `redis://:s3#cret@host`: it takes the password's beginning for the port, and shows it. */
const NO_PORT = 'could not be cast to integer value as '
const QUOTED = /\\{0,7}(["']).*?\1/y

function portsThatAreNone(text: string, spans: Span[]): void {
  for (let at = text.indexOf(NO_PORT); at >= 0; at = text.indexOf(NO_PORT, at + 1)) {
    const start = at + NO_PORT.length
    const quoted = matchAt(QUOTED, text, start)?.[0]
    if (quoted !== undefined) spans.push([start + quoted.search(/["']/) + 1, start + quoted.length - 1])
  }
}

/**
 * Header, payload and signature in base64url, and the two more parts of an
 * encrypted one; the header always begins with `{"`, which is `eyJ` (RFC 7519).
 * No word boundary before it: in an encoded URL the token follows `%3D`.
 */
const WEB_TOKEN = /eyJ[\w-]{5,}(\.[\w-]{2,})(?:\.[\w-]+){0,3}/y
const BASE64 = /[\w-]*/y

function webTokens(text: string, spans: Span[]): void {
  for (let at = text.indexOf('eyJ'); at >= 0; at = text.indexOf('eyJ', at)) {
    const found = matchAt(WEB_TOKEN, text, at)
    if (found !== undefined) spans.push([at, at + found[0].length])
    at += Math.max(1, (found ?? matchAt(BASE64, text, at))?.[0].length ?? 1)
  }
}

/**
 * The passwords of URLs, and logins of a single part (`https://TOKEN@host`) that
 * look like a token, or any where `all`. A password may hold `/` and `@`, as
 * people write them; on the web a path may hold `@`, behind what is a port then.
 */
export function userinfoSpans(text: string, all: boolean): Span[] {
  const spans: Span[] = []
  const pieces = text.split('://')
  let at = 0
  for (const [index, piece] of pieces.entries()) {
    const scheme = /[a-z][a-z\d+.-]{0,30}$/i.exec(pieces[index - 1]?.slice(-32) ?? '')?.[0]
    const [run = ''] = /^[^\s"'`<>\p{Cc}]*/u.exec(piece) ?? []
    const authority = /^(?:https?|wss?)$/i.test(scheme ?? '') ? (/^[^/?#\\]*/.exec(run)?.[0] ?? '') : run
    const place = scheme === undefined ? '' : NO_WEB_PORT.test(authority) ? run : authority
    const end = place.lastIndexOf('@')
    const colon = place.indexOf(':')
    if (end > 0 && colon >= 0 && colon + 1 < end) spans.push([at + colon + 1, at + end])
    else if (end > 0 && colon < 0 && (all || looksLikeToken(place.slice(0, end)))) spans.push([at, at + end])
    at += piece.length + 3
  }
  return spans
}

/** A colon that no port follows, nor the rest of an IPv6 address: a password does. */
const NO_WEB_PORT = /^[^[\]@:]*:(?!\d*$)[^@]*$/

/** What each name of a secret has in it; most lines have none of them. */
const STEM = /pass|pw|pat(?![a-z])|secret|token|key|cred|dsn|jwt|otp|pin|code|salt|ticket|sig|auth|sess|cookie|bearer|basic/i
/** A name, quoted or not, and what leads to its value. A name begins where a word does: no text is read twice. */
const NAME = /(?<![\w.-])([\w.-]+)(\\{0,7}["'])?\]?([ \t]{0,4})(=|:|,|%(?:25)*3D)([ \t]{0,4})/gi
const AUTHORIZATION = /(?:bearer|basic|token|jwt|digest|apikey) {1,4}/iy
/** The same without the header's name. */
const CREDENTIALS = /\b(?:bearer|basic|token|jwt|apikey) {1,4}([\w+/~.-]{8,}={0,2})(?![\w=:(])/gi
/** A value without quotes; a backslash before a quote is the quote's. */
const BARE = /(?:[^\s&"'<>\\\p{Cc}]|\\(?!\\{0,7}["']))+/uy
const ENCODED = /(?:[^\s&"'<>\\\p{Cc}%]|%(?!(?:25)*26))+/uy
const COOKIES = /[^"'\\\p{Cc}]+/uy
/** The quote that opens a value, with what Python puts before it, and the backslashes of a quote within quoted text. */
const OPEN = /[bru]{0,2}(\\{0,7})(["'])/iy

/** `--password hunter2`, as a process shows its arguments. */
const OPTION = /(?<!\S)--?([\w-]+) {1,4}([^\s"'<>-]\S*)/g
/** What is no secret whatever its name: truth values, nothing, what is masked, a variable in the place of a value, and the names of our own. */
const NO_SECRET = /^(?:true|false|yes|no|on|off|none|null|nil|undefined|\*+|\.{3}|…|\$\{?[A-Z_]+\}?|%[A-Z_]+%|ELECTION_DEV_[A-Z]+)$/i
/** A file's place, as in `--from-file=redis-password=deploy/secrets/redis-password`. */
const PATH = /^\.{0,2}\/?(?:[a-z][\w.-]*\/){2,}[\w.-]+$/i
/** Names whose value may be a short number. */
const SHORT = /pass|pwd|pin|otp|secret/i

function namedValues(line: string, offset: number, known: ReadonlySet<string>, spans: Span[]): void {
  const hide = (start: number, end: number) => void spans.push([offset + start, offset + end])
  for (const { 0: found, 1: value = '', index } of line.matchAll(CREDENTIALS))
    if (/\d/.test(value) && isDistinctive(value)) hide(index + found.length - value.length, index + found.length)
  for (const { 0: found, 1: name = '', 2: value = '', index } of line.matchAll(OPTION)) {
    if (STEM.test(name) && secrecyOf(name) === 'certain' && (known.has(value) || isDistinctive(value)))
      hide(index + found.length - value.length, index + found.length)
  }
  NAME.lastIndex = 0
  for (let found = NAME.exec(line); found !== null; found = NAME.exec(line)) {
    const [, written = '', quote, before, sign = '', after] = found
    if (!STEM.test(written)) continue
    const name = line[found.index - 1] === '%' ? written.replace(/^(?:25)*(?:3F|26)/i, '') : written
    const header = /(?:^|[-_])(authorization|cookie)$/i.exec(name)?.[1]?.toLowerCase()
    const secrecy = secrecyOf(name)
    // a list of words is none of names and values, but for those of headers and arguments
    if (secrecy === undefined || (sign === ',' && (quote === undefined || (header === undefined && !written.startsWith('-'))))) continue
    const value = valueAt(line, NAME.lastIndex, header, sign)
    const text = line.slice(value.start, value.end)
    if (value.isListed && /\s/.test(text)) continue
    if (PATH.test(text) && !isDistinctive(text) && !known.has(text)) continue
    if (text === '' || NO_SECRET.test(text) || (/^\d{1,5}$/.test(text) && !SHORT.test(name)) || (sign === ',' && text.startsWith('-')))
      continue
    const assigned = value.quoted || /^x-/i.test(name) || (sign !== ':' && before === '' && after === '')
    if (
      (header === 'cookie' && text.includes('=')) ||
      value.scheme ||
      (secrecy === 'certain' && (assigned || (!value.isCode && isDistinctive(text)))) ||
      (assigned && !/\s/.test(text) && isDistinctive(text)) ||
      known.has(text) ||
      (!value.isCode && looksLikeToken(text))
    ) {
      hide(value.start, value.end)
      NAME.lastIndex = value.end
    }
  }
}

interface Value {
  readonly start: number
  readonly end: number
  readonly quoted: boolean
  /** The first of a list: of Django's QueryDict, or messages about the value. */
  readonly isListed: boolean
  /** `Bearer` or such stands before it. */
  readonly scheme: boolean
  /** `config("SECRET_KEY")`: what makes the value. */
  readonly isCode: boolean
}

function valueAt(line: string, at: number, header: string | undefined, sign: string): Value {
  const isListed = line[at] === '['
  const [opening = '', backslashes = '', quote] = matchAt(OPEN, line, isListed ? at + 1 : at) ?? []
  if (quote !== undefined) {
    const start = at + (isListed ? 1 : 0) + opening.length
    return { start, end: closing(line, start, backslashes.length, quote), quoted: true, isListed, scheme: false, isCode: false }
  }
  const scheme = header === 'authorization' ? (matchAt(AUTHORIZATION, line, at)?.[0].length ?? 0) : 0
  const start = at + scheme
  const pattern = header === 'cookie' ? COOKIES : sign.startsWith('%') ? ENCODED : BARE
  const text = /[=>({[<,;|]/.test(line[start] ?? '') ? '' : (matchAt(pattern, line, start)?.[0] ?? '')
  let end = start + text.length
  const isCode = /[([]/.test(text)
  while (end > start && '),;:.]}'.includes(line[end - 1] ?? '')) end--
  return { start, end, quoted: false, isListed: false, scheme: scheme > 0, isCode }
}

/** Where quoted text ends: at the quote that has as many backslashes as the first one, without those that belong to a text before it. */
function closing(line: string, from: number, depth: number, quote: string): number {
  for (let at = line.indexOf(quote, from); at >= 0; at = line.indexOf(quote, at + 1)) {
    let backslashes = 0
    while (at - backslashes > from && line[at - backslashes - 1] === '\\') backslashes++
    if (backslashes >= depth && (backslashes - depth) % (2 * (depth + 1)) === 0) return at - depth
  }
  return line.length
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}
