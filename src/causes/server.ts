import { judgeCrashedImport } from '../checks/application.ts'
import { judgeCrashed, judgeLifetime, judgeListener, judgeWaiting } from '../checks/server-process.ts'
import { webSocketLibrary } from '../fix/planners/environment.ts'
import { continueServer, startAnew } from '../fix/planners/serving.ts'
import type { Cause } from './cause.ts'

const server = { family: 'server', severity: 'error', automatic: 'yes' } as const
const listener = { ...server, rules: { process: judgeListener } } as const

/** The server process itself. */
export const serverCauses = [
  { ...server, id: 'server-not-running', title: 'Nothing serves the URL', rules: { unbound: judgeWaiting }, fix: startAnew },
  { ...listener, id: 'wsgi-server-on-port', title: 'A WSGI server answers on the port', vague: 'process', strange: true, fix: startAnew },
  { ...listener, id: 'asgi-app-under-wsgi-server', title: 'The ASGI application is run by a WSGI worker', vague: 'inside', fix: startAnew },
  {
    ...listener,
    id: 'asgi-app-wrong',
    title: 'The ASGI server was given something other than an ASGI application',
    vague: 'log',
    fix: startAnew,
  },
  { ...listener, id: 'ws-library-missing', title: 'uvicorn runs without a WebSocket library', vague: 'process', fix: webSocketLibrary },
  {
    ...listener,
    id: 'server-suspended',
    automatic: 'ask',
    title: 'The server process is stopped, as by Ctrl+Z',
    vague: 'inside',
    strange: true,
    fix: continueServer,
  },
  {
    ...server,
    id: 'server-crashes',
    noCommands: "only the crash's own traceback shows where it lies",
    automatic: 'no',
    title: 'The server process dies while a socket is open',
    vague: 'log',
    strange: true,
    rules: { stopped: judgeCrashedImport, process: judgeCrashed },
  },
  {
    ...server,
    id: 'server-websocket-timeout',
    title: 'The server ends every WebSocket after a fixed time',
    rules: { sent: judgeLifetime },
    fix: startAnew,
  },
] as const satisfies readonly Cause[]
