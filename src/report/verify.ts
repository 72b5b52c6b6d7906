import type { Host } from '../host/host.ts'
import { said } from '../checks/wire-words.ts'
import type { Proof } from '../verify/prove.ts'
import { diagnosisPage } from './failure.ts'
import { styleFor } from './style.ts'

/** `verify` for people: a line a step, then the cause where there is one. */
export function verifyText(host: Host, proof: Proof, version: string): string[] {
  const style = styleFor(host)
  const { facts } = proof
  const { endpoint, handshake, session } = facts
  const dot =
    proof.state === 'proven'
      ? style.green('● connected')
      : proof.state === 'wants-token'
        ? style.yellow('● speaks WebSocket, wants a token')
        : style.red('● not connected')
  const lines = [
    '',
    `  ${style.bold(style.green('election-dev'))} ${style.green(version)}   verify`,
    '',
    `  ${style.green('➜')}  ${style.bold('WebSocket')}  ${style.cyan(endpoint.url)}   ${dot}`,
    '',
  ]
  const step = (name: string, text: string) => lines.push(`     ${name.padEnd(10)} ${text}`)
  if (facts.nameError !== undefined) step('name', facts.nameError)
  for (const { address, result, code, elapsedMs } of facts.tcp)
    step('tcp', `${address}:${endpoint.port}   ${result === 'open' ? `open in ${ms(elapsedMs)}` : (code ?? result)}`)
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
      `${said(handshake)}${handshake.result === 'open' ? ` in ${ms(handshake.elapsedMs)}` : ''}   Origin ${endpoint.origin ?? 'not sent'}, ${facts.token.kind === 'none' ? 'no token' : 'with token'}`,
    )
  if (session !== undefined) {
    const { close, pong } = session
    if (pong !== undefined && pong.result !== 'closed')
      step('ping', pong.result === 'pong' ? `pong in ${ms(pong.elapsedMs)}` : 'the application answers none (ping-unanswered)')
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
export function verifyJson(proof: Proof): Readonly<Record<string, unknown>> {
  const { endpoint, handshake, session, tcp, http, nameError } = proof.facts
  return {
    schemaVersion: 1,
    command: 'verify',
    ok: proof.state === 'proven',
    state: proof.state,
    url: endpoint.url,
    origin: endpoint.origin ?? null,
    steps: {
      name: nameError ?? null,
      tcp: tcp.map(({ address, result, code, elapsedMs }) => ({ address, result, code: code ?? null, elapsedMs })),
      http:
        http === undefined
          ? null
          : http.result === 'answer'
            ? { status: http.status, server: http.server ?? null, elapsedMs: http.elapsedMs }
            : { result: http.result, elapsedMs: http.elapsedMs },
      handshake:
        handshake === undefined
          ? null
          : {
              result: handshake.result,
              status: handshake.result === 'open' ? 101 : handshake.result === 'refused' ? handshake.status : null,
              elapsedMs: handshake.elapsedMs,
            },
      session:
        session === undefined
          ? null
          : {
              heldMs: session.heldMs,
              messages: session.messages,
              pongMs: session.pong?.result === 'pong' ? session.pong.elapsedMs : null,
              close: session.close === undefined ? null : { code: session.close.code, afterMs: session.close.afterMs },
            },
    },
    notes: session?.pong?.result === 'unanswered' ? ['ping-unanswered'] : [],
    diagnosis: proof.diagnosis ?? null,
  }
}

function ms(value: number): string {
  return `${Math.max(1, Math.round(value))} ms`
}
