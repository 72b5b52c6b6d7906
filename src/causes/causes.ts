import { families, type Cause } from './cause.ts'
import * as lists from './families.ts'

/** The id of a cause. */
export type CauseId = (typeof lists)[keyof typeof lists][number]['id']

/** A cause of the list. */
export type KnownCause = Cause & { readonly id: CauseId }

const order = Object.keys(families)

/** Every cause that a diagnosis or a finding may name, family by family. */
export const causes: readonly KnownCause[] = Object.values(lists)
  .flat<readonly (readonly KnownCause[])[]>()
  .toSorted((a, b) => order.indexOf(a.family) - order.indexOf(b.family))

const byId: ReadonlyMap<string, KnownCause> = new Map(causes.map((cause) => [cause.id, cause]))

/** Whether the text is the id of a cause, letter by letter. */
export function isCauseId(text: string): text is CauseId {
  return byId.has(text)
}

/** What is known of a cause beforehand. */
export function causeOf(id: CauseId): KnownCause {
  const cause = byId.get(id)
  if (cause === undefined) throw new Error(`No such cause: ${id}`)
  return cause
}
