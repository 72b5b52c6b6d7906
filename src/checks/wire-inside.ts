import type { Place, Refusal } from '../facts/observed.ts'
import type { WireFacts } from '../facts/wire.ts'
import { originMissing, originRejected } from './common-causes.ts'
import { withSeen, type Diagnosis } from './diagnosis.ts'
import { upgradeAnswer } from './wire-words.ts'
import type { Refused } from './wire.ts'

/**
 * A cause as the wire shows it, with what the observer saw inside the backend:
 * a validator of Channels that refused is the Origin and nothing else; a close
 * of the application's own tells its code and its line, which no client gets.
 */
export function seenInside({ endpoint, observed }: WireFacts, refused: Refused, found: Diagnosis): Diagnosis {
  const refusal = observed?.refused
  if (refusal === undefined) return found
  if (refusal.by === 'application') return withSeen(found, refusalWords(refusal, refused.status))
  const by = `${refusal.class ?? 'The Origin validator'} refused it inside the backend, before the routes were asked`
  if (found.id === 'origin-rejected' || found.id === 'origin-missing') return withSeen(found, by)
  if (endpoint.origin === undefined) return originMissing([upgradeAnswer(refused), by])
  return originRejected(endpoint.origin, [upgradeAnswer(refused), by], ", or to the validator's own list")
}

/** `Updates closed with 4001 at updates/consumers.py:12 (the client only sees 403)`. */
function refusalWords({ class: by, code, place }: Refusal, status: number): string {
  const what = code === undefined ? 'refused it with an HTTP answer' : `closed with ${code}`
  return `${by ?? 'The application'} ${what}${place === undefined ? '' : ` at ${at(place)}`} (the client only sees ${status})`
}

/** `updates/consumers.py:12`. */
export function at({ file, line }: Place): string {
  return `${file}:${line}`
}
