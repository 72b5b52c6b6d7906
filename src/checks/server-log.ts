import { diagnosis, type Diagnosis, type Seen } from './diagnosis.ts'
import type { LogRule, LogStage } from './log-rule.ts'
import { servingRules } from './server-log-serving.ts'
import { bindRules, startRules } from './server-log-start.ts'
import { clientTimeout } from './redis-client.ts'
import { redisDiagnosis, redisRefusalIn } from './redis.ts'
import { judgeCheckLog } from './system-checks.ts'
import { correct, exceptionsIn, type LoggedException } from './traceback.ts'

export type { LogStage } from './log-rule.ts'

/** In the order of the roots: the first that matches any line is the cause. */
const rules: readonly LogRule[] = [...bindRules, ...startRules, ...servingRules]

/**
 * The cause that the output of a server names, or undefined where no line is
 * telling. An ERROR in a log is no diagnosis by itself: this is asked only where
 * the server died or the handshake failed. The last exception speaks first,
 * since an earlier one was survived; where there is none, or it tells nothing,
 * every line that isn't an earlier exception's. Pure.
 */
export function judgeLog(lines: readonly string[]): Diagnosis | undefined {
  const exceptions = exceptionsIn(lines)
  const last = exceptions.at(-1)
  const checked = judgeCheckLog(lines)
  if (checked !== undefined) return checked
  const earlier = new Set(exceptions.slice(0, -1).flatMap((exception) => exception.lines))
  return (
    (last === undefined ? undefined : judgeException(last, 'start')) ??
    judgeLines(
      lines.filter((line) => !earlier.has(line)),
      'start',
      last?.ownFrame,
    ) ??
    judgeLines(lines, 'start', last?.ownFrame)
  )
}

/** The cause that one exception names. Pure. */
export function judgeException(exception: LoggedException, stage: LogStage): Diagnosis | undefined {
  return judgeRead(exception) ?? judgeLines(exception.lines, stage, exception.ownFrame)
}

/**
 * A read from Redis that redis-py gave up: the layer's own wait for a message, or
 * a call that any Redis answers at once. What Channels raises of the wait, it
 * raises a second time, which has no frames of the layer any more.
 */
function judgeRead({ text, lines, ownFrame }: LoggedException): Diagnosis | undefined {
  const where = /^redis\.exceptions\.TimeoutError: Timeout reading from (\S+)/.exec(text)?.[1]
  if (where === undefined) return undefined
  const isOfLayer = lines.some((line) => line.includes('channels_redis'))
  // raised again out of the task that waits for the layer: a middleware's frame above it has no part in that
  const isWait = lines.findLast((line) => /^\s*File "|^channels\//.test(line))?.includes('await_many_dispatch') === true
  // a client of the application's own
  if (!isOfLayer && !isWait && ownFrame !== undefined) return undefined
  if (isOfLayer && !lines.some((line) => /\bbzpopmin\(/.test(line)))
    return redisDiagnosis('redis-unresponsive', { where, evidence: told(text, ownFrame) })
  return clientTimeout(told(text, undefined), [['python', '-m', 'pip', 'install', 'redis<8']])
}

/** What an exception of a server that serves comes to: the cause that it names, else the exception itself under `title`. `seen` comes before it. Pure. */
export function judgeRaised(exception: LoggedException, title: string, seen: readonly string[]): Diagnosis {
  const named = judgeException(exception, 'serving')
  if (named !== undefined) return { ...named, evidence: [...seen, ...named.evidence] }
  const { text, ownFrame } = exception
  const [first, ...rest] = [...seen, `It raised: ${text.slice(0, 300)}`, ...(ownFrame === undefined ? [] : [ownFrame])]
  return diagnosis('consumer-exception', title, [first ?? text, ...rest], correct(exception))
}

/** Why a server could not bind its address, as its output names it. Pure. */
export function judgeBinding(lines: readonly string[]): Diagnosis | undefined {
  return judgeBy(bindRules, lines, 'start', undefined)
}

/** The first rule that any of the lines fits. Pure. */
export function judgeLines(lines: readonly string[], stage: LogStage, frame?: string): Diagnosis | undefined {
  return judgeBy(rules, lines, stage, frame) ?? judgeRedisLines(lines, frame)
}

function judgeBy(list: readonly LogRule[], lines: readonly string[], stage: LogStage, frame: string | undefined): Diagnosis | undefined {
  for (const { pattern, judge, stage: only } of list) {
    if (only !== undefined && only !== stage) continue
    for (const line of lines) {
      const match = pattern.exec(line.trim())
      if (match === null) continue
      const named = judge(match, told(line, frame), frame)
      if (named !== undefined) return named
    }
  }
  return undefined
}

const told = (line: string, frame: string | undefined): Seen => [
  `The server's log: ${line.trim().slice(0, 300)}`,
  ...(frame === undefined ? [] : [frame]),
]

/** What redis-py raised, where no rule above names it. */
function judgeRedisLines(lines: readonly string[], frame: string | undefined): Diagnosis | undefined {
  for (const line of lines) {
    // a text of the application's own may speak of Redis, too
    const id = /^(?:redis\.exceptions\.)?[A-Z]\w*(?:Error|Response)\b: /.test(line.trim()) ? redisRefusalIn(line) : undefined
    if (id !== undefined) return redisDiagnosis(id, { where: 'the address of the settings', evidence: told(line, frame) })
  }
  return undefined
}
