import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { distributionOf } from './distributions.ts'

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
  readonly judge: (match: RegExpExecArray, evidence: readonly [string, ...string[]], frame: string | undefined) => Diagnosis | undefined
}

/** The command that installs a package. */
export const pip = (name: string): readonly (readonly string[])[] => [['python', '-m', 'pip', 'install', name]]

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

/** A package that the code imports isn't there. */
export function missing(module: string, evidence: readonly [string, ...string[]]): Diagnosis {
  const name = distributionOf(module)
  return diagnosis(
    'missing-dep',
    `A package that the code imports isn't installed: ${name}`,
    evidence,
    'Install it into the environment of the backend.',
    pip(name),
  )
}
