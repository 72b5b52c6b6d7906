import type { Judged } from '../checks/diagnosis.ts'
import type { Evidence } from '../checks/evidence.ts'
import { causeOf } from './causes.ts'
import type { FixFacts } from '../fix/fix-facts.ts'
import { noFix, type Fix, type NoFix } from '../fix/step.ts'

/** How a cause is fixed, or why nothing is. Pure. */
export function planFix({ id, remedy }: Judged, evidence: Evidence, facts: FixFacts): Fix | NoFix {
  if (remedy.automatic === 'no') return noFix('this one is yours to fix')
  const { fix = 'there is no fix for it yet' } = causeOf(id)
  return typeof fix === 'string' ? noFix(fix) : fix(evidence, facts, { id, commands: remedy.commands })
}
