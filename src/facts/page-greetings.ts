import { entriesOf, lineOf, literalOf, type SourcePlace } from './script-text.ts'

/** A message with which a page says who it is: JSON, in which `{token}` stands for the token. */
export interface PageGreeting extends SourcePlace {
  readonly message: string
}

const sent = /\bsend\w*\(\s*JSON\.stringify\(\s*(?=\{)/g
const ofToken = /^(?:(?:access|id|auth|session)?_?token|jwt|bearer|ticket|api_?key|authorization|credential)$/i
/** Levels of an object that are read. */
const deepest = 3

/** The messages of a source, comments passed over, that hold literals and one token: `send(JSON.stringify({ type: 'auth', token }))`. Pure. */
export function greetingsIn(file: string, text: string): readonly PageGreeting[] {
  return [...text.matchAll(sent)].flatMap((match) => {
    const rest = text.slice(match.index + match[0].length, match.index + match[0].length + 1000)
    const read = objectIn(rest.replaceAll(/([{,]\s*)([\w$]+)(?=\s*[,}])/g, '$1$2: $2'), 0, deepest)
    const message = read === undefined ? '' : JSON.stringify(read)
    return message.split('{token}').length === 2 ? [{ file, line: lineOf(text, match.index), message }] : []
  })
}

/** The object literal whose brace is at `open`, a token by its place; undefined where anything else is put together at run time. */
function objectIn(text: string, open: number, levels: number): object | undefined {
  const entries = entriesOf(text, open).map(({ key, value, valueAt }) => {
    if (value.startsWith('{')) return [key, levels === 0 ? undefined : objectIn(text, valueAt, levels - 1)] as const
    const literal = literalOf(value)
    if (literal !== undefined) return [key, literal] as const
    if (/^(?:-?\d+(?:\.\d+)?|true|false|null)$/.test(value)) return [key, JSON.parse(value)] as const
    return [key, ofToken.test(key) ? '{token}' : undefined] as const
  })
  return entries.length === 0 || entries.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(entries)
}
