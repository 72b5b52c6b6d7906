import { judgeUnserved } from './application.ts'
import { judgeLayer } from './channel-layer.ts'
import { judgeHandled } from './consumer.ts'
import { judgeUnidentified, judgeUnusable } from './database.ts'
import { originMissing, originRejected } from './common-causes.ts'
import { all, diagnosis, withSeen, type Diagnosis, type Seen } from './diagnosis.ts'
import { judgeShadowed } from './dotenv.ts'
import { judgeUnreadKey } from './dotenv-sources.ts'
import type { Evidence } from './evidence.ts'
import { behindHosts } from './hosts.ts'
import { judgeRedis } from './redis-layer.ts'
import { judgeDecision } from './refusal.ts'
import { isOurs } from '../facts/wire.ts'

/**
 * A refusal that looks like the token's. The same handshake played inside, with
 * a layer of our own, tells whether the consumer really refuses it: where it
 * accepts there, something else is hidden behind an except. Pure.
 */
export function behindRefusal(evidence: Evidence, verdict: Diagnosis): Diagnosis[] {
  return (
    refusedByValidator(evidence, verdict) ??
    all(judgeUnserved(evidence), judgeUnidentified(evidence, verdict), hiddenBehind(evidence, verdict))
  )
}

/** A validator of Channels refuses for the Origin and for nothing else: the wire alone can't tell it from a token, where no Origin is let through. */
function refusedByValidator(evidence: Evidence, { evidence: [first = ''] }: Diagnosis): Diagnosis[] | undefined {
  const { origin } = evidence.wire.endpoint
  const by = evidence.examination?.get('consumer')?.refused_by
  if (typeof by !== 'string' || !by.endsWith('OriginValidator')) return undefined
  const seen: Seen = [first, `From inside: ${by} refuses it`]
  const refused = origin === undefined ? originMissing(seen) : originRejected(origin, seen, ", or to the validator's own list")
  return all(behindHosts(evidence, refused), refused)
}

function hiddenBehind(evidence: Evidence, verdict: Diagnosis): Diagnosis[] {
  const { examination, wire, secretKeys } = evidence
  const played = examination?.get('consumer')
  const wellFormed = wire.token.kind === 'current' || wire.token.kind === 'opaque'
  const accepted = played?.outcome === 'accepted'
  const unplayed = played === undefined || played.outcome === 'skipped' || played.outcome === 'raised'
  // a layer that isn't there, or can't be built, is missing where the handshake was played too
  const layer = wellFormed ? judgeLayer(evidence) : undefined
  const failed = typeof played?.database_error === 'string'
  const handled = judgeHandled(evidence)
  const decided = judgeDecision(evidence, verdict)
  const hidden =
    handled !== undefined
      ? all(layer, failed ? judgeUnusable(evidence) : undefined, handled)
      : accepted || failed || (wellFormed && unplayed)
        ? all(layer, judgeRedis(evidence), judgeUnusable(evidence))
        : all(layer)
  if (hidden.length > 0) {
    const [first = ''] = verdict.evidence
    return hidden.map((cause) => withSeen(cause, `${first}: the consumer hides the error behind a refusal`))
  }
  if (decided !== undefined) return [decided]
  if (verdict.id !== 'token-rejected') return []
  const keys =
    secretKeys === 'different' && wellFormed
      ? diagnosis(
          'secret-key-changes',
          'Every start makes a new SECRET_KEY, so every restart voids all tokens',
          ['Two imports of the settings gave two different SECRET_KEYs', ...verdict.evidence],
          'Write a fixed SECRET_KEY into .env, and read it in the settings.',
          [['election-dev', 'doctor', '--fix']],
        )
      : undefined
  const sources = wellFormed
    ? all(judgeShadowed(evidence, ['SECRET_KEY', 'DJANGO_SECRET_KEY', 'JWT_SECRET_KEY'], verdict), judgeUnreadKey(evidence, verdict))
    : undefined
  // nobody has given one, and that another one is wanted than we can make is no fault of ours
  const missing = isOurs(wire)
    ? withSeen({ ...verdict, id: 'token-missing' }, 'It was made for a user of the project, since none was given')
    : undefined
  return all(keys, sources, missing)
}
