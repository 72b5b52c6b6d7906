import { bracketed } from '../host/tcp.ts'
import type { Server } from './server.ts'

/** Django's, which the daphne app makes an ASGI server of; Channels 2 and 3 have one of their own. */
export const runserver = {
  name: 'runserver',
  preference: 4,
  shown: 'runserver (daphne)',
  distribution: 'daphne',
  install: 'daphne',
  // Django's runserver and testserver, and what projects and packages make of them: `runserver_plus`, `runsslserver`, `devserver`
  command: /^(?:run_?|test|dev|live)\w*server\w*$/,
  header: 'WSGIServer',
  saysTaken: 'That port is already in use',
  standsFor: 'daphne',
  launch: {
    needs: {
      said: 'runserver speaks WebSocket only with "daphne" installed and first in INSTALLED_APPS',
      met: ({ packages, hasDaphneApp }) => {
        const channels = /^[23]\./.exec(packages.get('channels') ?? '')?.[0]
        if (hasDaphneApp) return 'the daphne app is in INSTALLED_APPS'
        return channels === undefined ? undefined : `Channels ${channels[0] ?? ''} has it`
      },
    },
    args: ({ host, port, color }) => ['--noreload', color ? '--force-color' : '--no-color', `${bracketed(host)}:${port}`],
  },
  // django/core/management/commands/runserver.py, and daphne's own in daphne/management/commands
  table: {
    valued: `
      --settings, --pythonpath, --verbosity -v, --http_timeout, --websocket_handshake_timeout, --websocket-max-message-size,
      --websocket-max-frame-size`,
    flags: '--ipv6 -6, --nothreading, --noreload, --noasgi, --nostatic, --insecure, --traceback, --no-color, --skip-checks',
    abbreviates: true,
    others: 'flag',
  },
  read: (options, { wholeNumber }) => {
    const loopback = options.has('--ipv6') ? '::1' : '127.0.0.1'
    const place = /^(?:(.+):)?(\d+)$/.exec(options.positionals[0] ?? '')
    const host = place?.[1]?.replace(/^\[|\]$/g, '') ?? loopback
    return {
      application: undefined,
      // Django's own documentation writes 0:8000 for every address
      host: host === '0' ? '0.0.0.0' : host,
      port: wholeNumber(place?.[2]) ?? 8000,
      reload: !options.has('--noreload'),
      noAsgi: options.has('--noasgi'),
    }
  },
  folders: ({ values }) => values('--pythonpath'),
} as const satisfies Server
