import type { Diagnosis, Seen } from './diagnosis.ts'

/** When a log is read: a server that didn't come up, or one that serves and whose socket failed. */
export type LogStage = 'start' | 'serving'

/** One telling line of a server's or an application's output, and the cause that it names. */
export interface LogRule {
  readonly pattern: RegExp
  /**
   * The one stage that it tells something of; undefined: either. While a server
   * serves, the words of a start come from the application's own code.
   */
  readonly stage: LogStage | undefined
  /** `frame`: the project's own last line. Undefined: the words mean something else there. */
  readonly judge: (match: RegExpExecArray, evidence: Seen, frame: string | undefined) => Diagnosis | undefined
}

/** A rule for either stage. */
export function rule(pattern: RegExp, judge: LogRule['judge']): LogRule {
  return { pattern, judge, stage: undefined }
}

/** A rule for a server that didn't come up. */
export function startRule(pattern: RegExp, judge: LogRule['judge']): LogRule {
  return { pattern, judge, stage: 'start' }
}

/** A rule for a server that serves. */
export function servingRule(pattern: RegExp, judge: LogRule['judge']): LogRule {
  return { pattern, judge, stage: 'serving' }
}
