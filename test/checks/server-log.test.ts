/** Lines as real servers write them, and the causes that they name. */
import { describe, expect, test } from 'vitest'
import { judgeException, judgeLines, judgeLog } from '../../src/checks/server-log.ts'
import { exceptionFrom, exceptionsIn } from '../../src/checks/traceback.ts'

const trace = (...lines: string[]) => [
  'Traceback (most recent call last):',
  '  File "/srv/app/backend/core/settings.py", line 12, in <module>',
  '    x = config("X")',
  ...lines,
]

test.each<[string, string]>([
  [
    'bad-port-permission',
    "2026-01-02 10:00:00,000 CRITICAL Listen failure: Couldn't listen on 127.0.0.1:80: [Errno 13] Permission denied.",
  ],
  ['bad-port-permission', "ERROR:    [Errno 13] error while attempting to bind on address ('127.0.0.1', 80): permission denied"],
  ['bad-port-permission', "Error: You don't have permission to access that port."],
  [
    'bind-address-unavailable',
    "ERROR:    [Errno 99] error while attempting to bind on address ('10.9.9.9', 8000): cannot assign requested address",
  ],
  ['missing-dep', "django.core.exceptions.ImproperlyConfigured: Error loading psycopg2 module: No module named 'psycopg2'"],
  ['channels-redis-missing', "ModuleNotFoundError: No module named 'channels_redis'"],
  [
    'channel-layer-backend-wrong',
    "channels.exceptions.InvalidChannelLayerError: Cannot import BACKEND 'channels_redis.core.RedisLayer' specified for default",
  ],
  [
    'channel-layer-backend-wrong',
    "channels.exceptions.InvalidChannelLayerError: Cannot import BACKEND 'channels.layers.Memory' specified for default",
  ],
  ['daphne-missing', '/srv/venv/bin/python: No module named daphne'],
  ['module-shadowed', "ModuleNotFoundError: No module named 'channels.routing'; 'channels' is not a package"],
  ['module-shadowed', "ImportError: cannot import name 'asyncio' from 'redis' (/srv/app/backend/redis.py)"],
  ['asgi-import-error', "ImportError: cannot import name 'asyncio' from 'redis' (/srv/venv/lib/site-packages/redis/__init__.py)"],
  ['wrong-settings-module', "ModuleNotFoundError: No module named 'core.settings_production'"],
  ['missing-dep', "ModuleNotFoundError: No module named 'corsheaders'"],
  ['env-not-loaded', 'decouple.UndefinedValueError: SECRET_KEY not found. Declare it as envvar or define a default value.'],
  ['env-not-loaded', 'django.core.exceptions.ImproperlyConfigured: Set the SECRET_KEY environment variable'],
  ['env-bool-typo', 'ValueError: Invalid truth value: ture'],
  ['env-value-malformed', "ValueError: invalid literal for int() with base 10: '6379  # default'"],
  ['env-encoding', "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"],
  ['log-dir-missing', "ValueError: Unable to configure handler 'file'"],
  ['apps-not-ready', "django.core.exceptions.AppRegistryNotReady: Apps aren't loaded yet."],
  ['asgi-syntax-error', "SyntaxError: '(' was never closed"],
  ['asgi-attribute-missing', "AttributeError: module 'core.asgi' has no attribute 'app'"],
  ['asgi-attribute-missing', 'ERROR:    Error loading ASGI app. Attribute "app" not found in module "core.asgi".'],
  ['asgi-import-error', "ImportError: cannot import name 'routes' from 'core.routing' (/srv/app/backend/core/routing.py)"],
  ['daphne-app-order', '?: (daphne.E001) Daphne must be listed before django.contrib.staticfiles in INSTALLED_APPS.'],
  [
    'asgi-application-setting-wrong',
    "django.core.exceptions.ImproperlyConfigured: Cannot find 'application' in ASGI_APPLICATION module core.routing",
  ],
  [
    'ws-library-missing',
    "WARNING:  No supported WebSocket library detected. Please use \"pip install 'uvicorn[standard]'\", or install 'websockets' or 'wsproto' manually.",
  ],
  ['redis-too-old', "redis.exceptions.ResponseError: unknown command 'BZPOPMIN'"],
  ['redis-too-old', 'redis.exceptions.ResponseError: unknown command `BZPOPMIN`, with args beginning with: `asgi:specific'],
  ['redis-unreachable', 'redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.'],
  ['redis-unreachable', 'redis.exceptions.ConnectionError: Error 99 connecting to localhost:6379. Cannot assign requested address.'],
  ['redis-unreachable', 'redis.exceptions.ConnectionError: Connection closed by server.'],
  ['channel-layer-unset', "AttributeError: 'NoneType' object has no attribute 'group_add'"],
  ['migrations-pending', 'django.db.utils.OperationalError: no such table: auth_user'],
  ['http-only-asgi', 'ValueError: Django can only handle ASGI/HTTP connections, not websocket.'],
  ['http-only-asgi', "ValueError: No application configured for scope type 'websocket'"],
  ['as-asgi-missing', "TypeError: object ElectionUpdatesConsumer can't be used in 'await' expression"],
  ['asgi-app-wrong', "TypeError: WSGIHandler.__call__() missing 1 required positional argument: 'start_response'"],
  ['no-websocket-route', "ValueError: No route found for path 'ws/election-updates/'."],
])('%s: %s', (id, line) => {
  expect(judgeLog(['INFO:     Started server process [1]', line])?.id).toBe(id)
})

test.each([
  "ERROR:    ASGI 'lifespan' protocol appears unsupported.",
  'ASGI Framework Lifespan error, continuing without Lifespan support',
  'INFO:     Application startup complete.',
  '2026-01-02 10:00:00,000 INFO     Starting server at tcp:port=8000:interface=127.0.0.1',
  '[2026-01-02 10:00:00 +0000] [1] [INFO] Running on http://127.0.0.1:8000 (CTRL + C to quit)',
  'Starting ASGI/Daphne version 4.1.2 development server at http://127.0.0.1:8000/',
  'System check identified no issues (0 silenced).',
  'WARNING using the ASGI_APPLICATION of core.settings',
  "PermissionError: [Errno 13] Permission denied: '/var/log/election.log'",
  'Not Found: /',
])('harmless: %s', (line) => {
  expect(judgeLog([line])).toBeUndefined()
})

test.each<[string, string, string?]>([
  ['client-sends-non-json', 'json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)'],
  [
    'client-sends-non-json',
    'json.decoder.JSONDecodeError: Extra data: line 1 column 2 (char 1)',
    'File "chat/consumers.py", line 9, in receive',
  ],
  ['broadcast-not-serialisable', "TypeError: can not serialize 'decimal.Decimal' object"],
  ['broadcast-not-serialisable', 'TypeError: Object of type Decimal is not JSON serializable'],
  ['broadcast-handler-missing', 'ValueError: No handler for message type election.moved'],
  ['group-name-invalid', 'TypeError: Group name must be a valid unicode string with length < 100 containing only ASCII alphanumerics'],
  ['subprotocol-mismatch', 'daphne.server.Error: Socket has not been accepted, so cannot send over it'],
])('%s while it serves, and only then: %s', (id, line, frame) => {
  expect(judgeLines([line], 'serving', frame)?.id).toBe(id)
  expect(judgeLines([line], 'start', frame)).toBeUndefined()
})

test('a consumer that parses an answer of another service says nothing of its client', () => {
  const line = 'json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)'
  expect(judgeLines([line], 'serving', 'File "chat/results.py", line 9, in fetch_results')).toBeUndefined()
})

describe('exceptions', () => {
  test('one that was survived does not speak before the one that ended the server', () => {
    const lines = [
      ...trace("ModuleNotFoundError: No module named 'sentry_sdk'"),
      'sentry is off',
      ...trace('decouple.UndefinedValueError: SECRET_KEY not found.'),
    ]
    expect(judgeLog(lines)).toMatchObject({
      id: 'env-not-loaded',
      evidence: [expect.stringContaining('SECRET_KEY not found'), expect.stringContaining('core/settings.py", line 12')],
    })
  })

  test('the line of the project is named, not that of the observer which imports it', () => {
    const [exception] = exceptionsIn(
      trace(
        '  File "/opt/election-dev/dist/inside/election_dev_inside/target.py", line 16, in load',
        "AttributeError: module 'core.asgi' has no attribute 'app'",
      ),
    )
    expect(exception?.ownFrame).toBe('File "/srv/app/backend/core/settings.py", line 12, in <module>')
  })

  test('what the observer tells of one counts with the import that failed behind it', () => {
    const message = "Cannot import BACKEND 'channels_redis.core.RedisChannelLayer' specified for default"
    const told = (behind: string) =>
      judgeException(exceptionFrom({ type: 'channels.exceptions.InvalidChannelLayerError', message, behind, place: undefined }), 'serving')
        ?.id
    expect(told("ModuleNotFoundError: No module named 'channels_redis'")).toBe('channels-redis-missing')
    expect(told("ImportError: cannot import name 'asyncio' from 'redis' (/srv/app/backend/redis.py)")).toBe('module-shadowed')
    expect(told('ImportError: Module "channels_redis.core" does not define a "RedisLayer" attribute/class')).toBe(
      'channel-layer-backend-wrong',
    )
  })

  test('one that is chained counts with its cause', () => {
    const lines = [
      ...trace("FileNotFoundError: [Errno 2] No such file or directory: '/srv/logs/django.log'"),
      '',
      'The above exception was the direct cause of the following exception:',
      '',
      ...trace("ValueError: Unable to configure handler 'file'"),
    ]
    expect(judgeLog(lines)?.id).toBe('log-dir-missing')
  })

  test.each([
    "ValueError: invalid literal for int() with base 10: 'abc'",
    "AttributeError: module 'json' has no attribute 'dump'",
    "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0",
  ])('while a server serves, it is the application that says %s', (line) => {
    expect(judgeLines([line], 'serving')).toBeUndefined()
  })
})

test.each([
  ['asgi.py', 'wrong-settings-module'],
  ['settings.py', 'missing-dep'],
])('a settings module that is missing, imported from %s: %s', (file, id) => {
  const lines = ["ModuleNotFoundError: No module named 'core.local_settings'"]
  expect(judgeLines(lines, 'start', `/srv/app/backend/core/${file}:12, in <module>`)?.id).toBe(id)
})
