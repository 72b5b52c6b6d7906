import { bracketed } from '../host/tcp.ts'
import { since, type Server } from './server.ts'

/** `--workers 0`, in the process itself; before it, 1 was that (0.13), or a child of it (0.14). */
const inProcess = (version: string): boolean => since(version, 15)

export const hypercorn = {
  name: 'hypercorn',
  preference: 3,
  install: 'hypercorn',
  header: 'hypercorn',
  exceptionCode: 1000,
  launch: {
    imports: 'hypercorn.run',
    // 0 workers: served by the process itself, without a parent that would hide a crash
    args: ({ version, host, port, application }) => {
      const workers = inProcess(version) ? '0' : '1'
      return ['--bind', `${bracketed(host)}:${port}`, '--workers', workers, '--graceful-timeout', '2', application]
    },
    // the application is imported by its parent and served by a child, spawned, which has no path and no pipe of its parent's
    servesFromChild: (version) => since(version, 14) && !inProcess(version),
  },
  deploy: {
    args: (application, port, drain) => ['--bind', `0.0.0.0:${port}`, '--workers', '0', '--graceful-timeout', drain, application],
  },
  // hypercorn/__main__.py
  table: {
    valued: `
      --bind -b, --config -c, --group -g, --worker-class -k, --pid -p, --umask -m, --user -u, --workers -w, --certfile, --keyfile,
      --keyfile-password`,
    flags: '--help -h, --daemon -D, --debug, --reload',
    abbreviates: true,
    others: 'valued',
  },
  read: (options, { readBound }) => readBound(options, options.values('--bind')),
} as const satisfies Server
