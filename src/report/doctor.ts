import type { Beside } from '../checks/beside.ts'
import type { Judged } from '../checks/diagnosis.ts'
import type { Finding } from '../checks/findings.ts'
import type { Judgement } from '../checks/judgement.ts'
import { milliseconds, said } from '../checks/wire-words.ts'
import { unknownPath, type WireFacts } from '../facts/wire.ts'
import type { Host } from '../host/host.ts'
import { diagnosisPage } from './failure.ts'
import { besideLine } from './beside.ts'
import { dotOf, styleFor, type Style } from './style.ts'
import { version } from '../version.ts'

/** One run of the doctor, to be told. */
export interface DoctorRun {
  readonly wire: WireFacts
  readonly others: readonly WireFacts[]
  /** The application's other WebSockets, where they were proven beside. */
  readonly beside?: readonly Beside[] | undefined
  readonly judgement: Judgement
  readonly findings: readonly Finding[]
  readonly elapsedMs: number
  /** What `--fix` did, where it was asked for. */
  readonly fixes?: readonly Readonly<Record<string, unknown>>[]
}

/** `healthy`: proven and nothing against it; `diagnosed`: a cause; `unknown`: too little could be found out to say either. */
export type DoctorState = 'healthy' | 'diagnosed' | 'unknown'

/** What the run came to. */
export function stateOfRun({ judgement, wire }: Pick<DoctorRun, 'judgement' | 'wire'>): DoctorState {
  if (judgement.root !== undefined) return 'diagnosed'
  return wire.handshake?.result === 'open' ? 'healthy' : 'unknown'
}

/** A WebSocket that was looked at. */
export interface DoctorTarget {
  /** Its token masked. */
  readonly url: string
  /** The Origin that was sent with it. */
  readonly origin: string | null
}

/** What `election-dev doctor --json` prints on standard output: one document of this shape. */
export type DoctorDocument = {
  readonly schemaVersion: 1
  readonly command: 'doctor'
  /** The version of election-dev. */
  readonly version: string
  readonly ok: boolean
  readonly findings: readonly Finding[]
  readonly targets: readonly DoctorTarget[]
  /** The application's other WebSockets, proven beside the first target. */
  readonly routes?: readonly Beside[]
  /** @minimum 0 */
  readonly elapsedMs: number
  /** What `--fix` did or offered. The shape of an item may grow. */
  readonly fixes?: readonly Readonly<Record<string, unknown>>[]
} & (
  | { readonly state: 'diagnosed'; /** The one cause. */ readonly diagnosis: Judged }
  /** unknown: the WebSocket isn't proven, and nothing was found that explains it. */
  | { readonly state: 'healthy' | 'unknown'; readonly diagnosis: null }
)

/** `doctor --json`: one document. Holds no token, no body of a page, no value of a secret. */
export function doctorJson(run: DoctorRun): DoctorDocument {
  const state = stateOfRun(run)
  return {
    schemaVersion: 1,
    command: 'doctor',
    version,
    ok: state === 'healthy',
    ...(run.judgement.root === undefined
      ? { state: state === 'healthy' ? state : 'unknown', diagnosis: null }
      : { state: 'diagnosed', diagnosis: run.judgement.root }),
    findings: run.findings,
    targets: [run.wire, ...run.others].map(({ endpoint }) => ({ url: endpoint.url, origin: endpoint.origin ?? null })),
    ...(run.beside === undefined || run.beside.length === 0 ? {} : { routes: run.beside }),
    elapsedMs: Math.round(run.elapsedMs),
    ...(run.fixes === undefined ? {} : { fixes: run.fixes }),
  }
}

/** `doctor` for people: the cause as a page, or one line where all is well. */
export function doctorText(host: Host, run: DoctorRun, options: { verbose: boolean }): string[] {
  const style = styleFor(host)
  const { root, explained, notes } = run.judgement
  const state = stateOfRun(run)
  const lines: string[] = []
  if (root !== undefined) lines.push(...diagnosisPage(root, style, host.terminal.columns))
  else if (state === 'healthy') lines.push('', ...healthy(run, style), '')
  else lines.push('', `  ${style.yellow('?')} ${style.bold('Not enough information to identify a cause')}`, '')
  if (explained.length > 0) lines.push('    Also found:', ...explained.map(({ id, title }) => `      ${title}   ${style.dim(id)}`), '')
  for (const note of notes) lines.push(...noteLines(note, style))
  const probes = ownProbes(run.wire)
  if (probes.length > 0)
    lines.push(
      `  ${style.dim(`Asked once for ${probes.join(' and ')}, to tell causes apart: the server's log may have a traceback of it, which is ours`)}`,
      '',
    )
  if (options.verbose) lines.push(...run.findings.map((finding) => findingLine(finding, style)), '')
  const judged = run.findings.filter(({ status }) => status === 'pass' || status === 'fail').length
  const unknown = run.findings.filter(({ status }) => status === 'unknown').length
  const rest = options.verbose ? '' : ' · --verbose shows them all'
  lines.push(
    `  ${style.dim(`${judged} checks${unknown === 0 ? '' : `, ${unknown} unknown`} · ${(run.elapsedMs / 1000).toFixed(1)} s${rest}`)}`,
    '',
  )
  return lines
}

/** Paths that the experiments asked for and that a server may have logged an error of. */
function ownProbes({ experiments, endpoint }: WireFacts): string[] {
  return [
    ...(experiments.unknownPath === undefined ? [] : [unknownPath]),
    ...(experiments.otherSlash === undefined ? [] : [endpoint.path.endsWith('/') ? endpoint.path.slice(0, -1) : `${endpoint.path}/`]),
  ]
}

function healthy({ wire, others, beside = [] }: DoctorRun, style: Style): string[] {
  const found = [wire, ...others].map(({ endpoint, handshake, session }) => {
    const pong = session?.pong?.result === 'pong' ? ` · pong ${milliseconds(session.pong.elapsedMs)}` : ''
    const first = handshake === undefined ? '' : `${said(handshake)} in ${milliseconds(handshake.elapsedMs)}`
    return `  ${style.green('✔')}  ${style.cyan(endpoint.url)}   ${dotOf(style, 'connected')}   ${first}${pong}`
  })
  return [...found, ...beside.map((socket) => `     ${besideLine(socket, style)}`)]
}

function noteLines({ title, id, evidence, remedy }: Judged, style: Style): string[] {
  return [`  ${style.yellow('!')} ${title}   ${style.dim(id)}`, ...evidence.map((line) => `    ${line}`), `    ${remedy.text}`, '']
}

const marks: Readonly<Record<Finding['status'], string>> = { pass: '✔', fail: '✖', skip: '-', unknown: '?' }

function findingLine({ id, status, title, reason, severity }: Finding, style: Style): string {
  const color = status === 'pass' ? style.green : status === 'fail' ? (severity === 'error' ? style.red : style.yellow) : style.dim
  return `  ${color(marks[status])} ${id.padEnd(32)} ${status === 'pass' || status === 'fail' ? title : style.dim(reason ?? title)}`
}
