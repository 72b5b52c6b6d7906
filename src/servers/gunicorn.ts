import type { Server } from './server.ts'

const listed = (texts: string): string[] => texts.split(',')

export const gunicorn = {
  name: 'gunicorn',
  preference: 5,
  install: 'gunicorn',
  header: 'gunicorn',
  worker: { usual: 'sync', asgi: '-k uvicorn.workers.UvicornWorker' },
  standsFor: 'uvicorn',
  // where setproctitle is installed (gunicorn/util.py, _setproctitle); --name stands there in place of the application, where it is given
  title: /^gunicorn: (?:master|worker|arbiter) \[(.*?)\]?\s*$/,
  // gunicorn/config.py: what takes no value; the rest does
  table: {
    valued: `
      --bind -b, --workers -w, --worker-class -k, --config -c, --timeout -t, --name -n, --env -e, --user -u, --group -g, --umask -m,
      --pid -p`,
    flags: `
      --help -h, --version -v, --reload, --daemon -D, --preload, --check-config, --print-config, --spew, --no-sendfile, --reuse-port,
      --initgroups, --capture-output, --log-syslog, --enable-stdio-inheritance -R, --disable-redirect-access-to-syslog,
      --proxy-protocol, --do-handshake-on-connect, --suppress-ragged-eofs, --strip-header-spaces, --permit-obsolete-folding,
      --permit-unconventional-http-method, --permit-unconventional-http-version, --casefold-http-method`,
    abbreviates: true,
    others: 'valued',
  },
  read: (options, { readBound }) => readBound(options, options.values('--bind').flatMap(listed)),
  folders: ({ values }) => [...values('--chdir'), ...values('--pythonpath').flatMap(listed)],
} as const satisfies Server
