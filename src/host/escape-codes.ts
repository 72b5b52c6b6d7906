/**
 * Escape sequences of terminals (ECMA-48): CSI, such as a colour or a move of
 * the cursor; OSC and its kin, such as a title or a link, up to their end; and
 * the short ones. The escape character is built: a control character in a
 * pattern is refused by the linter, rightly.
 */
const esc = String.fromCodePoint(27)
const sequence = new RegExp(
  `${esc}(?:\\[[0-?]*[ -/]*[@-~]|[\\]PX^_][^${String.fromCodePoint(7)}${esc}]*(?:${String.fromCodePoint(7)}|${esc}\\\\)?|[ -/]*[0-~])?`,
  'g',
)
/** A colour, or another look of the characters (SGR), with its parameters. */
const look = new RegExp(`^${esc}\\[([0-9;:]*)m$`)
const reset = `${esc}[0m`

/** The text without any escape sequence. */
export function withoutEscapes(text: string): string {
  return text.includes(esc) ? text.replace(sequence, '') : text
}

const upwards = new RegExp(`${esc}\\[\\d*A`)

/** Whether a line is drawn over the one before and tells how far something is, as bundlers do also where nobody looks: of a log it is no line. */
export function isRedrawn(line: string): boolean {
  return line.includes(esc) && upwards.test(line) && /\d ?%/.test(withoutEscapes(line))
}

/** The escape sequences of the text, one behind the other. */
export function onlyEscapes(text: string): string {
  return text.includes(esc) ? (text.match(sequence) ?? []).join('') : ''
}

/** For each character of `withoutEscapes(text)` its place in the text. */
export function placesWithoutEscapes(text: string): number[] {
  const places: number[] = []
  let at = 0
  const upTo = (end: number) => {
    for (; at < end; at++) places.push(at)
  }
  for (const { 0: found, index } of text.matchAll(sequence)) {
    upTo(index)
    at = index + found.length
  }
  upTo(text.length)
  return places
}

/**
 * The text with its colours and without any other escape sequence: a line of a
 * log must not move the cursor nor empty the screen. A colour that is still on
 * at the end is turned off there.
 */
export function onlyColours(text: string): string {
  if (!text.includes(esc)) return text
  let open = false
  const kept = text.replace(sequence, (found) => {
    const parameters = look.exec(found)?.[1]
    if (parameters === undefined) return ''
    open = !/^0*$/.test(parameters)
    return found
  })
  return open ? `${kept}${reset}` : kept
}
