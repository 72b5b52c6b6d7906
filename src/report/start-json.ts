import type { BroadcastFact } from '../facts/observed.ts'
import type { ServiceStatus } from '../facts/service-status.ts'
import type { Host } from '../host/host.ts'
import type { SocketState, StartReport } from './start-report.ts'

/** The version of the events' shape. */
export const schemaVersion = 1

/** `start --json`: one event a line on standard output, and nothing else there. */
export function startJson(host: Host): StartReport {
  const { terminal } = host
  const emit = (event: string, data: Readonly<Record<string, unknown>>) => terminal.json({ schemaVersion, event, ...data })
  return {
    phase: (text) => emit('phase', { text }),
    note: (text) => emit('note', { text }),
    warning: (id, text) => emit('warning', { id, text }),
    line: (service, line) => terminal.jsonLog({ schemaVersion, event: 'log', service, line }),
    setupList: (steps) =>
      emit('setup', { steps: steps.map(({ id, title, shown, evidence, certain }) => ({ id, title, command: shown, evidence, certain })) }),
    setupStep: ({ id, shown }) => emit('setup-step', { id, command: shown }),
    setupLine: (line) => emit('log', { service: 'setup', line }),
    setupUser: (user) => emit('setup-user', { ...user }),
    ready: (summary) =>
      emit('ready', {
        ...summary,
        websocket: { url: summary.websocket.url, ...stateOf(summary.websocket.state) },
        frontend: summary.frontend ?? null,
        services: summary.services.map(nulls),
        instances: summary.instances.map((instance) => ({ ...instance, pid: instance.pid ?? null })),
      }),
    service: (status) => emit('service', nulls(status)),
    frontend: (summary) => emit('frontend', { ...summary }),
    restarting: (why) => emit('restarting', { why }),
    restarted: ({ why, elapsedMs, url, state, note }) =>
      emit('restarted', { why, elapsedMs, websocket: { url, ...stateOf(state) }, ...(note === undefined ? {} : { note }) }),
    refusedReload: (problem) => emit('reload-refused', { ...problem, since: problem.since ?? null }),
    openSockets: (count) => emit('open-sockets', { count }),
    socket: (url, state) => emit('websocket', { url, ...stateOf(state) }),
    diagnosis: (diagnosis) => emit('diagnosis', { diagnosis }),
    error: (error) => emit('error', { code: error.code, message: error.message, hint: error.hint ?? null, evidence: error.evidence }),
    stopping: (reason) => emit('stopping', { reason }),
    end: (exitCode) => emit('end', { exitCode }),
  }
}

function stateOf(state: SocketState): Readonly<Record<string, unknown>> {
  if (state.dot === 'green')
    return {
      state: 'connected',
      handshakeMs: state.handshakeMs,
      pongMs: state.pongMs ?? null,
      heldMs: state.heldMs,
      broadcast: broadcastOf(state.broadcast),
      diagnosis: null,
    }
  return { state: state.dot === 'yellow' ? 'wants-token' : 'not-connected', diagnosis: state.diagnosis }
}

function broadcastOf(fact: BroadcastFact | undefined): Readonly<Record<string, unknown>> | null {
  return fact === undefined ? null : { sent: fact.sent, received: fact.received, elapsedMs: fact.elapsedMs }
}

/** What is not known is null in JSON, not left out. */
function nulls(status: ServiceStatus): Readonly<Record<string, unknown>> {
  return { ...status, pid: status.pid ?? null, url: status.url ?? null, why: status.why ?? null }
}
