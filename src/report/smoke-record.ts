import { inShape } from '../causes/causes.ts'
import type { Judged } from '../checks/diagnosis.ts'
import type { Host } from '../host/host.ts'
import type { HttpFact } from '../host/http.ts'
import type { TcpFact } from '../host/tcp.ts'
import type { Interruption, SmokeCommand } from './smoke-result.ts'
import type { FrontendSummary, PageSummary, ReadySummary, Report } from './run-event.ts'
import type { CommandExit } from '../run/guarded-command.ts'
import type { Proof } from '../verify/prove.ts'
import { withoutEscapes } from '../host/escape-codes.ts'

/** How many of the last lines of the backend's output are told where something failed. */
const toldLines = 40

/** Everything that a run of `smoke` has come to so far. */
export interface SmokeRecord {
  readonly startedAt: Date
  /** When the run began, on the host's clock. */
  readonly began: number
  readonly timeoutMs: number
  /** What was begun when, in milliseconds since the start of the run; the last one is under way. */
  readonly phases: { readonly text: string; readonly atMs: number }[]
  readonly warnings: { readonly id: string; readonly text: string }[]
  readonly lines: string[]
  wantsFrontend: boolean
  /** The page is looked at in a browser; `asked`: by name, so that one has to be there. */
  wantsPage: boolean | 'asked'
  wantsPing: boolean
  ready?: ReadySummary | undefined
  /** When the server was there and the proof began. */
  listeningMs?: number | undefined
  /** Why it could not be started. */
  failure?: { readonly diagnosis: Judged<string>; readonly exitCode: number } | undefined
  tcp?: TcpFact | undefined
  http?: HttpFact | undefined
  proof?: Proof | undefined
  frontend?: FrontendSummary | undefined
  frontendMs?: number | undefined
  page?: PageSummary | undefined
  pageMs?: number | undefined
  commandExit?: CommandExit | undefined
  /** Something that was seen when the command was over. */
  afterwards?: string | undefined
  command?: Pick<SmokeCommand, 'words' | 'ran'> | undefined
  interruption?: Interruption | undefined
  elapsedMs: number
}

/** Writes into the record what is begun now. */
export function beginPhase(host: Pick<Host, 'now'>, record: SmokeRecord, text: string): void {
  record.phases.push({ text, atMs: host.now() - record.began })
}

/** A report for `start` that writes all that matters into the record. */
export function recording(host: Pick<Host, 'now'>, record: SmokeRecord): Report {
  return (event) => {
    switch (event.event) {
      case 'phase':
        return beginPhase(host, record, event.text)
      case 'setup-step':
        return beginPhase(host, record, event.step.shown)
      case 'warning':
        record.warnings.push({ id: event.id, text: event.text })
        break
      case 'log':
        record.lines.push(event.service === 'backend' ? withoutEscapes(event.line) : `${event.service}: ${withoutEscapes(event.line)}`)
        if (record.lines.length > toldLines) record.lines.shift()
        break
      case 'ready':
        record.ready = event
        record.frontend ??= event.frontend
        break
      case 'frontend':
        record.frontend = event
        break
      case 'page':
        record.page = event
        break
      case 'diagnosis':
        record.failure ??= { diagnosis: event.diagnosis, exitCode: 1 }
        break
      case 'error':
        record.failure ??= { diagnosis: inShape(event.error), exitCode: event.error.exitCode }
        break
      default:
    }
  }
}
