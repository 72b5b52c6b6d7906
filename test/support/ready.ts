/** The banner of a healthy backend with as little as there can be in it. */
import type { ReadySummary } from '../../src/report/run-event.ts'

export const bareSummary: ReadySummary = {
  version: '0.1.0',
  readyMs: 812.5,
  websocket: {
    url: 'ws://127.0.0.1:8000/ws/',
    state: { dot: 'green', handshakeMs: 1, pongMs: 1, heldMs: 1, user: undefined, broadcast: undefined },
  },
  backend: {
    url: 'http://127.0.0.1:8000/',
    server: 'daphne',
    serverVersion: '4.2.3',
    django: undefined,
    environment: 'backend/venv',
    pid: undefined,
    openToNetwork: false,
  },
  channels: { layer: 'memory', text: 'in memory', note: undefined },
  frontend: undefined,
  services: [],
  instances: [],
  beside: undefined,
  page: undefined,
  notes: [],
}
