import type { IdsOfFamily } from '../vocabulary.ts'
import type { Page } from './page.ts'

/** The port and address that the server binds. */
export const addressPages: Readonly<Record<IdsOfFamily<'address'>, Page>> = {
  'port-in-use': {
    what: "A program that isn't this backend holds the port. The backend could not start, or started elsewhere, and the page talks to the wrong program: the socket fails with 1006 and requests get odd answers or none.",
    tells: [
      'What answers is not this project: `Server: SimpleHTTP/…`, the page of a Node program, or bytes that are not HTTP at all (Redis and databases close at once).',
      'daphne: `CRITICAL Listen failure: … [Errno 98] Address already in use`, and exit status 0. uvicorn: `[Errno 98] error while attempting to bind`, exit 1. runserver: `Error: That port is already in use.` hypercorn: `OSError: [Errno 98]`. gunicorn: `Connection in use`, several times.',
      'The number differs by system: Errno 48 on macOS, WinError 10048 on Windows.',
      'If the holder is an older run of this same backend, the cause is `stale-server-old-code`.',
    ],
    mend: [
      'Find the holder. Linux: `ss -ltnp`; macOS: `lsof -nP -iTCP:8000 -sTCP:LISTEN`; Windows: `netstat -ano`, then `tasklist` with the PID of the last column.',
      'Stop that program, or use another port: `election-dev start --port 8001`. Then give the page the same port (VITE_WS_URL or the like).',
      'On macOS, ports 5000 and 7000 belong to the AirPlay receiver: switch it off in the system settings, or avoid them.',
    ],
    commands: [
      ['ss', '-ltnp'],
      ['election-dev', 'start', '--port', '8001'],
    ],
    background:
      'One address and port can have one listener. Daphne reports the failure in its log and then stops its event loop in the regular way, so its exit status says success: a script that only looks at the status believes that the server was stopped on purpose.',
  },
  'stale-server-old-code': {
    what: 'An earlier run of this backend is still alive and holds the port. It serves the code it was started with, so a route or a fix that is on disk has no effect, and the new start failed without much noise.',
    tells: [
      'The routes on disk have the path, yet the server says 500 and logs `No route found for path`.',
      "The listener's process is older than the last change of the code, or its working folder is another checkout.",
      'A second start fails with `Errno 98` (48 on macOS, WinError 10048 on Windows).',
      'If the routes on disk lack the path as well, it is `no-websocket-route`.',
    ],
    mend: [
      'Stop the old process by its PID: `kill PID`; Windows: `taskkill /PID PID /T`.',
      'Start the backend again. Daphne, uvicorn without `--reload` and hypercorn never take up changed code by themselves.',
    ],
    commands: [
      ['kill', 'PID'],
      ['election-dev', 'start'],
    ],
    background:
      'Python reads a module once, when it is first imported. A server that was started in a terminal that was closed, or by a script that ended first, may go on in the background for days; `election-dev start` ends what it started when its terminal goes.',
  },
  'bad-port-permission': {
    what: 'The backend is to listen on a port below 1024, such as 80 or 443, and the user who starts it may not do that. The server ends at once or never opens the port, and the page gets no connection.',
    tells: [
      "Nothing listens. daphne: `Listen failure: Couldn't listen on 127.0.0.1:80: [Errno 13] Permission denied`, exit 0. uvicorn: `[Errno 13] error while attempting to bind`. runserver: `You don't have permission to access that port.`",
      'The user is not root, and on Linux `net.ipv4.ip_unprivileged_port_start` is above the port.',
      'On Windows the message is WinError 10013, also for higher ports that Hyper-V has reserved: `netsh interface ipv4 show excludedportrange protocol=tcp` lists them.',
    ],
    mend: [
      'Use a port above 1023, such as 8000, and give the page the same one.',
      'Where the page has to reach port 80 or 443, put nginx or Caddy in front; the backend stays on 8000.',
    ],
    commands: [['election-dev', 'start', '--port', '8000']],
    background:
      'UNIX keeps the low ports for the administrator so that no ordinary user can pose as a service of the machine. Starting Django with sudo would lift the limit and give every bug in it the rights of root.',
  },
  'bind-address-unavailable': {
    what: "The server was told to listen on an IP address that no network card of this machine has, for example that of a colleague, of yesterday's Wi-Fi or of a VPN that is off. It can't start, and the page gets no connection.",
    tells: [
      'Nothing listens, and the log says `[Errno 99] Cannot assign requested address` (Errno 49 on macOS, WinError 10049 on Windows).',
      'The address after `-b` or `--host` is not in the list of `ip -brief address` (macOS: `ifconfig`, Windows: `ipconfig`).',
      'The same words behind `connecting to` are about a connection out, to Redis or a database, and mean something else.',
    ],
    mend: [
      'Bind 127.0.0.1 for this machine alone, or 0.0.0.0 where others in the network have to reach it.',
      "Then use that machine's real address in the page's URL: 0.0.0.0 is for binding only.",
    ],
    commands: [
      ['election-dev', 'start', '--host', '127.0.0.1'],
      ['ip', '-brief', 'address'],
    ],
    background:
      "Binding to an address means to take connections that arrive at it, so it has to be one of the machine's own. In a container that is the address inside: the one of the host is never there, and 0.0.0.0 is the usual choice.",
  },
  'unix-socket': {
    what: 'The backend runs, but it listens on a socket file instead of a TCP port. Only a proxy on the same machine can use that; a browser and the dev server get `connection refused`, as if nothing ran.',
    tells: [
      'TCP is refused, and yet a daphne of this project is alive with `-u FILE` (uvicorn: `--uds FILE`, hypercorn and gunicorn: `--bind unix:FILE`).',
      'On Linux the file is listed in `/proc/net/unix`; `ss -lx` shows it too.',
      'Without such a process it is `server-not-running`.',
    ],
    mend: [
      'Let it listen on TCP: `-b 127.0.0.1 -p 8000`. Daphne takes `-u`, `-b` and `-p` together.',
      'Or keep the file and put a proxy in front of it, such as nginx with `proxy_pass http://unix:FILE:;`.',
    ],
    commands: [['python', '-m', 'daphne', '-b', '127.0.0.1', '-p', '8000', 'core.asgi:application']],
    background:
      'Start commands for servers often use a socket file because nginx stands in front there. Copied to a development machine without nginx, the same command gives a healthy backend that nobody can reach.',
  },
}
