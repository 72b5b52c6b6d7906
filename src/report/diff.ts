import { structuredPatch } from 'diff'
import { namesSecret } from '../host/secret-names.ts'

/**
 * The change of a `.env` as the lines of a unified diff, two lines of context
 * around each change; no lines where the texts are the same. For reading, not
 * for `patch`: every value that isn't a truth value, a short number or a list of hosts shows as
 * `***`, in changed lines, in context and in comments, and what stands on a
 * line that isn't plainly `KEY=value` or a comment is not shown at all.
 * Control characters show as U+FFFD, so that a file can't drive a terminal.
 * `path` is shown as it is given; `beforeText` is undefined for a new file.
 */
export function renderDotenvDiff(path: string, beforeText: string | undefined, afterText: string): string[] {
  return render(path, beforeText, afterText, maskLines)
}

/**
 * The change of a source as `renderDotenvDiff` shows that of a `.env`; hidden
 * are only texts that stand behind the name of a secret.
 */
export function renderSourceDiff(path: string, beforeText: string | undefined, afterText: string): string[] {
  return render(path, beforeText, afterText, (lines) => lines.map((line) => printable(maskSource(line))))
}

/** Quoted texts behind a secret's name; the name of a variable that is read there is none. */
function maskSource(line: string): string {
  const from = behindSecretName(line, /([\w.-]+)["']?\s*[:=]/g)
  if (from === undefined) return line
  return (
    line.slice(0, from) +
    line
      .slice(from)
      .replace(/(["'])((?:(?!\1).)+)\1/g, (text, quote: string, inner: string) =>
        /^[A-Z][A-Z0-9_]*$/.test(inner) ? text : quote + MASK + quote,
      )
  )
}

/** Where the value of the first name of a secret begins; `pattern` finds a name and what leads to its value. */
function behindSecretName(text: string, pattern: RegExp): number | undefined {
  const found = [...text.matchAll(pattern)].find(([, name = '']) => namesSecret(name))
  return found === undefined ? undefined : found.index + found[0].length
}

const MASK = '***'
const CONTEXT = 2
/** A rewrite of more lines than this is shown as one that replaces all. */
const MOST_EDITS = 2000

function render(path: string, beforeText: string | undefined, afterText: string, mask: (lines: readonly string[]) => string[]): string[] {
  const before = linesOf(beforeText ?? '')
  const after = linesOf(afterText)
  const compared = [before, after].map((lines) => lines.map((line) => `${line}\n`).join(''))
  const options = { context: CONTEXT, maxEditLength: MOST_EDITS }
  const hunks = structuredPatch('', '', compared[0] ?? '', compared[1] ?? '', '', '', options)?.hunks ?? [whole(before, after)]
  if (hunks.length === 0) return []
  const shownBefore = mask(before)
  const shownAfter = mask(after)
  const rendered = [`--- ${beforeText === undefined ? '/dev/null' : path}`, `+++ ${path}`]
  for (const { oldStart, oldLines, newStart, newLines, lines } of hunks) {
    rendered.push(`@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@`)
    let old = oldStart - 1
    let fresh = newStart - 1
    for (const [kind = ' '] of lines) {
      const shown = [kind === '+' ? undefined : shownBefore[old], kind === '-' ? undefined : shownAfter[fresh]]
      if (kind !== '+') old += 1
      if (kind !== '-') fresh += 1
      // a line can be inside a quoted value in one of the texts only
      rendered.push(`${kind}${kind === ' ' && shown[0] !== shown[1] ? MASK : (shown[0] ?? shown[1] ?? '')}`)
    }
  }
  return rendered
}

function whole(before: readonly string[], after: readonly string[]) {
  const lines = [...before.map(() => '-'), ...after.map(() => '+')]
  return { oldStart: 1, oldLines: before.length, newStart: 1, newLines: after.length, lines }
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** Start and count; a count of one is left out, and of none starts at the line before (POSIX `diff -u`). */
function range(start: number, count: number): string {
  return count === 1 ? String(start) : `${count === 0 ? start - 1 : start},${count}`
}

/** Each line with its values masked; which library reads the file doesn't matter, what any of them takes for a value is masked. */
function maskLines(lines: readonly string[]): string[] {
  const hidden = linesInsideValues(lines)
  return lines.map((line, index) => printable(hidden.has(index) ? maskHidden(line) : maskLine(line)))
}

/** The lines after the first of a quoted value, and of a PEM block that stands without quotes. */
function linesInsideValues(lines: readonly string[]): Set<number> {
  const hidden = new Set<number>()
  let shownFrom = 0
  for (const [index, line] of lines.entries()) {
    if (index < shownFrom) continue
    const end = lastLineOfValue(lines, index, line)
    for (let inside = index + 1; inside <= end; inside += 1) hidden.add(inside)
    shownFrom = end + 1
  }
  return hidden
}

function lastLineOfValue(lines: readonly string[], index: number, line: string): number {
  if (/-----BEGIN [^-]+-----/.test(line) && !line.includes('-----END')) {
    const end = lines.findIndex((candidate, at) => at > index && candidate.includes('-----END'))
    return end === -1 ? lines.length - 1 : end
  }
  const quote = /^[^#=]*=\s*(['"])/.exec(line)?.[1]
  if (quote === undefined || closes(line.slice(line.indexOf(quote, line.indexOf('=')) + 1), quote)) return index
  const end = lines.findIndex((candidate, at) => at > index && closes(candidate, quote))
  // never closed: the libraries drop the line, or take it for a line of its own
  return end === -1 ? index : end
}

function closes(text: string, quote: string): boolean {
  return text.replace(/\\./g, '').includes(quote)
}

/** python-decouple knows no multi-line value and reads such a line as an assignment, so a switch among the lines is shown. */
function maskHidden(line: string): string {
  return /^(?:export )?[A-Z][A-Z0-9_]*\s*=\s*(?:true|false)$/i.test(line) ? line : MASK
}

function maskLine(line: string): string {
  if (line.trim() === '') return ''
  const comment = /^(\s*#[\s#]*)(.*)$/s.exec(line)
  if (comment) return (comment[1] ?? '') + maskComment(comment[2] ?? '')
  const assignment = /^(\u{feff}?\s*(?:export\s+)?(?:'[\p{L}_][\p{L}\p{N}_.-]*'|[\p{L}_][\p{L}\p{N}_.-]*)\s*=)(.*)$/su.exec(line)
  const [, name = '', value = ''] = assignment ?? []
  return name === '' || looksLikeBase64(name, value) ? MASK : name + maskValue(name, value)
}

/** The value and a comment after it, in the quotes and spacing of the file. */
function maskValue(name: string, value: string): string {
  const [, space = '', open = '', word = '', close = '', rest = ''] = /^(\s*)(['"]?)([^'"\s#]*)(['"]?)(.*)$/s.exec(value) ?? []
  if (word === '' && rest.trim() === '' && open === close) return value
  const comment = /^(\s+#\s*)(.*)$/s.exec(rest)
  // python-decouple takes the comment for a part of the value
  const shown = open === close && (rest.trim() === '' || (comment !== null && !namesSecret(name))) && isHarmless(name, word)
  if (!shown) return space + MASK
  return space + open + word + close + (comment ? (comment[1] ?? '') + maskComment(comment[2] ?? '') : rest)
}

/** Prose stays; what follows an `=`, or the colon after a word such as `password`, is masked as a value that was commented out. */
function maskComment(text: string): string {
  const [, name = '', value = ''] = /^([^=]*=)(.*)$/s.exec(text) ?? []
  if (name !== '') return maskComment(name.slice(0, -1)) + '=' + maskValue(name, value)
  const from = behindSecretName(text, /([\w.-]+)['"]?\s*(?::|\bis\b|->)\s*(?=\S)/gi)
  return (from === undefined ? text : text.slice(0, from) + MASK).replace(/(:\/\/)\S*@/g, `$1${MASK}@`)
}

/** Truth values; numbers of up to five digits (ports, databases, seconds), and hosts, of keys that don't name a secret. */
function isHarmless(name: string, word: string): boolean {
  if (/^(?:true|false|yes|no|on|off|[01])$/i.test(word)) return true
  return (/^\d{1,5}$/.test(word) || (ofHosts.test(name) && hosts.test(word))) && !namesSecret(name)
}

/** Lists of hosts and Origins, which every page shows: without them nothing tells what becomes of ALLOWED_HOSTS. A login before an `@` is none of it. */
const ofHosts = /(?:^|_)(?:ALLOWED_HOSTS|ORIGINS)\s*=$/
const hosts = /^(?:https?:\/\/)?[\w.*[\]:-]+(?:,(?:https?:\/\/)?[\w.*[\]:-]+)*$/i

/** The last line of an unquoted base64 block reads as a key with an empty value. */
function looksLikeBase64(name: string, value: string): boolean {
  return /^=?\s*$/.test(value) && /[a-z]/.test(name) && /[A-Z]/.test(name) && name.length > 16
}

/** C0 and C1 controls but the tab, and marks that reorder text. */
function printable(line: string): string {
  return line.replace(/[\p{Cc}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu, (control) => (control === '\t' ? control : '\u{fffd}'))
}
