import { booleanOf, dotenvValue, parseDotenv, type DotenvEntry, type DotenvQuote, type DotenvReader } from '../facts/dotenv.ts'

/** What setting one key does to the text. Lines are whole and without their newline; `line` is 1-based and counts in the new text. */
export type DotenvEdit =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'refused'
      /** A sentence for people; holds no value. */
      readonly reason: string
    }
  | {
      readonly kind: 'changed'
      readonly text: string
      readonly line: number
      /** The lines of the old entry, one unless its value spans more; undefined where the key is new. */
      readonly before: string | undefined
      readonly after: string
    }

/**
 * The text with the key set so that the reader answers the value, every other
 * byte as it was: the entry that the reader reads is changed in place, in its
 * quotes; a key that the reader doesn't see is added at the end. `text` is the
 * whole file, a byte order mark included.
 *
 * Unchanged where the key reads as the value already, or as the same truth
 * value where both are words for one. Refused where no spelling makes this
 * reader answer exactly the value and leaves every other key as it was; each
 * spelling is read back before it is handed out.
 */
export function setDotenvValue(text: string, key: string, value: string, reader: DotenvReader): DotenvEdit {
  const reason = refusal(key, value, reader)
  if (reason !== undefined) return { kind: 'refused', reason }
  const entries = parseDotenv(text, reader)
  const current = dotenvValue(entries, key, reader)
  if (current !== undefined && readsTheSame(current.value, value, reader)) return { kind: 'unchanged' }

  const index = entries.findLastIndex((entry) => entry.key === key)
  const entry = entries[index]
  for (const quote of quotesToTry(entry?.quote ?? '')) {
    const spelling = spell(value, quote, reader)
    const changed = entry === undefined ? appended(text, `${key}=${spelling}`) : replaced(text, entry, spelling)
    const position = entry === undefined ? entries.length : index
    const written = readBack(changed, entries, position, entry === undefined, reader)
    if (written?.key !== key || written.value !== value) continue
    return {
      kind: 'changed',
      text: changed,
      line: written.line,
      before: entry === undefined ? undefined : text.slice(entry.lineStart, entry.lineEnd),
      after: changed.slice(written.lineStart, written.lineEnd),
    }
  }
  return {
    kind: 'refused',
    reason: `no way to write ${key} makes ${LIBRARY[reader]} read this value and leaves the other lines as they are`,
  }
}

const LIBRARY: Readonly<Record<DotenvReader, string>> = { decouple: 'python-decouple', environ: 'django-environ', dotenv: 'python-dotenv' }

function refusal(key: string, value: string, reader: DotenvReader): string | undefined {
  if (key === '' || /[=\0]|\p{Surrogate}/u.test(key)) return 'this cannot be the name of an environment variable'
  if (/\0|\p{Surrogate}/u.test(value)) return `the value of ${key} holds a character that no environment variable can hold`
  // python-dotenv expands ${NAME} in every value, whatever the quotes, and knows no escape (dotenv/variables.py)
  if (reader === 'dotenv' && /\$\{[^}:]*(?::-[^}]*)?\}/.test(value)) return `python-dotenv would expand the \${…} in the value of ${key}`
  // Env.get_value takes a leading $ for the name of another variable
  if (reader === 'environ' && value.startsWith('$')) return `django-environ would take the value of ${key} for the name of another variable`
  return undefined
}

/** Words for the same truth value are the same; a number is only itself, because django-environ takes 1 and 6379 both for true. */
function readsTheSame(current: string, wanted: string, reader: DotenvReader): boolean {
  if (current === wanted) return true
  if (/\d/.test(wanted)) return false
  const truth = booleanOf(wanted, reader)
  return wanted !== '' && truth !== undefined && truth === booleanOf(current, reader)
}

function quotesToTry(kept: DotenvQuote): DotenvQuote[] {
  const all: readonly DotenvQuote[] = ['', '"', "'"]
  return [kept, ...all.filter((quote) => quote !== kept)]
}

/** The value as the file holds it; whether the reader takes it so is for the reading back to say. */
function spell(value: string, quote: DotenvQuote, reader: DotenvReader): string {
  if (quote === '' || reader === 'decouple') return quote + value + quote
  if (reader === 'environ') return quote === '"' ? `"${value.replaceAll('\\', '\\\\')}"` : `'${value}'`
  if (quote === "'") return `'${value.replace(/[\\']/g, '\\$&')}'`
  return `"${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`
}

function replaced(text: string, entry: DotenvEntry, spelling: string): string {
  if (!entry.hasValue) return `${text.slice(0, entry.keyEnd)}=${spelling}${text.slice(entry.keyEnd)}`
  if (entry.valueStart < entry.valueEnd) return text.slice(0, entry.valueStart) + spelling + text.slice(entry.valueEnd)
  const at = placeOfEmptyValue(text, entry)
  return text.slice(0, at) + spelling + text.slice(at)
}

/** Straight after `KEY=`, one blank further after `KEY = `; a blank stays before an inline comment. */
function placeOfEmptyValue(text: string, entry: DotenvEntry): number {
  const spaced = /[ \t]/.test(text[entry.equals - 1] ?? '') && /[ \t]/.test(text[entry.equals + 1] ?? '')
  return spaced && text[entry.equals + 2] !== '#' ? entry.equals + 2 : entry.equals + 1
}

/** The line at the end of the text, with a final newline where the text has one or is empty. */
function appended(text: string, line: string): string {
  const newline = newlineOf(text)
  if (text === '') return `${line}\n`
  // python-decouple, django-environ and older python-dotenv take the mark for a part of the first line, so no key can stand there
  if (text === '\u{feff}') return `${text}\n${line}\n`
  return /[\r\n]$/.test(text) ? text + line + newline : text + newline + line
}

/** The newline that most lines end with; the last one's where that is a tie. */
function newlineOf(text: string): string {
  const newlines = text.match(/\r\n|\n|\r/g) ?? []
  const counts = new Map<string, number>()
  for (const newline of newlines) counts.set(newline, (counts.get(newline) ?? 0) + 1)
  const most = Math.max(0, ...counts.values())
  return newlines.findLast((newline) => counts.get(newline) === most) ?? '\n'
}

/** The entry at the position, where all others read as they did; undefined where the change moved anything else. */
function readBack(
  text: string,
  old: readonly DotenvEntry[],
  position: number,
  added: boolean,
  reader: DotenvReader,
): DotenvEntry | undefined {
  const entries = parseDotenv(text, reader)
  if (entries.length !== old.length + (added ? 1 : 0)) return undefined
  const same = entries.every((entry, index) => {
    const before = old[index]
    return index === position || (before?.key === entry.key && before.value === entry.value && before.hasValue === entry.hasValue)
  })
  return same ? entries[position] : undefined
}
