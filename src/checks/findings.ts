import type { Diagnosis } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'
import type { Judgement } from './judgement.ts'
import type { Family } from '../causes/cause.ts'
import { causes, type CauseId } from '../causes/causes.ts'

/** What a check came to: one of the causes, looked for. */
export interface Finding {
  readonly id: CauseId
  readonly severity: 'error' | 'warning' | 'info'
  /** `skip`: it doesn't apply here; `unknown`: what it needs could not be found out. */
  readonly status: 'pass' | 'fail' | 'skip' | 'unknown'
  readonly title: string
  readonly evidence?: readonly string[]
  /** Why it was skipped, or why nothing is known. */
  readonly reason?: string
  /** The id of the cause that this one follows from. */
  readonly explainedBy?: CauseId
}

/** How far a family of checks could be judged. */
type Coverage = { readonly status: 'pass' } | { readonly status: 'skip' | 'unknown'; readonly reason: string }

/** Every check with what it came to. Pure. */
export function findingsOf(evidence: Evidence, { root, explained, notes }: Judgement): Finding[] {
  const failed = new Map<string, { diagnosis: Diagnosis; severity: Finding['severity']; explainedBy?: CauseId }>()
  for (const note of notes) failed.set(note.id, { diagnosis: note, severity: 'warning' })
  for (const cause of explained)
    failed.set(cause.id, { diagnosis: cause, severity: 'error', ...(root === undefined ? {} : { explainedBy: root.id }) })
  if (root !== undefined) failed.set(root.id, { diagnosis: root, severity: 'error' })
  return causes.map(({ id, title, family, severity, seenOnlyIn }): Finding => {
    const found = failed.get(id)
    if (found === undefined)
      return {
        id,
        severity,
        title,
        ...(seenOnlyIn === undefined ? coverageOf(id, family, evidence) : skipped(`only a run of ${seenOnlyIn} sees it`)),
      }
    const { diagnosis, explainedBy } = found
    return {
      id,
      severity: found.severity,
      status: 'fail',
      title: diagnosis.title,
      evidence: diagnosis.evidence,
      ...(explainedBy === undefined ? {} : { explainedBy }),
    }
  })
}

const passed: Coverage = { status: 'pass' }
const skipped = (reason: string): Coverage => ({ status: 'skip', reason })
const unknown = (reason: string): Coverage => ({ status: 'unknown', reason })

function coverageOf(id: CauseId, family: Family, evidence: Evidence): Coverage {
  const { wire, direct, checkout, choice, redis, servers, problems } = evidence
  switch (family) {
    case 'server':
    case 'address':
      return servers.problem === undefined ? passed : unknown(servers.problem)
    case 'url':
      return wire.nameError === undefined ? passed : unknown(wire.nameError)
    case 'proxy':
      return direct === undefined ? skipped('no server of this project was seen behind a proxy') : passed
    case 'python':
      return checkout === undefined
        ? skipped(problems['project'] ?? 'there is no project here')
        : choice === undefined
          ? unknown('no interpreter was found')
          : passed
    case 'settings':
      return inside(evidence, 'settings')
    case 'startup':
    case 'routing':
      return inside(evidence, id === 'system-check-failed' ? 'checks' : 'application')
    case 'token':
    case 'origin':
      return wire.handshake?.result === 'open' || wire.handshake?.result === 'refused' ? passed : skipped('the handshake got no answer')
    case 'consumer':
      return wire.session === undefined && evidence.examination?.get('consumer') === undefined ? skipped('no socket was opened') : passed
    case 'layer':
      return inside(evidence, 'settings')
    case 'redis':
      if (problems['redis'] !== undefined) return unknown(problems['redis'])
      return redis?.fact === undefined ? skipped('the channel layer uses no Redis') : passed
    case 'database':
      return inside(evidence, 'database')
    case 'frontend':
      return skipped('only a run of start sees it')
  }
}

/** What the look from inside came to. */
function inside({ checkout, examination, problems }: Evidence, name: 'settings' | 'application' | 'database' | 'checks'): Coverage {
  if (checkout === undefined) return skipped(problems['project'] ?? 'there is no project here')
  if (examination === undefined) return unknown(problems['examination'] ?? 'the project could not be examined from inside')
  if (examination.get(name) !== undefined) return passed
  const error = examination.errorOf('settings') ?? examination.errorOf('application')
  if (error !== undefined) return skipped(`the import ended before: ${error.type}`)
  return unknown(problems['examination'] ?? `the look from inside ended before its ${name}`)
}
