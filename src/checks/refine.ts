import type { Diagnosis } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'
import { judgeException, judgeLines } from './server-log.ts'
import { correct, exceptionsIn, type LoggedException } from './traceback.ts'

/**
 * A diagnosis of the wire, made exact by the exception that the observer saw, or
 * by what the server has logged since the handshake began, where one of them
 * names a nearer cause. What the wire saw stays as
 * evidence. Pure.
 */
export function mergeDiagnosis(wire: Diagnosis, evidence: Pick<Evidence, 'wire' | 'logged' | 'ourPaths' | 'launched'>): Diagnosis {
  const { logged: lines, ourPaths } = evidence
  const all = exceptionsIn(lines)
  const exceptions = all.filter((exception) => isOfTheSocket(exception, ourPaths))
  // a handshake's exception is the first, since our experiments come after it; that of an open socket is the last
  const exception = evidence.launched?.raised ?? (evidence.wire.handshake?.result === 'open' ? exceptions.at(-1) : exceptions[0])
  if (exception === undefined) {
    const inExceptions = new Set(all.flatMap((other) => [other.header, ...other.lines]))
    const named = judgeLines(
      lines.filter((line) => !inExceptions.has(line) && !isOurs(line, ourPaths)),
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

/** An exception with its last line and the project's own frame: of a consumer, where one of its lines is known. */
function withException(wire: Diagnosis, exception: LoggedException): Diagnosis {
  const { text, ownFrame } = exception
  const evidence = [...wire.evidence, `The server's log: ${text.slice(0, 300)}`, ...(ownFrame === undefined ? [] : [ownFrame])]
  const remedy = { text: correct(exception), commands: [] }
  if (wire.id === 'consumer-exception') return { ...wire, evidence, remedy }
  return { id: 'consumer-exception', title: 'The application raises an exception before it accepts', evidence, remedy }
}
