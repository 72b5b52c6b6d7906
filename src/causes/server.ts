import type { Cause } from './cause.ts'

/** The server process itself. */
export const serverCauses = [
  { id: 'server-not-running', family: 'server', severity: 'error', automatic: 'yes', title: 'Nothing serves the URL' },
  { id: 'wsgi-server-on-port', family: 'server', severity: 'error', automatic: 'yes', title: 'A WSGI server answers on the port' },
  {
    id: 'asgi-app-under-wsgi-server',
    family: 'server',
    severity: 'error',
    automatic: 'yes',
    title: 'The ASGI application is run by a WSGI worker',
  },
  {
    id: 'asgi-app-wrong',
    family: 'server',
    severity: 'error',
    automatic: 'yes',
    title: 'The ASGI server was given something that is no ASGI application',
  },
  { id: 'ws-library-missing', family: 'server', severity: 'error', automatic: 'yes', title: 'uvicorn runs without a WebSocket library' },
  { id: 'server-suspended', family: 'server', severity: 'error', automatic: 'ask', title: 'The server process is stopped, as by Ctrl+Z' },
  { id: 'server-crashes', family: 'server', severity: 'error', automatic: 'no', title: 'The server process dies while a socket is open' },
  {
    id: 'server-websocket-timeout',
    family: 'server',
    severity: 'error',
    automatic: 'yes',
    title: 'The server ends every WebSocket after a fixed time',
  },
] as const satisfies readonly Cause[]
