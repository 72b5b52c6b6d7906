import { diagnosis, type Diagnosis } from '../checks/diagnosis.ts'
import type { LauncherError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { HttpFact } from '../host/http.ts'
import type { TcpFact } from '../host/tcp.ts'
import { silentReport } from '../report/silent-report.ts'
import type { Interruption, SmokeCommand } from '../report/smoke-result.ts'
import type { FrontendSummary, ReadySummary, StartReport } from '../report/start-report.ts'
import type { CommandExit } from '../run/guarded-command.ts'
import { plain } from '../run/server.ts'
import type { Proof } from '../verify/prove.ts'

/** How many of the last lines of the backend's output are told where something failed. */
const toldLines = 40

/** Everything that a run of `smoke` has come to so far. */
export interface SmokeRecord {
  readonly version: string
  readonly startedAt: Date
  readonly timeoutMs: number
  /** What was begun when, in milliseconds since the start of the run; the last one is under way. */
  readonly phases: { readonly text: string; readonly atMs: number }[]
  readonly warnings: { readonly id: string; readonly text: string }[]
  readonly lines: string[]
  wantsFrontend: boolean
  wantsPing: boolean
  ready: ReadySummary | undefined
  /** When the server was there and the proof began. */
  listeningMs: number | undefined
  /** Why it could not be started. */
  failure: { readonly diagnosis: Diagnosis; readonly exitCode: number } | undefined
  tcp: TcpFact | undefined
  http: HttpFact | undefined
  proof: Proof | undefined
  frontend: FrontendSummary | undefined
  frontendMs: number | undefined
  commandExit: CommandExit | undefined
  /** Something that was seen when the command was over. */
  afterwards: string | undefined
  command: Pick<SmokeCommand, 'words' | 'ran'> | undefined
  interruption: Interruption | undefined
  elapsedMs: number
}

/** An error of ours in the shape of a cause. */
export function asDiagnosis({ code, message, evidence, hint }: LauncherError): Diagnosis {
  const [first = message, ...rest] = evidence
  return diagnosis(code, message, [first, ...rest], hint ?? '')
}

/** A report for `start` that writes all that matters into the record. `began`: on the host's clock. */
export function recording(host: Pick<Host, 'now'>, record: SmokeRecord, began: number): StartReport {
  const fail = (found: Diagnosis, exitCode: number) => {
    record.failure ??= { diagnosis: found, exitCode }
  }
  return {
    ...silentReport,
    phase: (text) => void record.phases.push({ text, atMs: host.now() - began }),
    warning: (id, text) => void record.warnings.push({ id, text }),
    line: (service, line) => {
      record.lines.push(service === 'backend' ? plain(line) : `${service}: ${plain(line)}`)
      if (record.lines.length > toldLines) record.lines.shift()
    },
    setupStep: ({ shown }) => void record.phases.push({ text: shown, atMs: host.now() - began }),
    ready: (summary) => {
      record.ready = summary
      record.frontend ??= summary.frontend
    },
    frontend: (summary) => {
      record.frontend = summary
    },
    diagnosis: (found) => fail(found, 1),
    error: (error) => fail(asDiagnosis(error), error.exitCode),
  }
}
