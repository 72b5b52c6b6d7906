/**
 * Escape sequences of terminals (ECMA-48), in both of their spellings, ESC and
 * a C1 control: CSI, such as a colour or a move of the cursor; OSC and its kin,
 * such as a title or a link, up to their end or that of the line; and the short
 * ones. Any other control character but a tab and the end of a line is one by
 * itself: a backspace takes back what was written, and a terminal that reads
 * UTF-8 obeys a C1. The characters are built: one in a pattern is refused by the
 * linter, rightly.
 */
const esc = String.fromCodePoint(27)
const bell = String.fromCodePoint(7)
const csi = String.fromCodePoint(0x9b)
/** What ends a string that a sequence bears (ST). */
const end = String.fromCodePoint(0x9c)
/** What begins one: DCS, SOS, OSC, PM, APC. */
const strings = [0x90, 0x98, 0x9d, 0x9e, 0x9f].map((code) => String.fromCodePoint(code)).join('')
const sequence = new RegExp(
  [
    `(?:${esc}\\[|${csi})[0-?]*[ -/]*[@-~]`,
    `(?:${esc}[\\]PX^_]|[${strings}])[^\\n${bell}${esc}${end}]*(?:[${bell}${end}]|${esc}\\\\)?`,
    `${esc}[ -/]*[0-~]?`,
    '[^\\P{Cc}\\t\\n]',
  ].join('|'),
  'gu',
)
const control = /[^\P{Cc}\t\n]/u
/** A colour, or another look of the characters (SGR), with its parameters; in the spelling of C1 nobody writes one. */
const look = new RegExp(`^${esc}\\[([0-9;:]*)m$`)
/** What of the parameters is a colour of 256 or of all (ISO 8613-6). */
const manyColours = /(?:3|4|5)8[;:](?:5[;:]\d*|2(?:[;:]\d*){3,4})/g
const reset = `${esc}[0m`

/** The text without any escape sequence, and without any control character but tabs and the ends of lines. */
export function withoutEscapes(text: string): string {
  return control.test(text) ? text.replace(sequence, '') : text
}

const upwards = new RegExp(`${esc}\\[\\d*A`)

/** Whether a line is drawn over the one before and tells how far something is, as bundlers do also where nobody looks: of a log it is no line. */
export function isRedrawn(line: string): boolean {
  return line.includes(esc) && upwards.test(line) && /\d ?%/.test(withoutEscapes(line))
}

/** The colours of the text, one behind the other. */
export function coloursOf(text: string): string {
  return control.test(text) ? (text.match(sequence) ?? []).filter((found) => look.test(found)).join('') : ''
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
 * The text with its colours and without any other escape sequence or control
 * character: it must not move the cursor, empty the screen nor hide what follows
 * (SGR 8). A colour that is still on at the end is turned off there.
 */
export function onlyColours(text: string): string {
  if (!control.test(text)) return text
  /** What would turn off each look that is on. */
  const open = new Set<number>()
  const kept = text.replace(sequence, (found) => {
    const parameters = look.exec(found)?.[1]
    if (parameters === undefined) return ''
    const numbers = parameters
      .replace(manyColours, (colour) => `${colour[0]}1`)
      .split(/[;:]/)
      .map(Number)
    if (numbers.includes(8)) return ''
    for (const number of numbers) {
      const end = endOf(number)
      if (end !== undefined) open.add(end)
      else if (number === 0) open.clear()
      else open.delete(number)
    }
    return found
  })
  return open.size > 0 ? `${kept}${reset}` : kept
}

/** What begins a line of ours that a CI would obey: `::add-mask::x` in GitHub Actions, blanks before it or not. */
const commandLine = new RegExp(`^((?:[^\\S\\n]|${esc}\\[[0-9;:]*m)*):(?=:)`, 'gm')

/**
 * The text with its lines as no CI takes them for a command. GitHub's runner and
 * Azure's agent look for `##[…]` and `##vso[…]` anywhere in a line (actions/runner,
 * ActionCommand.cs; microsoft/azure-pipelines-agent, Command.cs).
 */
export function withoutCommands(text: string): string {
  return text.replace(commandLine, '$1: ').replace(/#(?=#(?:vso)?\[)/gi, '# ')
}

/** The parameter that turns off the look of this one (ECMA-48, SGR); undefined where it turns on none. */
function endOf(number: number): number | undefined {
  if (number === 1) return 22
  if (number >= 2 && number <= 9) return 20 + number
  if (number >= 30 && number <= 58) return number % 10 === 9 ? undefined : Math.floor(number / 10) * 10 + 9
  if (number >= 90 && number <= 107) return number < 100 ? 39 : 49
  return undefined
}
