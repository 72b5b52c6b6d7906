import type { Place } from './options.ts'
import type { Server } from './server.ts'

export const daphne = {
  name: 'daphne',
  preference: 1,
  install: 'daphne',
  // its own refusals carry no header at all
  header: 'daphne',
  launch: {
    imports: 'daphne.cli',
    // its `__main__.py`
    moduleSince: 3,
    args: ({ host, port, application }) => ['-b', host, '-p', String(port), application],
  },
  deploy: {
    args: (application, port) => ['--proxy-headers', '-b', '0.0.0.0', '-p', port, application],
    note: 'daphne ends its sockets at once when it is told to: pages must connect again, as after any update',
  },
  // daphne/cli.py
  table: {
    valued: `
      --port -p, --bind -b, --websocket_timeout, --websocket_connect_timeout, --unix-socket -u, --fd, --endpoint -e, --verbosity -v,
      --http-timeout -t, --access-log, --log-fmt, --ping-interval, --ping-timeout, --websocket-max-message-size,
      --websocket-max-frame-size, --application-close-timeout, --root-path, --proxy-headers-host, --proxy-headers-port, --server-name
      -s`,
    flags: '--help -h, --proxy-headers, --no-server-name',
    abbreviates: true,
    others: 'flag',
  },
  read: (options, { placeAmong, readEndpoint }) => {
    const endpoints = options.values('--endpoint').map((endpoint) => readEndpoint(endpoint))
    const [bind, port, unix] = [options.value('--bind'), options.number('--port'), options.value('--unix-socket')]
    const told = unix !== undefined || options.has('--fd') || endpoints.length > 0
    const timeout = options.number('--websocket_timeout')
    const place: Place =
      bind !== undefined || port !== undefined || !told
        ? { host: (bind ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port: port ?? 8000, unixSocket: unix }
        : { ...placeAmong(endpoints), ...(unix === undefined ? {} : { unixSocket: unix }) }
    return {
      ...place,
      websocketTimeout: timeout === undefined || timeout < 0 ? undefined : timeout,
      tls: endpoints.some(({ tls }) => tls),
    }
  },
} as const satisfies Server
