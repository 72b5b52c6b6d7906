/** Python opens text files with universal newlines: CRLF and CR arrive as LF. */
export function universal(text: string): string {
  return text.replace(/\r\n?/g, '\n')
}

/** Start and end of each line, its end left out; what ends a line is the reader's own. */
export function* linesOf(text: string, isEnd: (code: number) => boolean): Generator<readonly [number, number]> {
  let start = 0
  while (start < text.length) {
    const end = skip(text, start, (code) => !isEnd(code))
    yield [start, end]
    start = end + (text.startsWith('\r\n', end) ? 2 : 1)
  }
}

/** Where the line of an offset begins. */
export function lineStartOf(text: string, offset: number): number {
  let start = offset
  while (start > 0 && !isNewline(text.charCodeAt(start - 1))) start -= 1
  return start
}

/** Past the newline that ends the line of the offset. */
export function afterLine(text: string, offset: number): number {
  const end = skip(text, offset, isNotNewline)
  return end + (text.startsWith('\r\n', end) ? 2 : 1)
}

/** Answers the 1-based line of offsets that only grow, in one pass over the text. */
export function lineCounter(text: string): (offset: number) => number {
  let line = 1
  let next = afterLine(text, 0)
  return (offset) => {
    while (next <= offset && next <= text.length) {
      line += 1
      next = afterLine(text, next)
    }
    return line
  }
}

/** The first offset from `from` on whose character does not match. */
export function skip(text: string, from: number, matches: (code: number) => boolean): number {
  let at = from
  while (at < text.length && matches(text.charCodeAt(at))) at += 1
  return at
}

/** The span without what Python's str.strip takes off. */
export function strip(text: string, from: number, to: number): [number, number] {
  let start = from
  let end = to
  while (start < end && isSpace(text.charCodeAt(start))) start += 1
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1
  return [start, end]
}

/** The text as Python's str.strip leaves it. */
export function stripped(text: string): string {
  return text.slice(...strip(text, 0, text.length))
}

/** Python's `str.isspace`, which `str.strip` and `\s` go by; JavaScript's differs in U+001C to U+001F, U+0085 and U+FEFF. */
export function isSpace(code: number): boolean {
  return (
    (code >= 9 && code <= 13) ||
    (code >= 0x1c && code <= 0x20) ||
    code === 0x85 ||
    code === 0xa0 ||
    (code > 0xff && WIDE_SPACE.test(String.fromCharCode(code)))
  )
}

const WIDE_SPACE = /[\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/

/** CR or LF. */
export const isNewline = (code: number): boolean => code === 10 || code === 13
/** Anything but CR and LF. */
export const isNotNewline = (code: number): boolean => !isNewline(code)
/** White space within a line. */
export const isBlank = (code: number): boolean => isSpace(code) && !isNewline(code)
/** Anything but `=`, `#` and white space. */
export const isKeyCharacter = (code: number): boolean => code !== 0x3d && code !== 0x23 && !isSpace(code)
/** Where Python's `str.splitlines` ends a line. */
export const isSplitlinesBoundary = (code: number): boolean =>
  (code >= 10 && code <= 13) || (code >= 0x1c && code <= 0x1e) || code === 0x85 || code === 0x2028 || code === 0x2029
