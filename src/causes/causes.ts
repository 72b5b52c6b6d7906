import { diagnosis, type Diagnosis, type Found, type Judged } from '../checks/diagnosis.ts'
import type { Evidence } from '../checks/evidence.ts'
import type { LauncherError } from '../errors.ts'
import { noFix, type Fix, type FixFacts, type NoFix, type Planner } from '../fix/step.ts'
import { families, type Automatic, type Cause, type Stage } from './cause.ts'
import * as lists from './families.ts'

/** The id of a cause. */
export type CauseId = (typeof lists)[keyof typeof lists][number]['id']

/** Finds its cause in what was seen; `seen` is what the wire showed of it. Pure. */
type Rule = (evidence: Evidence, seen: readonly string[]) => Found

/** A cause of the list. */
export type KnownCause = Cause & {
  readonly id: CauseId
  readonly rules?: Readonly<Partial<Record<Stage, Rule>>>
  readonly nearer?: (evidence: Evidence, named: Diagnosis) => Found
  readonly fix?: Planner | string
}

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

/** A diagnosis with what the tool may do about it: what its cause's record allows, or less where the diagnosis says so. */
export function judged(diagnosis: Diagnosis): Judged {
  const allowed = causeOf(diagnosis.id).automatic
  const { automatic = allowed } = diagnosis.remedy
  return { ...diagnosis, remedy: { ...diagnosis.remedy, automatic: rank[automatic] < rank[allowed] ? automatic : allowed } }
}

const rank: Readonly<Record<Automatic, number>> = { no: 0, ask: 1, yes: 2 }

/** How a cause is fixed, or why nothing is. Pure. */
export function planFix({ id, remedy }: Judged, evidence: Evidence, facts: FixFacts): Fix | NoFix {
  if (remedy.automatic === 'no') return noFix('this one is yours to fix')
  const { fix = 'there is no fix for it yet' } = causeOf(id)
  return typeof fix === 'string' ? noFix(fix) : fix(evidence, facts, { id, commands: remedy.commands })
}

/** An error that names a cause, as a diagnosis of it; undefined for usage, and for what has no cause. */
export function diagnosisOf({ code, message, evidence, hint, commands }: LauncherError): Judged | undefined {
  if (!isCauseId(code)) return undefined
  const [first = message, ...rest] = evidence
  return judged(diagnosis(code, message, [first, ...rest], hint ?? `election-dev doctor explain ${code}`, commands))
}

/** An error of ours in the shape of a cause. */
export function inShape(error: LauncherError): Judged<string> {
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
