import type { Diagnosis } from './diagnosis.ts'
import { judgeLog } from './server-log.ts'

/** What the wire can't tell apart, and the server's own log can. */
const vague: ReadonlySet<string> = new Set(['no-websocket-route', 'consumer-exception', 'asgi-app-wrong', 'accept-missing', 'server-crashes'])

/** Paths that our own experiments ask for: their tracebacks are no evidence. */
const ours = ['election-dev-probe/no-such-route']

/**
 * A diagnosis of the wire, made exact by the log of the server, where that names
 * a nearer cause. What the wire saw stays as evidence. Pure.
 */
export function mergeDiagnosis(wire: Diagnosis | undefined, lines: readonly string[]): Diagnosis | undefined {
  if (wire === undefined || !vague.has(wire.id)) return wire
  const named = judgeLog(lines, ours)
  if (named === undefined) return withException(wire, lines)
  return { ...named, evidence: [...wire.evidence, ...named.evidence] }
}

/** A consumer's exception with its last line and the project's own frame. */
function withException(wire: Diagnosis, lines: readonly string[]): Diagnosis {
  const own = lines.filter((line) => !ours.some((path) => line.includes(path)))
  const start = own.findLastIndex((line) => line.includes('Traceback (most recent call last)'))
  if (start < 0) return wire
  const trace = own.slice(start)
  const exception = trace.find((line, index) => index > 0 && /^(?:\S.*)?\b[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|DoesNotExist|Closed)\b/.test(line) && !line.trim().startsWith('File'))
  const frames = trace.flatMap((line) => /File "[^"]+", line \d+(?:, in \w+)?/.exec(line)?.[0] ?? []).filter((frame) => !/site-packages|dist-packages|lib[\\/]python\d/.test(frame))
  const evidence = [...wire.evidence, ...(exception === undefined ? [] : [`The server's log: ${exception.trim().slice(0, 300)}`]), ...(frames.at(-1) === undefined ? [] : [frames.at(-1) ?? ''])]
  const id = wire.id === 'no-websocket-route' && exception !== undefined ? 'consumer-exception' : wire.id
  return { ...wire, id, title: id === wire.id ? wire.title : 'The consumer raises an exception before it accepts', evidence }
}
