import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { runToEnd } from '../../src/host/processes.ts'
import { thoroughLook } from '../../src/look/inside.ts'
import { look, page } from '../support/examine.ts'
import { makeProject, type ProjectOptions, type TestProject } from '../support/project.ts'
import { secret } from '../support/secrets.ts'
import { pythonOf } from '../support/tools.ts'

let project: TestProject | undefined
afterEach(async () => project?.remove())

const env = { PATH: process.env['PATH'] }

describe('a project in order', () => {
  test('every stage has its fact, and no file is made', async () => {
    project = await makeProject({ dotenv: ['REDIS_PORT=6390'], settings: 'REDIS_PORT = 6390\nAPI_KEY = "k"\nNAME = "Ann"\nFLAG = True' })
    const before = readdirSync(project.backend, { recursive: true }).length
    const seen = await look(project, { tell: thoroughLook, names: ['REDIS_PORT', 'API_KEY', 'NAME', 'FLAG', 'DATABASES', 'NOT_THERE'] })
    expect(seen.how, JSON.stringify(seen.output)).toBe('ended')
    expect(seen.get('settings')).toMatchObject({
      module: 'core.settings',
      debug: true,
      daphne_app: 'absent',
      layers_set: true,
      layer_backend: 'channels.layers.InMemoryChannelLayer',
      values: [
        { name: 'REDIS_PORT', kind: 'int', value: '6390' },
        { name: 'API_KEY', kind: 'str', value: null },
        { name: 'NAME', kind: 'str', value: 'Ann' },
        { name: 'FLAG', kind: 'bool', value: 'True' },
        { name: 'DATABASES', kind: 'other', value: null },
      ],
    })
    expect(seen.get('application')).toMatchObject({
      kind: 'router',
      websocket: true,
      middleware: ['OriginValidator'],
      routes: [{ route: 'ws/election-updates/', consumer: 'Updates', is_class: false }],
    })
    expect(seen.get('asgi_setting')).toMatchObject({ ok: true, kind: 'router' })
    expect(seen.get('trip')).toMatchObject({ received: true })
    expect(seen.get('database')).toMatchObject({ state: 'empty', path: join(project.backend, 'db.sqlite3') })
    expect(seen.get('shadows')?.files).toEqual([])
    expect(readdirSync(project.backend, { recursive: true })).toHaveLength(before)
  })

  test('only the settings, where no more is asked for', async () => {
    project = await makeProject({ asgi: 'raise ValueError("not to be imported")' })
    const seen = await look(project, { tell: ['shadows', 'settings'] })
    expect([seen.how, seen.get('settings')?.debug, seen.errorOf('application')]).toEqual(['ended', true, undefined])
  })

  test('the secret is told apart, and not told', async () => {
    project = await makeProject({ style: 'plain' })
    const digests = []
    for (const [SECRET_KEY, nonce] of [
      ['a'.repeat(40), 'n'],
      ['a'.repeat(40), 'n'],
      ['b'.repeat(40), 'n'],
      ['a'.repeat(40), 'm'],
    ] as const)
      digests.push((await look(project, { env: { SECRET_KEY }, nonce, tell: ['shadows', 'settings'] })).get('settings')?.secret)
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/)
    expect(digests[1]).toBe(digests[0])
    expect(new Set(digests).size).toBe(3)
  })

  test('neither a token nor a password is printed', async () => {
    const password = secret()
    const token = secret()
    project = await makeProject({
      settings: `CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": ["redis://:${password}@127.0.0.1:1/3"]}}}
DATABASES["default"]["PASSWORD"] = "${password}"`,
      consumer: `from channels.generic.websocket import AsyncWebsocketConsumer
class Updates(AsyncWebsocketConsumer):
    async def connect(self):
        from django.conf import settings
        raise ValueError("%s %s %s %s" % (self.scope["query_string"], self.scope["subprotocols"], settings.SECRET_KEY, settings.DATABASES))
`,
    })
    const request = {
      settings_module: 'core.settings',
      application: 'core.asgi:application',
      nonce: 'n',
      names: ['SECRET_KEY'],
      tell: thoroughLook,
      consumer: { ...page, query_string: `token=${token}`, subprotocols: [token.repeat(2)], limit_s: 1, watch_s: 0.1 },
    }
    const script = fileURLToPath(new URL('../../src/inside/election_dev_inside', import.meta.url))
    const { stdout } = await runToEnd(pythonOf('main'), [script], {
      cwd: project.backend,
      env,
      input: JSON.stringify(request),
      deadlineMs: 20_000,
    })
    expect(stdout).toContain('"outcome": "raised"')
    expect(stdout).toContain('"host": "127.0.0.1", "port": 1, "db": 3, "tls": false, "password": true')
    const key = await runToEnd(pythonOf('main'), ['-c', 'import core.settings as s; print(s.SECRET_KEY)'], {
      cwd: project.backend,
      env,
      deadlineMs: 9000,
    })
    for (const hidden of [password, token, key.stdout.trim()]) expect(stdout).not.toContain(hidden)
  })
})

describe('settings', () => {
  test.each([
    ['raise', 'raise ValueError("no such thing")', { type: 'ValueError', message: 'no such thing' }],
    ['call sys.exit', 'import sys\nsys.exit(3)', { type: 'SystemExit', message: '3' }],
    ['have a syntax error', 'def (:', { type: 'SyntaxError' }],
    [
      'chain',
      'try:\n    {}["x"]\nexcept KeyError as e:\n    raise OSError("no") from e',
      { causes: [{ type: 'KeyError', message: "'x'" }] },
    ],
  ])('that %s: file, line and causes are told, and the sources are read', async (_, settings, expected) => {
    project = await makeProject({ settings })
    const seen = await look(project)
    expect(seen.errorOf('settings')).toMatchObject({ ...expected, file: join('core', 'settings.py'), line: expect.any(Number) })
    expect([seen.how, seen.get('application'), seen.get('broadcasts')?.adds.length]).toEqual(['ended', undefined, 1])
  })

  test.each([
    ['sleep', 'import time\ntime.sleep(120)'],
    ['wait at a socket', 'import socket\na, b = socket.socketpair()\na.recv(1)'],
  ])('that %s: the line is told, and it can be given up', async (_, settings) => {
    project = await makeProject({ settings })
    const seen = await look(project, { giveUp: () => true })
    const frames = seen.get('standing')?.frames.slice(-1)
    expect(frames).toEqual([expect.objectContaining({ file: join('core', 'settings.py'), own: true, function: '<module>' })])
    expect(seen).toMatchObject({ how: 'timeout', stage: 'settings' })
  })

  test('that end the process: it crashed; an interpreter that is not there is unstartable; a deadline cuts off', async () => {
    project = await makeProject({ settings: 'import os\nos._exit(9)' })
    expect((await look(project)).how).toBe('crashed')
    expect((await look(project, { python: join(project.root, 'nothing') })).how).toBe('unstartable')
    await project.remove()
    project = await makeProject({ settings: 'import subprocess, time\nsubprocess.Popen(["sleep", "4"])\ntime.sleep(9)' })
    const seen = await look(project, { deadlineMs: 900 })
    expect([seen.how, seen.elapsedMs < 3500]).toEqual(['timeout', true])
  })

  test('what they print is no fact', async () => {
    project = await makeProject({ settings: `print('{"fact": "end"}')\nimport os\nos.system("echo hello")` })
    const seen = await look(project, { tell: ['shadows', 'settings'] })
    expect([seen.how, seen.get('settings')?.debug, seen.output.join()]).toEqual(['ended', true, expect.stringContaining('hello')])
  })

  test('the daphne app: where it stands', async () => {
    project = await makeProject({ settings: 'import os\nINSTALLED_APPS = os.environ["APPS"].split()' })
    const places = []
    for (const APPS of ['daphne django.contrib.staticfiles', 'django.contrib.staticfiles daphne.apps.DaphneConfig', 'channels'])
      places.push((await look(project, { env: { APPS }, tell: ['shadows', 'settings'] })).get('settings')?.daphne_app)
    expect(places).toEqual(['before-staticfiles', 'after-staticfiles', 'absent'])
  })

  test.each(['"redis://h"', '7', '[None, (), {"host": []}, 3]', '{"a": 1}'])('hosts of a layer that are no hosts: %s', async (hosts) => {
    project = await makeProject({ settings: `CHANNEL_LAYERS = {"default": {"BACKEND": "x.Y", "CONFIG": {"hosts": ${hosts}}}}` })
    const seen = await look(project, { tell: ['shadows', 'settings'] })
    expect(seen.errorOf('settings')).toBeUndefined()
    expect(seen.get('settings')?.layer_backend).toBe('x.Y')
  })

  test('log files: a missing folder is told, and none is made or written', async () => {
    project = await makeProject({
      settings: `import logging
LOGGING["handlers"]["file"] = {"class": "logging.handlers.RotatingFileHandler", "maxBytes": 1, "filename": BASE_DIR / "logs" / "x.log"}
logging.basicConfig(filename=BASE_DIR / "here.log")
logging.error("to the file")`,
    })
    const seen = await look(project, { consumer: page })
    expect(seen.get('folders')?.missing).toEqual([{ folder: expect.stringMatching(/logs$/), handler: 'file' }])
    expect(seen.get('consumer')?.outcome).toBe('accepted')
    expect([existsSync(join(project.backend, 'logs')), existsSync(join(project.backend, 'here.log'))]).toEqual([false, false])
  })
})

test('files that hide a package', async () => {
  project = await makeProject({
    files: { 'backend/redis.py': '', 'backend/jwt/__init__.py': '', 'backend/tests/__init__.py': '', 'backend/own.py': '' },
  })
  expect((await look(project, { tell: ['shadows', 'settings'] })).get('shadows')?.files).toEqual([
    { name: 'jwt', file: join('jwt', '__init__.py') },
    { name: 'redis', file: 'redis.py' },
  ])
})

describe('the application', () => {
  const get = 'from django.core.asgi import get_asgi_application\n'
  const set = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")\n'
  test.each<[string, ProjectOptions, object]>([
    [
      'models before Django is set up',
      { asgi: `${set}from django.contrib.auth.models import User\n${get}` },
      { type: 'AppRegistryNotReady', line: 3 },
    ],
    [
      'no settings named',
      { asgi: `${get}application = get_asgi_application()` },
      { type: 'ImproperlyConfigured', file: join('core', 'asgi.py') },
    ],
    ['no such attribute', { asgi: `${set}${get}app = get_asgi_application()` }, { type: 'AttributeError' }],
    ['an import that is missing', { asgi: 'import nothing_here' }, { type: 'ModuleNotFoundError', line: 1 }],
  ])('%s: an error, and the later stages go on', async (_, options, expected) => {
    project = await makeProject(options)
    const seen = await look(project)
    expect(seen.errorOf('application')).toMatchObject(expected)
    expect([seen.how, seen.get('database')?.state, seen.get('layer')?.backend]).toEqual(['ended', 'empty', expect.any(String)])
  })

  test.each([
    ['http-only', `${set}${get}application = get_asgi_application()`, '', { ok: true, kind: 'http-only' }],
    [
      'wsgi',
      `${set}from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()`,
      '',
      { ok: false, kind: 'wsgi' },
    ],
    [
      'other',
      `${set}${get}get_asgi_application()\nasync def application(*a):\n    pass`,
      'del ASGI_APPLICATION',
      { ok: false, message: 'You have not set ASGI_APPLICATION' },
    ],
    ['router', undefined, 'ASGI_APPLICATION = "core.asgi.nothing"', { ok: false, message: expect.stringContaining('nothing') }],
  ])('of the kind %s, and what ASGI_APPLICATION leads to', async (kind, asgi, settings, expected) => {
    project = await makeProject({ settings, ...(asgi === undefined ? {} : { asgi }) })
    const seen = await look(project)
    expect(seen.get('application')).toMatchObject({ kind, websocket: kind === 'router' })
    expect(seen.get('asgi_setting')).toMatchObject(expected)
  })

  test.each([
    ['a name of its module', 'router = _\nasync def application(*a):\n    await router(*a)'],
    ['a closure', 'def around(inner):\n    async def wrapped(*a):\n        await inner(*a)\n    return wrapped\napplication = around(_)'],
  ])('a plain function around the router, which it has as %s', async (_, wrapper) => {
    const router = `${set}${get}get_asgi_application()\nfrom channels.routing import *\nfrom django.urls import path\nfrom updates.consumers import Updates\n_ = ProtocolTypeRouter({"websocket": URLRouter([path("a/", Updates.as_asgi())])})\n`
    project = await makeProject({ asgi: `${router}${wrapper}` })
    expect((await look(project)).get('application')).toMatchObject({ kind: 'router', websocket: true, routes: [{ route: 'a/' }] })
  })

  test('a consumer without as_asgi()', async () => {
    project = await makeProject({
      asgi: `${set}${get}get_asgi_application()\nfrom channels.routing import *\nfrom django.urls import path\nfrom updates.consumers import Updates\napplication = ProtocolTypeRouter({"websocket": URLRouter([path("a/", Updates), path("b/", Updates.as_asgi())])})`,
    })
    expect((await look(project)).get('application')?.routes.map(({ is_class }) => is_class)).toEqual([true, false])
  })
})
