import { expect, test } from 'vitest'
import { namedFolders, readServerCommand } from '../../src/facts/server-command.ts'
import { readBind, readEndpoint } from '../../src/servers/options.ts'
import type { ServerCommand } from '../../src/servers/known.ts'

const app = 'core.asgi:application'

const daphne = { program: 'daphne', application: app, host: '127.0.0.1', port: 8000 }
const uvicorn = { ...daphne, program: 'uvicorn' }
const hypercorn = { ...daphne, program: 'hypercorn' }
const gunicorn = { ...daphne, program: 'gunicorn', application: 'core.wsgi:application' }
const runserver = { program: 'runserver', application: undefined, host: '127.0.0.1', port: 8000, reload: true }

// Arguments are written with spaces between them; a list where one of them holds a space.
const rows: readonly (readonly [string | readonly string[], Record<string, unknown>])[] = [
  [`python -m daphne ${app}`, daphne],
  [`/usr/bin/python3.11 -m daphne -b 0.0.0.0 -p 8001 ${app}`, { ...daphne, host: '0.0.0.0', port: 8001 }],
  [`/venv/bin/python3 /venv/bin/daphne -p 8001 ${app}`, { ...daphne, port: 8001 }],
  [`/venv/bin/python /venv/bin/daphne -p8001 ${app}`, { ...daphne, port: 8001 }],
  [`daphne ${app} --port=9000`, { ...daphne, port: 9000 }],
  [`python -u -X dev -W ignore -m daphne ${app}`, daphne],
  [`python -um daphne ${app}`, daphne],
  [`python -Wignore -mdaphne ${app}`, daphne],
  [`python -m daphne -b :: ${app}`, { ...daphne, host: '::' }],
  [`python -m daphne -b [::1] ${app}`, { ...daphne, host: '::1' }],
  [`python -m daphne -u /run/x.sock ${app}`, { ...daphne, host: undefined, port: undefined, unixSocket: '/run/x.sock' }],
  [`python -m daphne --unix-socket=/run/x.sock ${app}`, { ...daphne, host: undefined, port: undefined, unixSocket: '/run/x.sock' }],
  [`python -m daphne -u /run/x.sock -p 8001 ${app}`, { ...daphne, port: 8001, unixSocket: '/run/x.sock' }],
  [`python -m daphne --fd 3 ${app}`, { ...daphne, host: undefined, port: undefined }],
  [`daphne -e ssl:8443:privateKey=key.pem:certKey=crt.pem ${app}`, { ...daphne, host: '0.0.0.0', port: 8443, tls: true }],
  [`daphne -e tcp:port=8001:interface=127.0.0.1 ${app}`, { ...daphne, port: 8001 }],
  [`daphne -e tcp6:8001:interface=\\:\\:1 ${app}`, { ...daphne, host: '::1', port: 8001 }],
  [`daphne -e unix:/run/x.sock -e tcp:8001 ${app}`, { ...daphne, host: '0.0.0.0', port: 8001, unixSocket: '/run/x.sock' }],
  [`daphne -e fd:fileno=0 ${app}`, { ...daphne, host: undefined, port: undefined }],
  [`daphne --websocket_timeout 5 ${app}`, { ...daphne, websocketTimeout: 5 }],
  [`daphne --websocket_timeout=5 ${app}`, { ...daphne, websocketTimeout: 5 }],
  // argparse lets options be shortened, and takes -1 for a value
  [`daphne --websocket_t 5 ${app}`, { ...daphne, websocketTimeout: 5 }],
  [`daphne --websocket_timeout -1 ${app}`, daphne],
  [`daphne --websocket_connect_timeout 5 --proxy-headers -v 2 ${app}`, daphne],
  [`daphne --access-log - ${app}`, daphne],
  ['python -m daphne election_dev_inside:application', { ...daphne, application: undefined }],
  ['python -m uvicorn election_dev_inside:application', { ...uvicorn, application: undefined }],
  ['C:\\proj\\venv\\Scripts\\python.exe -m daphne core.asgi:application', daphne],
  ['C:\\venv\\Scripts\\daphne.exe core.asgi:application', daphne],
  ['C:\\Python311\\python.exe C:\\venv\\Scripts\\daphne-script.py core.asgi:application', daphne],
  [['C:\\Program Files\\Python\\python.exe', 'C:\\my venv\\Scripts\\daphne.exe', '-p', '8001', app], { ...daphne, port: 8001 }],
  [`/Library/Frameworks/Python.framework/Versions/3.11/Resources/Python.app/Contents/MacOS/Python -m daphne ${app}`, daphne],

  [`python -m uvicorn ${app}`, uvicorn],
  [`uvicorn ${app} --host 0.0.0.0 --port 8001`, { ...uvicorn, host: '0.0.0.0', port: 8001 }],
  [`/venv/bin/python /venv/bin/uvicorn --workers 4 ${app}`, { ...uvicorn, workers: 4 }],
  [`uvicorn --reload --reload-dir . ${app}`, { ...uvicorn, reload: true }],
  [`uvicorn --uds /run/x.sock ${app}`, { ...uvicorn, host: undefined, port: undefined, unixSocket: '/run/x.sock' }],
  [`uvicorn --fd 3 ${app}`, { ...uvicorn, host: undefined, port: undefined }],
  [`uvicorn --ws none ${app}`, { ...uvicorn, ws: 'none' }],
  [`uvicorn --ws=websockets ${app}`, { ...uvicorn, ws: 'websockets' }],
  [`uvicorn --ws wsproto --ws-max-size 1024 ${app}`, { ...uvicorn, ws: 'wsproto', wsMaxSize: 1024 }],
  [`uvicorn --ssl-keyfile key.pem --ssl-certfile crt.pem ${app}`, { ...uvicorn, tls: true }],
  [`uvicorn --factory --no-access-log ${app}`, uvicorn],
  [`uvicorn --app-dir backend ${app}`, uvicorn],

  [`hypercorn ${app}`, hypercorn],
  [`python -m hypercorn -b 0.0.0.0:8001 -w 2 ${app}`, { ...hypercorn, host: '0.0.0.0', port: 8001, workers: 2 }],
  [`hypercorn --bind [::1]:8001 ${app}`, { ...hypercorn, host: '::1', port: 8001 }],
  [`hypercorn --bind=localhost ${app}`, { ...hypercorn, host: 'localhost' }],
  [`hypercorn -b unix:/run/x.sock ${app}`, { ...hypercorn, host: undefined, port: undefined, unixSocket: '/run/x.sock' }],
  [`hypercorn -b unix:/run/x.sock -b :8001 ${app}`, { ...hypercorn, host: '0.0.0.0', port: 8001, unixSocket: '/run/x.sock' }],
  [`hypercorn -b fd://3 ${app}`, { ...hypercorn, host: undefined, port: undefined }],
  [`hypercorn -c hypercorn.toml ${app}`, { ...hypercorn, host: undefined, port: undefined }],
  [
    `hypercorn --certfile c.pem --keyfile k.pem -k uvloop --reload ${app}`,
    { ...hypercorn, tls: true, workerClass: 'uvloop', reload: true },
  ],

  ['gunicorn core.wsgi:application', gunicorn],
  ['gunicorn core.wsgi', { ...gunicorn, application: 'core.wsgi' }],
  [
    `/venv/bin/python /venv/bin/gunicorn -k uvicorn.workers.UvicornWorker -w 3 -b :8001 ${app}`,
    { ...gunicorn, application: app, workerClass: 'uvicorn.workers.UvicornWorker', workers: 3, host: '0.0.0.0', port: 8001 },
  ],
  [
    'gunicorn --bind=unix:/run/x.sock core.wsgi',
    { ...gunicorn, application: 'core.wsgi', host: undefined, port: undefined, unixSocket: '/run/x.sock' },
  ],
  [
    'gunicorn -b 0.0.0.0:8001,unix:/run/x.sock core.wsgi:application',
    { ...gunicorn, host: '0.0.0.0', port: 8001, unixSocket: '/run/x.sock' },
  ],
  ['gunicorn --chdir backend --reload core.wsgi:application', { ...gunicorn, reload: true }],
  ['gunicorn --preload --access-logfile - core.wsgi:application', gunicorn],
  ['python -m gunicorn -c conf.py core.wsgi:application', { ...gunicorn, host: undefined, port: undefined }],
  [['gunicorn: master [core.wsgi:application]'], { ...gunicorn, host: undefined, port: undefined }],
  [['gunicorn: worker [core.wsgi:application]'], { ...gunicorn, host: undefined, port: undefined }],
  // the end of a title that had no room
  [['gunicorn: master [core.wsgi:applica'], { ...gunicorn, application: 'core.wsgi:applica', host: undefined, port: undefined }],
  [['gunicorn: master [shop]'], { ...gunicorn, application: undefined, host: undefined, port: undefined }],

  ['python manage.py runserver', runserver],
  ['python manage.py runserver 8001', { ...runserver, port: 8001 }],
  ['python manage.py runserver 0.0.0.0:8001', { ...runserver, host: '0.0.0.0', port: 8001 }],
  ['python manage.py runserver 0:8001', { ...runserver, host: '0.0.0.0', port: 8001 }],
  ['python manage.py runserver [::]:8000', { ...runserver, host: '::' }],
  ['python manage.py runserver localhost:8001 --noreload', { ...runserver, host: 'localhost', port: 8001, reload: false }],
  ['python manage.py runserver --noasgi --settings core.dev 8001', { ...runserver, noAsgi: true, port: 8001 }],
  ['python manage.py runserver_plus 8001', { ...runserver, noAsgi: true, port: 8001 }],
  ['python manage.py runsslserver 127.0.0.1:8443', { ...runserver, noAsgi: true, tls: true, port: 8443 }],
  ['python manage.py devserver 8001', { ...runserver, port: 8001 }],
  ['python manage.py testserver votes.json', { ...runserver, port: 8000 }],
  ['python manage.py runserver -6', { ...runserver, host: '::1' }],
  ['python manage.py runserver -v 2 8001', { ...runserver, port: 8001 }],
  ['python ../backend/manage.py runserver', runserver],
  ['python dev.py runserver', runserver],
  ['./manage.py runserver', runserver],
  ['django-admin runserver --settings=core.settings --pythonpath .', runserver],
  ['python /venv/bin/django-admin runserver', runserver],
  ['python -m django runserver 8001', { ...runserver, port: 8001 }],
  ['python -m manage runserver', runserver],
  ['python.exe .\\manage.py runserver', runserver],
  ['python -m coverage run manage.py runserver 8001', { ...runserver, port: 8001 }],
  ['python /x/debugpy --connect 127.0.0.1:5 --configure-qt none /app/manage.py runserver 8001', { ...runserver, port: 8001 }],
  ['python /x/pydevd.py --multiprocess --port 5 --file /app/manage.py runserver', runserver],
  ['python -m debugpy --listen 5678 -m uvicorn core.asgi:application', uvicorn],
]

const none = {
  unixSocket: undefined,
  workers: undefined,
  workerClass: undefined,
  websocketTimeout: undefined,
  ws: undefined,
  wsMaxSize: undefined,
  reload: false,
  noAsgi: false,
  tls: false,
}

test.each(rows)('%s', (argv, expected) => {
  const read: ServerCommand | undefined = readServerCommand(typeof argv === 'string' ? argv.split(' ') : argv)
  expect(read).toStrictEqual({ ...none, ...expected })
})

test.each([
  '',
  'python',
  'python manage.py migrate',
  'python manage.py shell runserver',
  'python -c print(1) -m daphne',
  'python -m pip install daphne',
  'python -m http.server 8000',
  'python server.py 8000',
  'python -m coverage run -m pytest daphne_test.py',
  'pip install uvicorn',
  'grep daphne',
  'vim manage.py',
  'tail -f daphne.log',
  'bash -c daphne core.asgi:application',
  'uv run daphne core.asgi:application',
  'docker exec web daphne core.asgi:application',
  'node server.js runserver',
  'npm run runserver',
])('no server: %s', (line) => {
  expect(readServerCommand(line.split(' '))).toBeUndefined()
})

test('an argument that holds spaces is one', () => {
  expect(readServerCommand(['bash', '-c', 'python -m daphne core.asgi:application'])).toBeUndefined()
  expect(readServerCommand(['python', '/my project/manage.py', 'runserver', '8001'])).toMatchObject({ port: 8001 })
  expect(readServerCommand(['python', '-c', 'from multiprocessing.spawn import spawn_main', '--multiprocessing-fork'])).toBeUndefined()
})

test.each([
  ['uvicorn --app-dir backend core.asgi:application', ['backend']],
  ['gunicorn --chdir=/x/backend core.wsgi', ['/x/backend']],
  ['gunicorn --pythonpath /a,/b core.wsgi', ['/a', '/b']],
  ['django-admin runserver --pythonpath /x', ['/x']],
  ['daphne core.asgi:application', []],
  ['node x.js', []],
])('named folders: %s', (line, folders) => {
  expect(namedFolders(line.split(' '))).toEqual(folders)
})

test.each([
  ['127.0.0.1:8001', { host: '127.0.0.1', port: 8001, unixSocket: undefined }],
  ['tcp://127.0.0.1:8001', { host: '127.0.0.1', port: 8001, unixSocket: undefined }],
  ['', { host: '0.0.0.0', port: 8000, unixSocket: undefined }],
  ['unix://run/x', { host: undefined, port: undefined, unixSocket: 'run/x' }],
  ['what:ever:it:is', { host: undefined, port: undefined, unixSocket: undefined }],
])('a bind: %s', (text, place) => {
  expect(readBind(text)).toEqual(place)
})

test.each([
  ['tcp:8000', { host: '0.0.0.0', port: 8000, unixSocket: undefined, tls: false }],
  ['tcp6:port=8000', { host: '::', port: 8000, unixSocket: undefined, tls: false }],
  ['unix:address=/x:mode=660', { host: undefined, port: undefined, unixSocket: '/x', tls: false }],
  ['systemd:domain=INET:index=0', { host: undefined, port: undefined, unixSocket: undefined, tls: false }],
  ['', { host: undefined, port: undefined, unixSocket: undefined, tls: false }],
])('an endpoint: %s', (text, place) => {
  expect(readEndpoint(text)).toEqual(place)
})
