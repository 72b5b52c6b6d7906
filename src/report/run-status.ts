import type { RunStatus, SocketStatus } from '../facts/run-status.ts'
import { wordOf, type SocketState } from './run-event.ts'
import type { StackStatus } from './stack-control.ts'

/** The stack's status as it leaves the process. */
export function runStatusOf(status: StackStatus): RunStatus {
  return {
    services: status.services.map(({ name, kind, state, pid, url, restarts, why }) => ({
      name,
      kind,
      state,
      pid: pid ?? null,
      url: url ?? null,
      restarts,
      why: why ?? null,
    })),
    websocket: status.websocket === undefined ? null : socketStatusOf(status.websocket.url, status.websocket.state),
    openSockets: status.openSockets ?? null,
    lastError: status.lastError ?? null,
    page: status.page ?? null,
  }
}

function socketStatusOf(url: string, state: SocketState): SocketStatus {
  const nothing = { url, handshakeMs: null, pongMs: null, broadcast: null, cause: null }
  if (state.dot !== 'green') {
    const { id, title, remedy } = state.diagnosis
    return { ...nothing, state: wordOf(state), cause: { id, title, remedy: remedy.text } }
  }
  const { handshakeMs, pongMs, broadcast } = state
  return {
    ...nothing,
    state: wordOf(state),
    handshakeMs,
    pongMs: pongMs ?? null,
    broadcast: broadcast === undefined ? null : { sent: broadcast.sent, received: broadcast.received },
  }
}
