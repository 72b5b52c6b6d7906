import type { Judged } from '../checks/diagnosis.ts'
import { milliseconds } from '../checks/wire-words.ts'
import type { CrossingFact } from '../facts/crossing.ts'
import type { ServiceStatus } from '../facts/service-status.ts'
import type { InstanceSummary, Report, Restarted } from './run-event.ts'

/** What is known of the way between the first backend and a further one. */
export type Crossing =
  /** Nothing can be proven: why, in a sentence. */
  | { readonly kind: 'untried'; readonly why: string }
  | { readonly kind: 'tried'; readonly facts: readonly CrossingFact[]; readonly cause: Judged | undefined }

/** What was proven, in a sentence: `a broadcast from :8000 arrived in 3 ms, one to it in 2 ms`. */
export function crossingSentence(crossing: Crossing): string {
  if (crossing.kind === 'untried') return crossing.why
  if (crossing.cause !== undefined) return `${crossing.cause.title}   ${crossing.cause.id}`
  const [there, back] = crossing.facts
  const port = new URL(there?.from ?? 'http://localhost/').port
  return `a broadcast from :${port} arrived in ${milliseconds(there?.slowestMs ?? 0)}, one to it in ${milliseconds(back?.slowestMs ?? 0)}`
}

/** The status of a further backend with what is known of its crossing: one that no broadcast gets to has failed. */
export function statusWith(status: ServiceStatus, crossing: Crossing | undefined): ServiceStatus {
  if (status.state !== 'ready' || crossing === undefined) return status
  const failed = crossing.kind === 'tried' && crossing.cause !== undefined
  return { ...status, state: failed ? 'failed' : 'ready', why: crossingSentence(crossing) }
}

/** What the banner says of it. `url`: where it was to listen, where it isn't up. */
export function instanceSummary(status: ServiceStatus, crossing: Crossing | undefined, url: string): InstanceSummary {
  const { state, why } = statusWith(status, crossing)
  const text = why ?? (crossing === undefined ? state : crossingSentence(crossing))
  return { url: status.url ?? url, pid: status.pid, state: state === 'ready' ? 'ready' : 'failed', text }
}

/** The report as a further backend has it: its name before what is said, and no banner of its own. `restarted` is kept for its crossing. */
export function reportOf(report: Report, name: string, restarted: (outcome: Restarted) => void): Report {
  const named = (text: string) => `${name}: ${text}`
  return (event) => {
    switch (event.event) {
      case 'phase':
      case 'ready':
        return
      case 'note':
      case 'warning':
        return report({ ...event, text: named(event.text) })
      case 'restarting':
        return report({ ...event, why: named(event.why) })
      case 'restarted':
        return restarted({ ...event, why: named(event.why) })
      case 'diagnosis':
        return report({ ...event, diagnosis: { ...event.diagnosis, title: named(event.diagnosis.title) } })
      default:
        return report(event)
    }
  }
}
