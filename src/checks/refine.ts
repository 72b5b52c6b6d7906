import type { Diagnosis } from './diagnosis.ts'
import { judgeException, judgeLines } from './server-log.ts'
import { exceptionsIn, type LoggedException } from './traceback.ts'

/** What the wire can't tell apart, and the server's own log can. */
const vague: ReadonlySet<string> = new Set([
  'no-websocket-route',
  'consumer-exception',
  'asgi-app-wrong',
  'accept-missing',
  'server-crashes',
])

/** How the log of a server is to be read. */
export interface LogReading {
  /** Paths that our own experiments asked for: their tracebacks are our doing. */
  readonly ourPaths: readonly string[]
  /** Which of several exceptions counts: a handshake's is the first, since our experiments come after it; that of a socket that was open for long is the last. */
  readonly pick: 'first' | 'last'
  /** The exception that the observer saw leave the application, where there is one: nothing has to be looked for then. */
  readonly raised?: LoggedException | undefined
}

/**
 * A diagnosis of the wire, made exact by what the server has logged since the
 * handshake began, where that names a nearer cause. What the wire saw stays as
 * evidence. Pure.
 */
export function mergeDiagnosis(wire: Diagnosis | undefined, lines: readonly string[], reading: LogReading): Diagnosis | undefined {
  if (wire === undefined || !vague.has(wire.id)) return wire
  const all = exceptionsIn(lines)
  const exceptions = all.filter((exception) => isOfTheSocket(exception, reading.ourPaths))
  const exception = reading.raised ?? (reading.pick === 'first' ? exceptions[0] : exceptions.at(-1))
  if (exception === undefined) {
    const inExceptions = new Set(all.flatMap((other) => [other.header, ...other.lines]))
    const named = judgeLines(
      lines.filter((line) => !inExceptions.has(line) && !isOurs(line, reading.ourPaths)),
      'serving',
    )
    return named === undefined ? wire : { ...named, evidence: [...wire.evidence, ...named.evidence] }
  }
  const named = judgeException(exception, 'serving')
  if (named !== undefined) return { ...named, evidence: [...wire.evidence, ...named.evidence] }
  return withException(wire, exception)
}

/** Not of a page (Django names those `Internal Server Error: /path`), and not of our own probes. */
function isOfTheSocket({ header, lines, text }: LoggedException, ourPaths: readonly string[]): boolean {
  if (text === '' || /Internal Server Error: /.test(header ?? '')) return false
  return !lines.some((line) => isOurs(line, ourPaths))
}

/** Channels names the path that no route fits, without its first slash, in quotes. */
function isOurs(line: string, ourPaths: readonly string[]): boolean {
  return ourPaths.some((path) => line.includes(`No route found for path '${path.replace(/^\//, '')}'`))
}

/** A consumer's exception with its last line and the project's own frame. */
function withException(wire: Diagnosis, { text, ownFrame }: LoggedException): Diagnosis {
  const evidence = [...wire.evidence, `The server's log: ${text.slice(0, 300)}`, ...(ownFrame === undefined ? [] : [ownFrame])]
  if (wire.id === 'consumer-exception') return { ...wire, evidence }
  return {
    id: 'consumer-exception',
    title: 'The consumer raises an exception before it accepts',
    evidence,
    remedy: { text: 'Correct the consumer (file and line above).', commands: [], automatic: 'no' },
  }
}
