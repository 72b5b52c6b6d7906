import type { Automatic } from '../causes/cause.ts'
import { causeOf, isCauseId, type CauseId } from '../causes/causes.ts'
import type { LauncherError } from '../errors.ts'

/**
 * A command to copy, as its words.
 * @minItems 1
 */
type Command = readonly string[]

/** How a cause is fixed: in words, and as commands to copy where there are any. */
interface Remedy {
  readonly text: string
  readonly commands: readonly Command[]
  readonly automatic: Automatic
}

/** One cause, with what proves it and what fixes it. `Diagnosis<string>` may also be an error of ours in that shape. */
export interface Diagnosis<Id extends string = CauseId> {
  readonly id: Id
  readonly title: string
  /**
   * What was seen, a sentence each.
   * @minItems 1
   */
  readonly evidence: readonly string[]
  readonly remedy: Remedy
}

/**
 * A diagnosis from its parts; `evidence` must hold something, or it is no finding.
 * `automatic` lowers what the cause's record allows; it can't raise it.
 */
export function diagnosis(
  id: CauseId,
  title: string,
  evidence: readonly [string, ...string[]],
  remedy: string,
  options: { commands?: readonly (readonly string[])[]; automatic?: Automatic } = {},
): Diagnosis {
  const allowed = causeOf(id).automatic
  const automatic = options.automatic !== undefined && rank[options.automatic] < rank[allowed] ? options.automatic : allowed
  return { id, title, evidence, remedy: { text: remedy, commands: options.commands ?? [], automatic } }
}

const rank: Readonly<Record<Automatic, number>> = { no: 0, ask: 1, yes: 2 }

/** An error that names a cause, as a diagnosis of it; undefined for usage, and for what has no cause. */
export function diagnosisOf({ code, message, evidence, hint, commands }: LauncherError): Diagnosis | undefined {
  if (!isCauseId(code)) return undefined
  const [first = message, ...rest] = evidence
  return diagnosis(code, message, [first, ...rest], hint ?? `election-dev doctor explain ${code}`, { commands })
}

/** An error of ours in the shape of a cause. */
export function inShape(error: LauncherError): Diagnosis<string> {
  const { code, message, evidence, hint } = error
  return (
    diagnosisOf(error) ?? {
      id: code,
      title: message,
      evidence: evidence.length === 0 ? [message] : evidence,
      remedy: { text: hint ?? '', commands: [], automatic: 'no' },
    }
  )
}
