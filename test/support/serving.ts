/** What the wire and the machine show of a URL, in short, for tables of rules. */
import type { Evidence } from '../../src/checks/evidence.ts'
import type { HttpFact } from '../../src/host/http.ts'
import type { HandshakeFact, SessionFact, ShownEndpoint, WireFacts } from '../../src/facts/wire.ts'
import type { ServerProcess } from '../../src/facts/server-process.ts'
import { evidenceOf, serverOf, wireOf } from './evidence.ts'

/** An HTTP answer to the upgrade. */
export const refused = (status: number, headers: Readonly<Record<string, string>> = {}, body = ''): HandshakeFact => ({
  result: 'refused',
  status,
  reason: '',
  headers,
  body,
  elapsedMs: 9,
})
export const opened: HandshakeFact = { result: 'open', elapsedMs: 4, subprotocol: '' }
export const silent: HandshakeFact = { result: 'silent', elapsedMs: 6500 }
export const broken = (code: string, elapsedMs = 3): HandshakeFact => ({ result: 'broken', code, message: code, elapsedMs })

/** A page, or another answer to GET. */
export const page = (status: number, server?: string, body = ''): HttpFact => ({
  result: 'answer',
  status,
  reason: '',
  server,
  headers: {},
  body,
  elapsedMs: 5,
})

/** A handshake that failed, and what was seen around it. */
export const failed = (handshake: HandshakeFact, more: Partial<WireFacts> = {}): WireFacts =>
  wireOf({ handshake, session: undefined, ...more })

/** A socket that ended with a code. */
export function ended(code: number, more: Partial<SessionFact> = {}): WireFacts {
  const close = { code, reason: '', afterMs: 2100, messagesBefore: 1 }
  return wireOf({ session: { heldMs: 2100, close, messages: 1, pong: { result: 'pong', elapsedMs: 2 }, second: undefined, ...more } })
}

/** The endpoint with something else in it. */
export const endpoint = (more: Partial<ShownEndpoint>): ShownEndpoint => ({ ...wireOf().endpoint, ...more })

/** Another port than the one of the URL, where a server of the project listens. */
export const elsewhere = serverOf({ listens: [{ address: '127.0.0.1', port: 8001 }] })

/** A program of somebody else's on the port of the URL. */
export const stranger = (argv: readonly string[], more: Partial<ServerProcess> = {}): ServerProcess => ({
  ...serverOf({ pid: 815, argv, cwd: '/srv/other', project: 'other', ...more }),
  command: undefined,
})

/** Who is on the machine: at the port of the URL, and of the project. */
export const machine = (onPorts: readonly ServerProcess[], ofProject: readonly ServerProcess[] = onPorts): Evidence['servers'] => ({
  onPorts,
  ofProject,
  source: '/proc',
  problem: undefined,
})

/** Something in front of the backend: the handshake through it, and the same directly. */
export function proxied(through: WireFacts, direct: WireFacts = wireOf(), more: Partial<Evidence> = {}): Evidence {
  const nginx = stranger(['nginx: master process nginx'])
  const behind = { ...direct, endpoint: endpoint({ port: 8001, url: 'ws://127.0.0.1:8001/ws/election-updates/' }) }
  return evidenceOf({ wire: through, direct: behind, servers: machine([nginx], [elsewhere]), ...more })
}
