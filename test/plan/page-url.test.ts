import { describe, expect, test } from 'vitest'
import type { FrontendWiring } from '../../src/facts/frontend-wiring.ts'
import type { ServersFact } from '../../src/facts/server-process.ts'
import { pageUrl } from '../../src/plan/page-url.ts'

const path = '/ws/election-updates/'
const nothing: ServersFact = { onPorts: [], ofProject: [], source: '/proc', problem: undefined }
const wiring = (parts: Partial<FrontendWiring>): FrontendWiring => ({
  folder: 'frontend',
  urls: [],
  variables: [],
  proxies: [],
  ...parts,
})
const running = (address: string, port: number, tls = false): ServersFact => ({
  ...nothing,
  ofProject: [
    {
      pid: 4711,
      parent: 1,
      argv: ['daphne'],
      cwd: undefined,
      executable: undefined,
      state: 'running',
      startedAt: undefined,
      command: {
        program: 'daphne',
        application: undefined,
        host: undefined,
        port,
        unixSocket: undefined,
        workers: undefined,
        workerClass: undefined,
        websocketTimeout: undefined,
        ws: undefined,
        wsMaxSize: undefined,
        reload: false,
        noAsgi: false,
        tls,
      },
      listens: [{ address, port }],
      unixSockets: [],
      project: 'this',
      env: undefined,
      logs: [],
    },
  ],
})
const variable = (value: string) => ({ file: '.env', line: 2, name: 'VITE_WS_URL', value })
const written = (text: string) => {
  const url = new URL(text)
  return { file: 'src/socket.ts', line: 7, text, scheme: 'ws' as const, host: url.hostname, port: Number(url.port), path: url.pathname }
}

describe('which WebSocket the page opens', () => {
  test.each([
    ['nothing known', wiring({}), nothing, undefined],
    [
      'a variable',
      wiring({ variables: [variable('ws://localhost:8001/ws/election-updates/')] }),
      nothing,
      'ws://localhost:8001/ws/election-updates/',
    ],
    [
      'a variable that names the server alone',
      wiring({ variables: [variable('ws://localhost:8001')] }),
      nothing,
      `ws://localhost:8001${path}`,
    ],
    [
      'a variable before a source',
      wiring({ variables: [variable('ws://localhost:1/a/')], urls: [written('ws://localhost:2/b/')] }),
      nothing,
      'ws://localhost:1/a/',
    ],
    ['a source', wiring({ urls: [written('ws://127.0.0.1:8002/ws/x/')] }), nothing, 'ws://127.0.0.1:8002/ws/x/'],
    [
      'a variable for production',
      wiring({ variables: [variable('wss://elections.example.org/ws/')] }),
      running('127.0.0.1', 8005),
      `ws://127.0.0.1:8005${path}`,
    ],
    ['an API URL', wiring({ variables: [variable('http://localhost:8000')] }), nothing, undefined],
    ['the running server', wiring({}), running('0.0.0.0', 8005), `ws://127.0.0.1:8005${path}`],
    ['the running server with TLS on IPv6', wiring({}), running('::1', 8005, true), `wss://[::1]:8005${path}`],
  ])('%s', (_, wired, servers, wanted) => {
    expect(pageUrl(wired, servers, path)?.url).toBe(wanted)
  })
})
