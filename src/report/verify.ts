import type { Host } from '../host/host.ts'
import { nulls } from '../host/json.ts'
import { arrivalWords } from '../checks/crossing.ts'
import type { Beside } from '../checks/beside.ts'
import type { Judged } from '../checks/diagnosis.ts'
import { milliseconds, said, sentWith } from '../checks/wire-words.ts'
import { crosses, type CrossingFact } from '../facts/crossing.ts'
import type { Proof } from '../verify/prove.ts'
import { besideLine } from './beside.ts'
import { diagnosisPage } from './failure.ts'
import { pageWords } from './page.ts'
import type { PageSummary } from './run-event.ts'
import { dotOf, heading, styleFor, type Style } from './style.ts'

/** `verify` for people: a line a step, then the cause where there is one. */
export function verifyText(host: Host, { proof, beside, page }: Seen): string[] {
  const style = styleFor(host)
  const others = beside.map((socket) => `     ${besideLine(socket, style)}`)
  return [
    ...heading('verify', style),
    ...proofLines(host, proof, style),
    ...(others.length === 0 ? [] : [...others, '']),
    ...(page === undefined ? [] : pageLines(host, page, style)),
  ]
}

/** What `verify` has proven of one WebSocket, of those beside it, and of its page. */
interface Seen {
  readonly proof: Proof
  readonly beside: readonly Beside[]
  readonly page?: PageSummary | undefined
}

function pageLines(host: Host, page: PageSummary, style: Style): string[] {
  const row = `  ${style.green('➜')}  ${style.bold('Page     ')}  ${pageWords(page, style)}`
  return [row, ...(page.diagnosis === undefined ? [''] : diagnosisPage(page.diagnosis, style, host.terminal.columns))]
}

/** `verify` of several instances for people: each of them, then what crosses, then the cause where there is one. */
export function verifyInstancesText(host: Host, { proofs, crossing, diagnosis }: InstancesProof): string[] {
  const style = styleFor(host)
  const lines = [...heading('verify', style), ...proofs.flatMap((proof) => proofLines(host, proof, style))]
  const width = Math.max(0, ...crossing.map(({ from, to }) => from.length + to.length))
  for (const fact of crossing) {
    const mark = crosses([fact]) ? style.green('➜') : style.red('✖')
    const room = ' '.repeat(width - fact.from.length - fact.to.length + 3)
    lines.push(`  ${mark}  ${style.bold('Broadcast')}  ${style.cyan(fact.from)} → ${style.cyan(fact.to)}${room}${arrivalWords(fact)}`)
  }
  if (diagnosis !== undefined) lines.push(...diagnosisPage(diagnosis, style, host.terminal.columns))
  else lines.push('')
  return lines
}

/** What was proven of several instances. */
export interface InstancesProof {
  /** Each by itself. */
  readonly proofs: readonly Proof[]
  /** Empty where one of them isn't proven. */
  readonly crossing: readonly CrossingFact[]
  /** Why it doesn't cross; the cause of an instance that isn't proven is its proof's. */
  readonly diagnosis: Judged | undefined
}

const wordOf = { proven: 'connected', 'wants-token': 'wants-token', refused: 'refused', failed: 'not-connected' } as const

function proofLines(host: Host, proof: Proof, style: Style): string[] {
  const { facts } = proof
  const { endpoint, handshake, session } = facts
  const dot = dotOf(style, wordOf[proof.state], proof.diagnosis?.id)
  const lines = [`  ${style.green('➜')}  ${style.bold('WebSocket')}  ${style.cyan(endpoint.url)}   ${dot}`, '']
  const step = (name: string, text: string) => lines.push(`     ${name.padEnd(10)} ${text}`)
  if (facts.nameError !== undefined) step('name', facts.nameError)
  for (const { address, result, code, elapsedMs } of facts.tcp)
    step('tcp', `${address}:${endpoint.port}   ${result === 'open' ? `open in ${milliseconds(elapsedMs)}` : (code ?? result)}`)
  if (facts.http !== undefined) {
    const { http } = facts
    step(
      'http',
      http.result === 'answer'
        ? `GET /   ${http.status}${http.server === undefined ? '' : `   ${http.server}`}`
        : `GET /   ${http.result === 'silent' ? 'no answer' : http.code}`,
    )
  }
  if (handshake !== undefined)
    step(
      'handshake',
      `${said(handshake)}${handshake.result === 'open' ? ` in ${milliseconds(handshake.elapsedMs)}` : ''}   Origin ${endpoint.origin ?? 'not sent'}, ${sentWith(facts)}`,
    )
  if (session !== undefined) {
    const { close, pong } = session
    if (pong !== undefined && pong.result !== 'closed')
      step('ping', pong.result === 'pong' ? `pong in ${milliseconds(pong.elapsedMs)}` : 'the application answers none (ping-unanswered)')
    step(
      'held',
      close === undefined
        ? `${(session.heldMs / 1000).toFixed(1)} s, and still open; ${session.messages} message${session.messages === 1 ? '' : 's'}`
        : `closed with ${close.code} after ${(close.afterMs / 1000).toFixed(1)} s`,
    )
  }
  if (proof.diagnosis !== undefined) lines.push(...diagnosisPage(proof.diagnosis, style, host.terminal.columns))
  else lines.push('')
  return lines
}

/** `verify --json`: one document. Holds no token and no body of a page. */
export function verifyJson({ proof, beside, page }: Seen): Readonly<Record<string, unknown>> {
  const { endpoint, handshake, session, tcp, http, nameError } = proof.facts
  return {
    schemaVersion: 1,
    command: 'verify',
    ok: proof.state === 'proven' && (page === undefined || page.state === 'open'),
    state: proof.state,
    url: endpoint.url,
    origin: endpoint.origin ?? null,
    steps: nulls({
      name: nameError,
      tcp: tcp.map(({ address, result, code, elapsedMs }) => nulls({ address, result, code, elapsedMs })),
      http:
        http &&
        (http.result === 'answer'
          ? nulls({ status: http.status, server: http.server, elapsedMs: http.elapsedMs })
          : { result: http.result, elapsedMs: http.elapsedMs }),
      handshake: handshake && {
        result: handshake.result,
        status: handshake.result === 'open' ? 101 : handshake.result === 'refused' ? handshake.status : null,
        elapsedMs: handshake.elapsedMs,
      },
      session:
        session &&
        nulls({
          heldMs: session.heldMs,
          messages: session.messages,
          pongMs: session.pong?.result === 'pong' ? session.pong.elapsedMs : undefined,
          close: session.close && { code: session.close.code, afterMs: session.close.afterMs },
        }),
    }),
    notes: session?.pong?.result === 'unanswered' && session.pingBy !== 'consumer' ? ['ping-unanswered'] : [],
    diagnosis: proof.diagnosis ?? null,
    ...(beside.length === 0 ? {} : { routes: beside }),
    ...(page === undefined ? {} : { page }),
  }
}

/**
 * `verify --json` of several instances: the document of the first that isn't
 * proven, else of the first, with `ok`, `state` and `diagnosis` for all of them;
 * `instances` has each, `crossing` each direction.
 */
export function verifyInstancesJson({ proofs, crossing, diagnosis }: InstancesProof): Readonly<Record<string, unknown>> {
  const shown = proofs.find(({ state }) => state !== 'proven') ?? proofs[0]
  if (shown === undefined) return {}
  const document = verifyJson({ proof: shown, beside: [] })
  const ok = shown.state === 'proven' && diagnosis === undefined
  return {
    ...document,
    ok,
    state: shown.state === 'proven' && !ok ? 'failed' : shown.state,
    diagnosis: shown.diagnosis ?? diagnosis ?? null,
    instances: proofs.map((proof) => {
      const { schemaVersion: _version, command: _command, ...instance } = verifyJson({ proof, beside: [] })
      return instance
    }),
    crossing: crossing.map(({ from, to, sent, received, medianMs, slowestMs }) => nulls({ from, to, sent, received, medianMs, slowestMs })),
  }
}
