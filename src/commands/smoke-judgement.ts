import { constants } from 'node:os'
import { judged } from '../causes/causes.ts'
import { diagnosis, type Judged } from '../checks/diagnosis.ts'
import { said, sentWith } from '../checks/wire-words.ts'
import { ExitCode } from '../errors.ts'
import { exitStatusOf, type StopReason } from '../host/stop-signals.ts'
import { seconds, type SmokePhase, type SmokeResult, type SmokeStep, type SmokeStepName } from '../report/smoke-result.ts'
import { typed } from '../host/shell.ts'
import type { Proof } from '../verify/prove.ts'
import type { SmokeRecord } from '../report/smoke-record.ts'

type Outcome = Omit<SmokeStep, 'name'>

const passed = (ms: number | undefined, ...evidence: readonly string[]): Outcome => ({
  state: 'passed',
  ms,
  evidence,
  diagnosis: undefined,
})
const skipped = (why: string): Outcome => ({ state: 'skipped', ms: undefined, evidence: [why], diagnosis: undefined })
const failed = (ms: number | undefined, evidence: readonly string[], cause?: Judged<string>): Outcome => ({
  state: 'failed',
  ms,
  evidence,
  diagnosis: cause,
})

/**
 * What a record comes to: the steps in their order, each after the first that
 * failed skipped, and the exit status. Pure.
 */
export function resultOf(record: SmokeRecord, versions: Readonly<Record<string, string>>): SmokeResult {
  const phases = phasesOf(record)
  const steps = stepsOf(record, phases).map((step) =>
    step.diagnosis === undefined ? step : { ...step, diagnosis: forSmoke(step.diagnosis, record.command?.words ?? []) },
  )
  const bad = steps.find(({ state }) => state === 'failed')
  const { interruption, ready, command, commandExit } = record
  const state = interruption !== undefined ? 'interrupted' : bad === undefined ? 'passed' : 'failed'
  return {
    state,
    exitCode: exitCodeOf(record, bad),
    startedAt: record.startedAt.toISOString(),
    elapsedMs: record.elapsedMs,
    timeoutMs: record.timeoutMs,
    interruption,
    versions: {
      ...versions,
      ...(ready === undefined ? {} : { [ready.backend.server]: ready.backend.serverVersion }),
      ...(ready?.backend.django === undefined ? {} : { Django: ready.backend.django }),
    },
    urls: {
      backend: ready?.backend.url,
      websocket: ready?.websocket.url,
      origin: record.proof?.facts.endpoint.origin,
      page: record.frontend?.url ?? ready?.page,
    },
    steps,
    command: command === undefined ? undefined : { ...command, exitCode: commandExit?.exitCode, signal: commandExit?.signal },
    warnings: record.warnings,
    phases,
    log: state === 'passed' ? [] : record.lines,
  }
}

/** `smoke` in the place of `start`, which would stay: it has every flag that a remedy gives, and runs the same command. */
function forSmoke(cause: Judged<string>, command: readonly string[]): Judged<string> {
  const asSmoke = (words: readonly string[]): readonly string[] => {
    const at = words.indexOf('election-dev') + 1
    if (at === 0 || words[at] !== 'start') return words
    return [...words.with(at, 'smoke'), ...(command.length === 0 ? [] : ['--', ...command])]
  }
  const { commands, alternatives } = cause.remedy
  const others = alternatives === undefined ? {} : { alternatives: alternatives.map((steps) => steps.map(asSmoke)) }
  return { ...cause, remedy: { ...cause.remedy, commands: commands.map(asSmoke), ...others } }
}

function exitCodeOf({ interruption, failure, commandExit }: SmokeRecord, bad: SmokeStep | undefined): number {
  if (interruption !== undefined) return isStopReason(interruption.reason) ? exitStatusOf[interruption.reason] : ExitCode.finding
  if (bad === undefined) return ExitCode.ok
  if (bad.name === 'command' && commandExit !== undefined) return statusOf(commandExit)
  return bad.name === 'server' ? (failure?.exitCode ?? ExitCode.finding) : ExitCode.finding
}

function isStopReason(reason: string): reason is StopReason {
  return reason in exitStatusOf
}

/** Of a command as shells give it: its own, 128 + the signal's number, 127 where there is no such program, 126 where it can't be run. */
function statusOf({ exitCode, signal, code }: NonNullable<SmokeRecord['commandExit']>): number {
  if (code !== undefined) return code === 'ENOENT' ? 127 : 126
  return exitCode ?? 128 + (new Map<string, number>(Object.entries(constants.signals)).get(signal ?? '') ?? constants.signals.SIGTERM)
}

function phasesOf({ phases, elapsedMs }: SmokeRecord): SmokePhase[] {
  return phases.map(({ text, atMs }, index) => ({ text, ms: (phases[index + 1]?.atMs ?? elapsedMs) - atMs }))
}

function stepsOf(record: SmokeRecord, phases: readonly SmokePhase[]): SmokeStep[] {
  const tried: readonly (readonly [SmokeStepName, () => Outcome | undefined])[] = [
    ['server', () => serverStep(record)],
    ['tcp', () => tcpStep(record)],
    ['http', () => httpStep(record)],
    ['handshake', () => handshakeStep(record)],
    ['ping', () => pingStep(record)],
    ['hold', () => holdStep(record)],
    ['broadcast', () => broadcastStep(record)],
    ...(record.wantsFrontend ? ([['frontend', () => frontendStep(record)]] as const) : []),
    ...(record.wantsPage === false ? [] : ([['page', () => pageStep(record)]] as const)),
    ...(record.command === undefined ? [] : ([['command', () => commandStep(record)]] as const)),
  ]
  const steps: SmokeStep[] = []
  let blocked: string | undefined
  for (const [name, outcomeOf] of tried) {
    const outcome =
      blocked === undefined ? (outcomeOf() ?? undone(record, phases)) : skipped(name === 'command' ? `not run: ${blocked}` : blocked)
    steps.push({ name, ...outcome })
    if (outcome.state === 'failed') blocked ??= name === 'server' ? 'the server did not start' : `${name} failed`
  }
  return steps
}

/** A step that the run ended in. */
function undone({ interruption, timeoutMs }: SmokeRecord, phases: readonly SmokePhase[]): Outcome {
  if (interruption === undefined) return failed(undefined, ['It was not tried'])
  if (interruption.reason !== 'deadline') return failed(undefined, [`interrupted (${interruption.reason}) while: ${interruption.during}`])
  const took = phases.map(({ text, ms }) => `${seconds(ms)}: ${text}`)
  return failed(undefined, [`not done within ${seconds(timeoutMs)}: ${interruption.during}`], {
    id: 'smoke-timeout',
    title: `The run took longer than ${seconds(timeoutMs)} (--timeout)`,
    evidence: [`It was ended after ${seconds(interruption.afterMs)}, while: ${interruption.during}`, ...took],
    remedy: { text: 'Fix what took so long, or give it more time: --timeout MS.', commands: [], automatic: 'no' },
  })
}

function serverStep({ ready, failure, listeningMs }: SmokeRecord): Outcome | undefined {
  if (ready !== undefined) {
    const { server, serverVersion, url, pid } = ready.backend
    return passed(listeningMs, `${server} ${serverVersion} at ${url}${pid === undefined ? '' : `, PID ${pid}`}`)
  }
  return failure === undefined ? undefined : failed(undefined, failure.diagnosis.evidence, failure.diagnosis)
}

function tcpStep({ tcp }: SmokeRecord): Outcome | undefined {
  if (tcp === undefined) return undefined
  if (tcp.result === 'open') return passed(tcp.elapsedMs, `${tcp.address} takes connections`)
  return failed(tcp.elapsedMs, [`${tcp.address}: ${tcp.code ?? tcp.result}`])
}

function httpStep({ http }: SmokeRecord): Outcome | undefined {
  if (http === undefined) return undefined
  // an error of that one page doesn't speak against the WebSocket, and is nothing to be green about
  if (http.result === 'answer' && http.status >= 400)
    return skipped(`GET / got ${http.status}: the server answers, ${http.status >= 500 ? 'its page fails' : 'and gives no page there'}`)
  if (http.result === 'answer') return passed(http.elapsedMs, `GET / got ${http.status}`)
  return failed(http.elapsedMs, [
    http.result === 'silent' ? `GET / got no answer within ${seconds(http.elapsedMs)}` : `GET /: ${http.code}`,
  ])
}

function handshakeStep({ proof }: SmokeRecord): Outcome | undefined {
  if (proof === undefined) return undefined
  const { handshake, endpoint, session } = proof.facts
  const how = `Origin ${endpoint.origin ?? 'not sent'}, ${sentWith(proof.facts)}`
  if (handshake === undefined) return failed(undefined, proof.diagnosis?.evidence ?? ['It was not tried'], proof.diagnosis)
  const seen = `${said(handshake)}   ${how}`
  // what speaks against a socket that opened and lived is told here, where it has no step of its own
  const ofLater = session?.close !== undefined || lostBroadcast(proof)
  if (handshake.result === 'open' && (proof.diagnosis === undefined || ofLater)) return passed(handshake.elapsedMs, seen)
  return failed(handshake.elapsedMs, [seen], proof.diagnosis)
}

function pingStep({ proof, wantsPing }: SmokeRecord): Outcome | undefined {
  if (proof === undefined) return undefined
  const pong = proof.facts.session?.pong
  if (!wantsPing || pong === undefined)
    return skipped(wantsPing ? 'no ping was sent: the consumer speaks of none' : 'no ping was sent (--no-ping)')
  if (pong.result === 'pong') return passed(pong.elapsedMs, `pong in ${seconds(pong.elapsedMs)}`)
  return skipped(
    pong.result === 'closed'
      ? 'the socket was closed before it answered'
      : 'the application answers no ping: the socket was held instead (ping-unanswered)',
  )
}

function holdStep({ proof }: SmokeRecord): Outcome | undefined {
  const session = proof?.facts.session
  if (proof === undefined || session === undefined) return undefined
  const { close, heldMs, messages } = session
  if (close !== undefined) return failed(close.afterMs, [`closed with ${close.code} after ${seconds(close.afterMs)}`], proof.diagnosis)
  return passed(heldMs, `still open after ${seconds(heldMs)}; ${messages} message${messages === 1 ? '' : 's'}`)
}

function broadcastStep({ proof }: SmokeRecord): Outcome | undefined {
  if (proof === undefined) return undefined
  const { broadcast } = proof
  if (broadcast === undefined)
    return skipped('none could be sent: nothing is around the application (runserver, --no-observer), or it has no channel layer')
  const { sent, received, elapsedMs } = broadcast
  const seen = `reached ${received} of ${sent} sockets`
  if (received === sent) return passed(elapsedMs, `${seen} in ${seconds(elapsedMs)}`)
  const unknown = diagnosis(
    'broadcast-lost',
    'A broadcast over the channel layer does not reach every socket',
    [`It ${seen} within 1 s; nothing tells why`],
    'election-dev doctor, while the backend runs, looks closer.',
  )
  return failed(elapsedMs, [seen], proof.diagnosis ?? judged(unknown))
}

function lostBroadcast({ broadcast }: Proof): boolean {
  return broadcast !== undefined && broadcast.received < broadcast.sent
}

function frontendStep({ frontend, frontendMs }: SmokeRecord): Outcome | undefined {
  if (frontend === undefined || frontend.state === 'starting') return undefined
  const seen = `${frontend.url}   ${frontend.text}`
  return frontend.state === 'ready' ? passed(frontendMs, seen) : failed(frontendMs, [seen])
}

function pageStep({ page, pageMs, wantsPage }: SmokeRecord): Outcome | undefined {
  if (page === undefined || page.state === 'looking') return undefined
  const seen = `${page.url}   ${page.text}`
  if (page.state === 'failed')
    return failed(pageMs, [seen, ...(page.screenshot === undefined ? [] : [`a picture of it: ${page.screenshot}`])], page.diagnosis)
  if (page.state === 'open') return passed(pageMs, seen)
  // what was asked for by name and could not be done is no success
  return page.state === 'unseen' && wantsPage === 'asked' ? failed(pageMs, [seen]) : skipped(seen)
}

function commandStep({ command, commandExit, afterwards }: SmokeRecord): Outcome | undefined {
  if (command === undefined || commandExit === undefined) return undefined
  const { exitCode, signal, code, afterMs } = commandExit
  const shown = typed(command.words)
  const more = afterwards === undefined ? [] : [afterwards]
  if (code !== undefined) return failed(afterMs, [`${shown} could not be run (${code})`])
  if (exitCode === 0) return passed(afterMs, `${shown} ended with 0 after ${seconds(afterMs)}`, ...more)
  return failed(afterMs, [
    `${shown} ${exitCode === undefined ? `was ended by ${signal ?? 'a signal'}` : `ended with ${exitCode}`}`,
    ...more,
  ])
}
