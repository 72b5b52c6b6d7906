import type { Automatic } from '../causes/cause.ts'

/** How a cause is mended: in words, and as commands to copy where there are any. */
export interface Remedy {
  readonly text: string
  readonly commands: readonly (readonly string[])[]
  readonly automatic: Automatic
}

/** One cause, with what proves it and what mends it. */
export interface Diagnosis {
  /** A stable id of the vocabulary. */
  readonly id: string
  readonly title: string
  /** What was seen, a sentence each; never empty. */
  readonly evidence: readonly string[]
  readonly remedy: Remedy
}

/** A diagnosis from its parts; `evidence` must hold something, or it is no finding. */
export function diagnosis(
  id: string,
  title: string,
  evidence: readonly [string, ...string[]],
  remedy: string,
  options: { commands?: readonly (readonly string[])[]; automatic?: Automatic } = {},
): Diagnosis {
  return { id, title, evidence, remedy: { text: remedy, commands: options.commands ?? [], automatic: options.automatic ?? 'no' } }
}
