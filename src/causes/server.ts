import { judgeCrashedImport } from '../checks/application.ts'
import { judgeCrashed, judgeLifetime, judgeListener, judgeWaiting } from '../checks/server-process.ts'
import { webSocketLibrary } from '../fix/planners/environment.ts'
import { continueServer, startAnew } from '../fix/planners/serving.ts'
import type { Cause } from './cause.ts'

const server = { family: 'server', severity: 'error' } as const

/** The server process itself. */
export const serverCauses = [
  {
    ...server,
    id: 'server-not-running',
    automatic: 'yes',
    title: 'Nothing serves the URL',
    rules: { unbound: judgeWaiting },
    fix: startAnew,
  },
  {
    ...server,
    id: 'wsgi-server-on-port',
    automatic: 'yes',
    title: 'A WSGI server answers on the port',
    vague: 'process',
    strange: true,
    rules: { process: judgeListener },
    fix: startAnew,
  },
  {
    ...server,
    id: 'asgi-app-under-wsgi-server',
    automatic: 'yes',
    title: 'The ASGI application is run by a WSGI worker',
    vague: 'inside',
    rules: { process: judgeListener },
    fix: startAnew,
  },
  {
    ...server,
    id: 'asgi-app-wrong',
    automatic: 'yes',
    title: 'The ASGI server was given something that is no ASGI application',
    vague: 'log',
    rules: { process: judgeListener },
    fix: startAnew,
  },
  {
    ...server,
    id: 'ws-library-missing',
    automatic: 'yes',
    title: 'uvicorn runs without a WebSocket library',
    vague: 'process',
    rules: { process: judgeListener },
    fix: webSocketLibrary,
  },
  {
    ...server,
    id: 'server-suspended',
    automatic: 'ask',
    title: 'The server process is stopped, as by Ctrl+Z',
    vague: 'inside',
    strange: true,
    rules: { process: judgeListener },
    fix: continueServer,
  },
  {
    ...server,
    id: 'server-crashes',
    automatic: 'no',
    title: 'The server process dies while a socket is open',
    vague: 'log',
    strange: true,
    rules: { stopped: judgeCrashedImport, process: judgeCrashed },
  },
  {
    ...server,
    id: 'server-websocket-timeout',
    automatic: 'yes',
    title: 'The server ends every WebSocket after a fixed time',
    rules: { sent: judgeLifetime },
    fix: startAnew,
  },
] as const satisfies readonly Cause[]
