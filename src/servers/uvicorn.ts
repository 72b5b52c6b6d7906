import { since, type Server } from './server.ts'

export const uvicorn = {
  name: 'uvicorn',
  preference: 2,
  install: 'uvicorn[standard]',
  header: 'uvicorn',
  libraryHeader: String.raw`python\/[\d.]+ websockets`,
  libraries: {
    // https://www.uvicorn.org/settings/#implementation
    names: ['websockets', 'wsproto'],
    // 0.20 and newer takes an upgrade that it can't make for a page
    body: /unsupported upgrade request\.?/i,
    log: /No supported WebSocket library detected/i,
  },
  launch: {
    imports: 'uvicorn.main',
    args: ({ version, host, port, color, application }) => {
      const colors = color ? '--use-colors' : '--no-use-colors'
      // a browser holds its socket open, and uvicorn waits for it without end by default (uvicorn #1972)
      const graceful = since(version, 22) ? ['--timeout-graceful-shutdown', '2'] : []
      return ['--host', host, '--port', String(port), ...graceful, colors, application]
    },
  },
  deploy: {
    args: (application, port, drain) =>
      ['--host', '0.0.0.0', '--port', port, '--proxy-headers', '--forwarded-allow-ips', '*'].concat(
        '--timeout-graceful-shutdown',
        drain,
        application,
      ),
  },
  // uvicorn/main.py; click doesn't let options be shortened
  table: {
    valued: '',
    flags: `
      --reload, --http2, --access-log, --no-access-log, --use-colors, --no-use-colors, --proxy-headers, --no-proxy-headers,
      --server-header, --no-server-header, --date-header, --no-date-header, --reset-contextvars, --factory, --version, --help`,
    abbreviates: false,
    others: 'valued',
  },
  read: (options) => {
    const elsewhere = options.has('--uds') || options.has('--fd')
    return {
      host: elsewhere ? undefined : (options.value('--host') ?? '127.0.0.1'),
      port: elsewhere ? undefined : (options.number('--port') ?? 8000),
      unixSocket: options.value('--uds'),
      workers: options.number('--workers'),
      ws: options.value('--ws'),
      wsMaxSize: options.number('--ws-max-size'),
      reload: options.has('--reload'),
      tls: options.has('--ssl-keyfile') || options.has('--ssl-certfile'),
    }
  },
  folders: ({ values }) => values('--app-dir'),
} as const satisfies Server
