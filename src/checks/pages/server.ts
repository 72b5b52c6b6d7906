import type { IdsOfFamily } from '../vocabulary.ts'
import { withCode, type Page } from './page.ts'

/** The server process itself. */
export const serverPages: Readonly<Record<IdsOfFamily<'server'>, Page>> = {
  'server-not-running': {
    what: 'No process listens where the page connects to, and nothing was found that would keep the backend from starting. The browser shows a WebSocket that fails at once with code 1006; login and every other request to the backend fail as well.',
    tells: [
      'Connecting gives `ECONNREFUSED` on every address of the host, and no server of this project listens on another port.',
      'The settings and the ASGI application import cleanly. If they do not, that is the cause, and this is only its effect.',
      'Behind a proxy the answer is `502 Bad Gateway` with the `Server` header of the proxy.',
      'A connection that is accepted and never answered is something else: see `server-suspended`.',
    ],
    mend: [
      'Start the backend: `election-dev start` in the project.',
      'By hand, in the folder of manage.py with the environment active: `python -m daphne -b 127.0.0.1 -p 8000 core.asgi:application`.',
      'If it starts and ends again, read its last lines: daphne also ends with status 0 when it could not bind the port.',
    ],
    commands: [
      ['election-dev', 'start'],
      ['python', '-m', 'daphne', '-b', '127.0.0.1', '-p', '8000', 'core.asgi:application'],
    ],
    background:
      'ECONNREFUSED is the answer of the operating system, not of a program: the machine was reached and no process has the port open. A browser hides it from scripts on purpose and reports 1006, as it does for every handshake that fails.',
  },
  'wsgi-server-on-port': {
    what: 'The backend runs on a WSGI server. Pages and the REST API work as always, so the backend looks healthy, but WSGI has no way to keep a WebSocket open. The browser says 1006, and the server log shows a GET on /ws/… with 404.',
    tells: [
      'The upgrade gets `404 Not Found` with `Server: WSGIServer/0.2 CPython/…` (that is `manage.py runserver`) or `Server: gunicorn`.',
      'A path that no route has is 404 too. Daphne, uvicorn and hypercorn say 500 or 403 there, never 404.',
      'The process is `manage.py runserver` without the daphne app or with `--noasgi`, or `gunicorn core.wsgi`.',
      'A 404 under `Server: nginx` is a proxy: see `proxy-strips-upgrade`.',
    ],
    mend: [
      'Stop it and start an ASGI server instead: `election-dev start`, or `python -m daphne core.asgi:application`.',
      withCode(
        'To keep `manage.py runserver`, make it an ASGI server: daphne installed and first in the list, ASGI_APPLICATION set, no `--noasgi`.',
        'INSTALLED_APPS = ["daphne", ..., "django.contrib.staticfiles", "channels"]',
        'ASGI_APPLICATION = "core.asgi.application"',
      ),
      'With gunicorn: `gunicorn -k uvicorn.workers.UvicornWorker core.asgi:application`.',
    ],
    commands: [
      ['election-dev', 'start'],
      ['python', '-m', 'daphne', 'core.asgi:application'],
    ],
    background:
      'WSGI calls the application once for a request and sends what it returns. An upgrade arrives as a plain GET whose Upgrade header is ignored, so Django looks /ws/… up in urls.py, finds nothing and answers 404. Channels 4 no longer replaces runserver by itself: since then only the daphne app does.',
  },
  'asgi-app-under-wsgi-server': {
    what: 'gunicorn was given the ASGI application, but its default worker speaks WSGI. Every page and every WebSocket is an internal server error.',
    tells: [
      'Every path is `500` with `Server: gunicorn`, the login too.',
      "The log has `TypeError: ProtocolTypeRouter.__call__() missing 1 required positional argument: 'send'` (for a bare Django application the class is `ASGIHandler`).",
      'The command line of the process has `core.asgi:application` and no `-k`.',
      'The other way round, an ASGI server with the WSGI application, is `asgi-app-wrong`.',
    ],
    mend: [
      'Add the ASGI worker: `gunicorn -k uvicorn.workers.UvicornWorker core.asgi:application`. It needs uvicorn and a WebSocket library in the environment.',
      'Or use daphne, which needs no worker class. On Windows that is the only one of the two: gunicorn does not run there.',
    ],
    commands: [
      ['gunicorn', '-k', 'uvicorn.workers.UvicornWorker', 'core.asgi:application'],
      ['python', '-m', 'daphne', 'core.asgi:application'],
    ],
    background:
      'A WSGI server calls the application with two arguments (environ, start_response), an ASGI server with three (scope, receive, send). The third is the one that the message misses.',
  },
  'asgi-app-wrong': {
    what: 'An ASGI server runs, but what it was told to run is no ASGI application; nearly always it is the WSGI one. Every page and every WebSocket is an error 500.',
    tells: [
      'Every path is 500. Daphne takes up to a second for it, because it looks for dead applications once a second.',
      "The log has `WSGIHandler.__call__() missing 1 required positional argument: 'start_response'`, or `takes 3 positional arguments but 4 were given`.",
      'The command line names `core.wsgi:application`.',
      'If it names `core.asgi:application` and runserver is used, look at the setting: `asgi-application-setting-wrong`.',
      'If only the WebSocket is 500 and pages work, it is the route, the consumer or what stands behind it.',
    ],
    mend: ['Name the ASGI application in the start command: `core.asgi:application` instead of `core.wsgi:application`.'],
    commands: [['python', '-m', 'daphne', '-b', '127.0.0.1', '-p', '8000', 'core.asgi:application']],
    background:
      'Servers import whatever name they are given and find out only with the first request whether it can be called as ASGI asks. That is why the start looks fine.',
  },
  'ws-library-missing': {
    what: 'uvicorn serves the backend, but it has no library that speaks WebSocket. Pages and the REST API work; every socket fails with 1006, whatever its path.',
    tells: [
      'uvicorn up to 0.19: the upgrade gets `400 Bad Request` with the body `Unsupported upgrade request.` and `Server: uvicorn`, on every path.',
      'Newer ones take the upgrade for a page and answer 404 with `Server: uvicorn`.',
      'The log says `No supported WebSocket library detected`, or the process was started with `--ws none`.',
      'Neither `websockets` nor `wsproto` can be imported by the Python that runs uvicorn.',
    ],
    mend: [
      "Install one into the backend's environment, then restart uvicorn: `python -m pip install websockets`, or all extras as below.",
      'If the start command has `--ws none`, drop it.',
    ],
    commands: [['python', '-m', 'pip', 'install', 'uvicorn[standard]']],
    background:
      'uvicorn leaves the WebSocket protocol to another package and does not require one: `pip install uvicorn` alone gives an HTTP server. The extra `standard` brings websockets along. Daphne and hypercorn bring theirs always.',
  },
  'server-suspended': {
    what: 'The server process is there and holds the port, but it is stopped, most often because Ctrl+Z was pressed in its terminal where Ctrl+C was meant. The browser waits: neither the page nor the socket ever gets an answer.',
    tells: [
      'The TCP connection opens, then not one byte comes, for plain HTTP as well.',
      'On Linux the third field of `/proc/PID/stat` is `T`; `ps -o pid,stat,args` shows `T` on macOS too.',
      'A process in state `S` that answers nothing is busy or blocked, not stopped: see `sync-consumer-blocks`.',
      'If plain HTTP is answered, the server is alive and only the handshake hangs: see `accept-missing`.',
    ],
    mend: [
      'In the terminal where it was started: `fg`.',
      'From another terminal: `kill -CONT PID`.',
      'Or end it for good (`kill PID`, then `kill -CONT PID`, since a stopped process acts on a signal only when it goes on) and start it anew.',
    ],
    commands: [['kill', '-CONT', 'PID']],
    background:
      'The operating system accepts connections for a listening socket by itself and keeps them in a queue until the program asks for them. A stopped program never asks, so a connect succeeds and nothing follows. On Windows, selecting text in the console window of the server pauses its output and can stop it the same way: Esc ends that.',
  },
  'server-crashes': {
    what: 'The server accepts the socket, and as soon as something is sent the whole process dies: not an exception, but a crash of the interpreter or a kill from outside. The browser sees an open socket that ends with 1006 and then no server at all.',
    tells: [
      'The handshake is 101, the socket drops without a close frame, and the next connect is `ECONNREFUSED`.',
      'The exit status is a signal: -11 or 139 (segmentation fault), -9 or 137 (killed, as by the out-of-memory killer). On Windows it is a large number such as 3221225477.',
      'The log has no traceback that ends in the death. If there is one and the server goes on, it is `consumer-exception`.',
    ],
    mend: [
      'Run the server under `python -X faulthandler`: it prints the Python stack at the crash.',
      "Look for what isn't Python in that stack: compiled packages built for another Python, or a call of os._exit or os.kill in the project.",
      'Reinstall the package that it names: `python -m pip install --force-reinstall NAME`.',
      'For signal 9, look at the memory: `dmesg` on Linux names the process that was killed.',
    ],
    commands: [['python', '-X', 'faulthandler', '-m', 'daphne', '-b', '127.0.0.1', '-p', '8000', 'core.asgi:application']],
    background:
      'An exception of a consumer ends that one socket; the server catches it and goes on. Only what Python cannot catch takes the process along, which is why such a death leaves no traceback unless faulthandler is on.',
  },
  'server-websocket-timeout': {
    what: 'The server ends every WebSocket after a fixed number of seconds, even one that is in use. The page shows a green dot that turns red at regular intervals, or reconnects again and again.',
    tells: [
      'A socket that works is closed with 1000 after the same time every time, whatever is sent on it.',
      'The command line of daphne has `--websocket_timeout N`, and N is that time.',
      'If the socket ends without a close frame (1006) and only while nothing is sent, it is the proxy: see `proxy-idle-timeout`.',
      'If it ends within two seconds of opening, it is the application: see `close-after-accept` and `consumer-exception`.',
    ],
    mend: [
      'Start daphne without `--websocket_timeout`, or with `--websocket_timeout -1` for no limit.',
      'Let the page reconnect: daphne without the option still ends a socket after 24 hours.',
    ],
    commands: [['python', '-m', 'daphne', '--websocket_timeout', '-1', '-b', '127.0.0.1', '-p', '8000', 'core.asgi:application']],
    background:
      'The option counts from the opening of the socket, not from the last message, so no ping helps against it. Its default is 86400 seconds. It is easily mistaken for `--websocket_connect_timeout`, which limits the handshake and is 5 seconds by default.',
  },
}
