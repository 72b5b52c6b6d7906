import { causeOf, judged } from '../causes/causes.ts'
import type { Judged } from '../checks/diagnosis.ts'
import { judgeWire } from '../checks/wire.ts'
import { isOurs, type WireFacts } from '../facts/wire.ts'
import type { Proof } from './prove.ts'

/** A proof that failed of what the wire alone tells; undefined where that is nothing. */
export function judgeProof(facts: WireFacts): Proof | undefined {
  const found = judgeWire(facts)
  return found === undefined ? undefined : failed(facts, judged(found))
}

/** A proof that failed of this cause. */
export function failed(facts: WireFacts, cause: Judged): Proof {
  const state = causeOf(cause.id).state ?? (wantsToken(cause, facts) ? 'wants-token' : 'failed')
  return { state, facts, diagnosis: cause, socket: undefined }
}

/** Whether a cause says that all is well but for a token that nobody has given. */
function wantsToken({ id }: Judged, facts: WireFacts): boolean {
  // a socket that wants to hear who comes accepts before it knows
  return (
    (facts.session === undefined || facts.greeting !== undefined) &&
    causeOf(id).family === 'token' &&
    (facts.token.kind === 'none' || isOurs(facts))
  )
}
