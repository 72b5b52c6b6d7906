import type { Automatic } from '../causes/cause.ts'
import type { CauseId } from '../causes/causes.ts'

/**
 * A command to copy, as its words.
 * @minItems 1
 */
type Command = readonly string[]

/** How a cause is fixed: in words, and as commands to copy where there are any. */
interface Remedy {
  readonly text: string
  /** Steps: run in order, all of them. */
  readonly commands: readonly Command[]
  /** Other ways to the same end, each with steps of its own. */
  readonly alternatives?: readonly (readonly Command[])[]
}

/** Commands to copy. */
export type Commands = Remedy['commands']

/** What was seen of a cause: something, or it is none. */
export type Seen = readonly [string, ...string[]]

/** One cause, with what proves it and what fixes it. */
export interface Diagnosis<Id extends string = CauseId> {
  readonly id: Id
  readonly title: string
  /**
   * What was seen, a sentence each.
   * @minItems 1
   */
  readonly evidence: readonly string[]
  /** `automatic`: less than the record of the cause allows. */
  readonly remedy: Remedy & { readonly automatic?: Automatic | undefined }
}

/** A diagnosis with what the tool may do about it. `Judged<string>` may also be an error of ours in that shape. */
export interface Judged<Id extends string = CauseId> extends Omit<Diagnosis<Id>, 'remedy'> {
  readonly remedy: Remedy & { readonly automatic: Automatic }
}

/**
 * A diagnosis from its parts. `automatic` lowers what the cause's record allows; it can't raise it.
 */
export function diagnosis(
  id: CauseId,
  title: string,
  evidence: Seen,
  remedy: string,
  commands: Commands = [],
  automatic?: Automatic,
): Diagnosis {
  return { id, title, evidence, remedy: { text: remedy, commands, automatic } }
}

/** The same with other ways to fix it, each as its steps. */
export function orElse(cause: Diagnosis, ...alternatives: readonly Commands[]): Diagnosis {
  return { ...cause, remedy: { ...cause.remedy, alternatives } }
}

/** The same with more that was seen of it. */
export function withSeen(cause: Diagnosis, ...seen: readonly string[]): Diagnosis {
  return { ...cause, evidence: [...cause.evidence, ...seen] }
}

/** What a rule finds: its cause, several, or nothing. */
export type Found = Diagnosis | readonly Diagnosis[] | undefined

/** What several rules find, in their order. */
export function all(...found: readonly Found[]): Diagnosis[] {
  return found.flatMap((one) => one ?? [])
}
