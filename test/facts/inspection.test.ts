import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { plainPaths, servesPath } from '../../src/facts/routes.ts'
import { examine, quickLook, type ExamineRequest } from '../../src/facts/examine.ts'
import type { Inspection } from '../../src/facts/inspection.ts'
import { runToEnd } from '../../src/host/processes.ts'
import { freshProject, type FreshProject } from '../support/fresh-project.ts'
import { testHost } from '../support/host.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { secret } from '../support/secrets.ts'
import { pythonOf } from '../support/tools.ts'

let project: TestProject | FreshProject | undefined
afterEach(async () => project?.remove())

function look(backend: string, request: Partial<ExamineRequest> = {}): Inspection {
  const settings = { DJANGO_SETTINGS_MODULE: 'core.settings', ...request.env }
  const env = { PATH: process.env['PATH'], ...settings }
  return examine(testHost(backend, env), {
    tell: quickLook.filter((stage) => stage !== 'token'),
    python: pythonOf('main'),
    backend,
    settingsModule: 'core.settings',
    application: 'core.asgi:application',
    deadlineMs: 30_000,
    ...request,
    env,
  })
}

const makeUser = ['settings', 'database', 'create_user'] as const

async function manage(backend: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const finished = await runToEnd(pythonOf('main'), ['manage.py', ...args], {
    cwd: backend,
    env: { PATH: process.env['PATH'], ...env },
    deadlineMs: 30_000,
  })
  expect(finished.exitCode, finished.stderr).toBe(0)
}

describe('a project as it is', () => {
  test('versions, settings, middleware, and no file made by the look', async () => {
    project = await makeProject()
    const seen = look(project.backend)
    expect(await seen.get('start')).toMatchObject({ python: expect.stringMatching(/^3\.\d+\.\d+$/) })
    expect(await seen.get('settings')).toMatchObject({
      django: expect.stringMatching(/^\d+\.\d+/),
      debug: true,
      asgi_application: 'core.asgi.application',
      layer_backend: 'channels.layers.InMemoryChannelLayer',
    })
    expect(await seen.get('database')).toMatchObject({ state: 'empty', name: 'db.sqlite3' })
    expect(await seen.get('users')).toEqual({ fact: 'users', model: 'auth.User', active: 0 })
    expect(await seen.get('application')).toMatchObject({
      kind: 'router',
      websocket: true,
      middleware: ['OriginValidator'],
      routes: [{ route: 'ws/election-updates/', consumer: 'Updates', is_class: false }],
    })
    expect((await seen.ended).how).toBe('ended')
    expect(existsSync(join(project.backend, 'db.sqlite3'))).toBe(false)
  })

  test('routes of every kind', async () => {
    project = await makeProject({
      asgi: `import os
from django.core.asgi import get_asgi_application
http = get_asgi_application()
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path, re_path
from updates.consumers import Updates
class Monitor:
    def __init__(self, app):
        self.app = app
    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)
rooms = URLRouter([re_path(r"^room/(?P<name>\\w+)/$", Updates.as_asgi()), path("all/", Updates.as_asgi())])
application = Monitor(ProtocolTypeRouter({"http": http, "websocket": AuthMiddlewareStack(URLRouter([
    re_path(r"^ws/election-updates/$", Updates.as_asgi()), path("ws/<int:pk>/", Updates.as_asgi()),
    path("nested/", rooms), re_path(r"^wrapped/", AuthMiddlewareStack(rooms))]))}))
`,
      installedApps: ['django.contrib.contenttypes', 'django.contrib.auth', 'django.contrib.sessions', 'channels', 'updates'],
    })
    const routes = await look(project.backend).get('application')
    expect(routes?.middleware).toEqual(['CookieMiddleware', 'SessionMiddleware', 'AuthMiddleware'])
    expect(routes?.routes.map(({ route }) => route)).toEqual([
      '^ws/election-updates/$',
      'ws/<int:pk>/',
      'nested/^room/(?P<name>\\w+)/$',
      'nested/all/',
      '^wrapped/^room/(?P<name>\\w+)/$',
      '^wrapped/all/',
    ])
    expect(plainPaths(routes?.routes ?? [])).toEqual(['/ws/election-updates/', '/nested/all/', '/wrapped/all/'])
    for (const path of ['/ws/election-updates/', '/ws/7/', '/nested/room/a/', '/wrapped/room/b/'])
      expect([path, servesPath(routes?.routes ?? [], path)]).toEqual([path, true])
    for (const path of ['/ws/', '/room/a/', '/nested/room/', '/x/nested/room/a/'])
      expect([path, servesPath(routes?.routes ?? [], path)]).toEqual([path, false])
  })

  test('a missing log folder is told, and no log file is made', async () => {
    project = await makeProject({
      settings:
        'LOGGING["handlers"]["file"] = {"class": "logging.FileHandler", "filename": BASE_DIR / "logs" / "x.log"}\nLOGGING["handlers"]["here"] = {"class": "logging.FileHandler", "filename": BASE_DIR / "here.log"}\nLOGGING["root"]["handlers"] = ["file", "here"]',
    })
    const seen = look(project.backend, { tell: ['settings', 'folders', 'application'] })
    const missing = (await seen.get('folders'))?.missing
    expect(missing).toEqual([{ folder: expect.stringMatching(/logs$/), handler: 'file' }])
    expect((await seen.get('application'))?.websocket).toBe(true)
    await seen.ended
    expect([existsSync(join(project.backend, 'logs')), existsSync(join(project.backend, 'here.log'))]).toEqual([false, false])
  })
})

describe('settings that misbehave', () => {
  test('what they print is no fact', async () => {
    project = await makeProject({ settings: `print('{"fact": "end"}')\nimport os\nos.system("echo hello")` })
    const seen = look(project.backend)
    expect((await seen.get('settings'))?.debug).toBe(true)
    expect((await seen.ended).how).toBe('ended')
    expect((await seen.ended).output.join('\n')).toContain('hello')
  })

  test.each([
    ['raise', 'raise ValueError("no such thing")', { type: 'ValueError', message: 'no such thing' }],
    ['call sys.exit', 'import sys\nsys.exit(3)', { type: 'SystemExit', message: '3' }],
    ['have a syntax error', 'def (:', { type: 'SyntaxError' }],
  ])('that %s: the file and the line are told', async (_, settings, expected) => {
    project = await makeProject({ settings })
    const seen = look(project.backend)
    expect(await seen.get('settings')).toBeUndefined()
    expect(seen.errorOf('settings')).toMatchObject({ ...expected, file: join('core', 'settings.py'), line: expect.any(Number) })
    expect((await seen.ended).how).toBe('ended')
  })

  test('that hang: the deadline ends it, with what came before', async () => {
    project = await makeProject({ settings: 'import threading\nthreading.Event().wait()' })
    const seen = look(project.backend, { deadlineMs: 1500 })
    expect(await seen.get('start')).toBeDefined()
    expect(await seen.get('settings')).toBeUndefined()
    expect((await seen.ended).how).toBe('timeout')
  })

  test('that end the process: it failed', async () => {
    project = await makeProject({ settings: 'import os\nos._exit(9)' })
    expect((await look(project.backend).ended).how).toBe('crashed')
  })
})

test('a user is made by the model, counted, and its token is one that the consumer takes', async () => {
  project = await freshProject({
    files: { 'backend/.env': `SECRET_KEY=${secret('k'.repeat(8) + 'e5f2a90b1c7d')}\n`, 'backend/logs/.keep': '' },
  })
  const { backend } = project
  const env = { DJANGO_SETTINGS_MODULE: 'server.settings.dev' }
  await manage(backend, ['migrate', '--no-input', '--verbosity', '0'], env)
  const password = secret()
  const made = look(backend, { env, application: 'server.asgi:application', tell: makeUser, createUser: { password } })
  expect(await made.get('created'), JSON.stringify(made.errorOf('create_user'))).toMatchObject({
    user: 'developer@example.com',
    model: 'people.Person',
    superuser: true,
  })
  await made.ended
  const host = testHost(backend)
  const seen = examine(host, {
    tell: [...quickLook, 'migrations'],
    python: pythonOf('main'),
    backend,
    env: { PATH: process.env['PATH'], ...env },
    settingsModule: 'server.settings.dev',
    application: undefined,
    deadlineMs: 30_000,
  })
  expect(await seen.get('users')).toMatchObject({ active: 1 })
  const token = (await seen.get('token'))?.token ?? ''
  expect(host.secrets.mask(token)).toBe('***')
  expect((await seen.get('migrations'))?.pending).toEqual([])
  const check = await runToEnd(
    pythonOf('main'),
    [
      '-c',
      `import django,sys;django.setup()
from asgiref.sync import async_to_sync
from votes.consumers import user_of
print(async_to_sync(user_of)(sys.stdin.read()).check_password("${password}"))`,
    ],
    { cwd: backend, env: { PATH: process.env['PATH'], ...env }, input: token, deadlineMs: 30_000 },
  )
  expect(check.stdout.trim(), check.stderr).toBe('True')
})

test('required fields of every common type, named or not, with rows that they need', { tags: ['slow'] }, async () => {
  project = await makeProject({
    installedApps: ['django.contrib.contenttypes', 'django.contrib.auth', 'channels', 'updates'],
    settings: 'AUTH_USER_MODEL = "updates.Voter"',
    files: { 'backend/updates/models.py': voter, 'backend/updates/migrations/__init__.py': '' },
  })
  const { backend } = project
  await manage(backend, ['makemigrations', 'updates', '--verbosity', '0'])
  await manage(backend, ['migrate', '--no-input', '--verbosity', '0'])
  const users: string[] = []
  // the second has to differ in all that is unique
  for (const _ of [1, 2]) {
    const seen = look(backend, { application: undefined, tell: makeUser, createUser: { password: secret() } })
    const made = await seen.get('created')
    expect(made, JSON.stringify(seen.errorOf('create_user'))).toBeDefined()
    users.push(made?.user ?? '')
    await seen.ended
  }
  expect(new Set(users).size).toBe(2)
})

const voter = `from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import MinValueValidator, RegexValidator
from django.core.exceptions import ValidationError
from django.db import models
import datetime

def adult(day):
    if day > datetime.date.today() - datetime.timedelta(18 * 366):
        raise ValidationError("too young")

class Country(models.Model):
    code = models.CharField(max_length=2, unique=True)
    name = models.CharField(max_length=50)

class District(models.Model):
    country = models.ForeignKey(Country, on_delete=models.CASCADE)
    number = models.PositiveSmallIntegerField()

class Manager(BaseUserManager):
    def create_superuser(self, handle, password=None, **rest):
        voter = self.model(handle=handle, **rest)
        voter.set_password(password)
        voter.clean_fields(exclude=["roll"])
        voter.save()
        return voter

class Voter(AbstractBaseUser):
    handle = models.CharField(max_length=5, unique=True)
    district = models.ForeignKey(District, on_delete=models.PROTECT)
    backup = models.ForeignKey(District, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    born = models.DateField(validators=[adult])
    joined = models.DateTimeField()
    wakes = models.TimeField()
    patience = models.DurationField()
    ratio = models.DecimalField(max_digits=3, decimal_places=3)
    fee = models.DecimalField(max_digits=8, decimal_places=2, validators=[MinValueValidator(50)])
    year = models.IntegerField(validators=[MinValueValidator(1900)])
    score = models.FloatField()
    roll = models.IntegerField(unique=True)
    key = models.UUIDField(unique=True)
    kind = models.CharField(max_length=3, choices=[("", "none"), ("x", "X"), ("yy", "Y")])
    passport = models.CharField(max_length=9, unique=True, validators=[RegexValidator(r"^[A-Z]{3}\\d+$")])
    home = models.URLField()
    slug = models.SlugField(unique=True)
    mail = models.EmailField(unique=True)
    address = models.GenericIPAddressField()
    extra = models.JSONField()
    agrees = models.BooleanField()
    photo = models.FileField(blank=True)
    made = models.DateTimeField(auto_now_add=True)
    objects = Manager()
    USERNAME_FIELD = "handle"
    REQUIRED_FIELDS = ["district", "born", "fee", "kind", "passport", "home", "mail", "slug"]
`
