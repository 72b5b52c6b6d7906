/** The options of the servers, read off their sources. */
import type { OptionTable } from './server-options.ts'

/** daphne/cli.py */
export const daphneTable: OptionTable = {
  valued: [
    '--port -p',
    '--bind -b',
    '--websocket_timeout',
    '--websocket_connect_timeout',
    '--unix-socket -u',
    '--fd',
    '--endpoint -e',
    '--verbosity -v',
    '--http-timeout -t',
    '--access-log',
    '--log-fmt',
    '--ping-interval',
    '--ping-timeout',
    '--websocket-max-message-size',
    '--websocket-max-frame-size',
    '--application-close-timeout',
    '--root-path',
    '--proxy-headers-host',
    '--proxy-headers-port',
    '--server-name -s',
  ],
  flags: ['--help -h', '--proxy-headers', '--no-server-name'],
  abbreviates: true,
  others: 'flag',
}

/** uvicorn/main.py; click doesn't let options be shortened. */
export const uvicornTable: OptionTable = {
  valued: [],
  flags: [
    '--reload',
    '--http2',
    '--access-log',
    '--no-access-log',
    '--use-colors',
    '--no-use-colors',
    '--proxy-headers',
    '--no-proxy-headers',
    '--server-header',
    '--no-server-header',
    '--date-header',
    '--no-date-header',
    '--reset-contextvars',
    '--factory',
    '--version',
    '--help',
  ],
  abbreviates: false,
  others: 'valued',
}

/** hypercorn/__main__.py */
export const hypercornTable: OptionTable = {
  valued: [
    '--bind -b',
    '--config -c',
    '--group -g',
    '--worker-class -k',
    '--pid -p',
    '--umask -m',
    '--user -u',
    '--workers -w',
    '--certfile',
    '--keyfile',
    '--keyfile-password',
  ],
  flags: ['--help -h', '--daemon -D', '--debug', '--reload'],
  abbreviates: true,
  others: 'valued',
}

/** gunicorn/config.py: what takes no value; the rest does. */
export const gunicornTable: OptionTable = {
  valued: [
    '--bind -b',
    '--workers -w',
    '--worker-class -k',
    '--config -c',
    '--timeout -t',
    '--name -n',
    '--env -e',
    '--user -u',
    '--group -g',
    '--umask -m',
    '--pid -p',
  ],
  flags: [
    '--help -h',
    '--version -v',
    '--reload',
    '--daemon -D',
    '--preload',
    '--check-config',
    '--print-config',
    '--spew',
    '--no-sendfile',
    '--reuse-port',
    '--initgroups',
    '--capture-output',
    '--log-syslog',
    '--enable-stdio-inheritance -R',
    '--disable-redirect-access-to-syslog',
    '--proxy-protocol',
    '--do-handshake-on-connect',
    '--suppress-ragged-eofs',
    '--strip-header-spaces',
    '--permit-obsolete-folding',
    '--permit-unconventional-http-method',
    '--permit-unconventional-http-version',
    '--casefold-http-method',
  ],
  abbreviates: true,
  others: 'valued',
}

/** django/core/management/commands/runserver.py, and daphne's own in daphne/management/commands. */
export const runserverTable: OptionTable = {
  valued: [
    '--settings',
    '--pythonpath',
    '--verbosity -v',
    '--http_timeout',
    '--websocket_handshake_timeout',
    '--websocket-max-message-size',
    '--websocket-max-frame-size',
  ],
  flags: ['--ipv6 -6', '--nothreading', '--noreload', '--noasgi', '--nostatic', '--insecure', '--traceback', '--no-color', '--skip-checks'],
  abbreviates: true,
  others: 'flag',
}
