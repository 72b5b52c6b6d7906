import type { Lack, Raised } from '../facts/observed.ts'

/** One exception in a log: its traceback, with those that it was chained to. */
export interface LoggedException {
  /** The line before the traceback, where a server names what it was about: `Exception inside application: …`. */
  readonly header: string | undefined
  /** All of its lines, the header not among them. */
  readonly lines: readonly string[]
  /** The exception itself: `ValueError: no such election`. */
  readonly text: string
  /** The last frame that isn't a library's: `File "updates/consumers.py", line 12, in connect`. */
  readonly ownFrame: string | undefined
  /** What its line asks of the scope that isn't there: the observer tells it, no log does. */
  readonly lacks?: Lack | undefined
}

/** An exception that the observer told, as the server's log has it. */
export function exceptionFrom({
  type,
  message,
  behind,
  place,
  lacks,
}: Raised & { readonly lacks?: Lack | null | undefined }): LoggedException {
  const text = message === '' ? type : `${type}: ${message}`
  return {
    header: undefined,
    lines: [...(behind === undefined ? [] : [behind]), ...text.split('\n')],
    text: text.split('\n')[0] ?? type,
    ownFrame: place === undefined ? undefined : `File "${place.file}", line ${place.line}, in ${place.function}`,
    lacks: lacks ?? undefined,
  }
}

/** What is to be corrected, where a line of the project is known: no other file may be blamed. */
export function correct({ ownFrame }: Pick<LoggedException, 'ownFrame'>): string {
  const [, file, line, rest = ''] = /^File "([^"]+)", line (\d+)(.*)/.exec(ownFrame ?? '') ?? []
  return file === undefined
    ? "The server's log has the traceback: no line of this project is in it."
    : `Correct ${file}:${line ?? ''}${rest}.`
}

const begins = /Traceback \(most recent call last\)/
/** Python's words between chained exceptions. */
const chained = /^(?:The above exception was the direct cause of|During handling of the above exception)/
/** What traceback lines begin with; `|` and `+` draw an exception group. */
const inner = /^[\s|+]/

/** Every exception of a log, in its order. Pure. */
export function exceptionsIn(lines: readonly string[]): LoggedException[] {
  const found: LoggedException[] = []
  for (let index = 0; index < lines.length;) {
    if (!begins.test(lines[index] ?? '')) {
      index++
      continue
    }
    const end = endOf(lines, index)
    const before = lines[index - 1]?.trim()
    found.push(exceptionOf(before === '' ? undefined : before, lines.slice(index, end)))
    index = end
  }
  return found
}

/** The index after the traceback that begins at `start`, and after all that it is chained to. */
function endOf(lines: readonly string[], start: number): number {
  let end = start + 1
  while (end < lines.length && inner.test(lines[end] ?? '')) end++
  const isGroup = /^\s*\+/.test(lines[start] ?? '')
  // the exception itself stands behind its frames, not indented; a group is indented as a whole
  if (!isGroup && end < lines.length) end++
  let next = end
  while (next < lines.length && lines[next]?.trim() === '') next++
  if (!chained.test(lines[next]?.trim() ?? '')) return end
  next++
  while (next < lines.length && lines[next]?.trim() === '') next++
  return begins.test(lines[next] ?? '') ? endOf(lines, next) : end
}

function exceptionOf(header: string | undefined, lines: readonly string[]): LoggedException {
  const plain = lines.map((line) => line.replace(/^[\s|+]+/, ''))
  const text =
    lines.findLast((line) => !inner.test(line)) ?? plain.findLast((line) => /^[A-Za-z_][\w.]*(?:Error|Exception)\b/.test(line)) ?? ''
  const frames = plain.flatMap((line) => /^File "[^"]+", line \d+(?:, in \S+)?/.exec(line)?.[0] ?? [])
  return {
    header,
    lines,
    text: begins.test(text) ? '' : text.trim(),
    ownFrame: frames.findLast(
      (frame) => !/site-packages|dist-packages|lib[\\/]python\d|<frozen|\.px[dix]"|election_dev_inside[\\/]/.test(frame),
    ),
  }
}
