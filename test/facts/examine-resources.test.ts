import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { runToEnd } from '../../src/host/processes.ts'
import { thoroughLook } from '../../src/look/inside.ts'
import { look, page } from '../support/examine.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort, startRedis, type RunningRedis } from '../support/redis.ts'
import { pythonOf, type EnvironmentName } from '../support/tools.ts'

let project: TestProject | undefined
let redis: RunningRedis | undefined
afterEach(async () => {
  await project?.remove()
  await redis?.stop()
  redis = undefined
})

const env = { PATH: process.env['PATH'] }
const redisLayer = (port: number) =>
  `CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [("127.0.0.1", ${port})]}}}`

describe('the channel layer', () => {
  test('unset: neither fact nor error', async () => {
    project = await makeProject({ settings: 'del CHANNEL_LAYERS' })
    const seen = await look(project, { tell: thoroughLook })
    expect([seen.get('settings')?.layers_set, seen.get('layer'), seen.errorOf('layer')]).toEqual([false, undefined, undefined])
  })

  test.each([
    ['{"default": {"BACKEND": "no.such.Layer"}}', 'InvalidChannelLayerError'],
    ['{"default": {"CONFIG": {}}}', 'InvalidChannelLayerError'],
    ['{"other": {}}', 'KeyError'],
    ['{"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": "localhost"}}}', 'ValueError'],
  ])('%s: %s', async (layers, type) => {
    project = await makeProject({ settings: `CHANNEL_LAYERS = ${layers}` })
    const seen = await look(project, { tell: thoroughLook })
    expect(seen.errorOf('layer')).toMatchObject({ type })
    expect(seen.get('trip')).toBeUndefined()
  })

  test.each(['core.RedisChannelLayer', 'pubsub.RedisPubSubChannelLayer'])(
    'a message goes through Redis with %s, and leaves nothing',
    async (backend) => {
      redis = await startRedis()
      project = await makeProject({ settings: redisLayer(redis.port).replace('core.RedisChannelLayer', backend) })
      const seen = await look(project, { tell: thoroughLook, consumer: page })
      expect(seen.get('trip'), JSON.stringify(seen.errorOf('trip'))).toMatchObject({ received: true })
      expect(seen.get('consumer')).toMatchObject({ outcome: 'accepted', groups: ['updates'] })
      expect(await redis.command('DBSIZE')).toBe(0)
    },
  )

  const url = 'redis://127.0.0.1:1'
  test.each<[EnvironmentName, string, string, number | null | undefined]>([
    ['main', 'core.RedisChannelLayer', '[("127.0.0.1", 1)]', 5],
    ['main', 'core.RedisChannelLayer', `["${url}"]`, 5],
    ['main', 'core.RedisChannelLayer', `["${url}?socket_timeout=3600"]`, 3600],
    ['main', 'core.RedisChannelLayer', `["${url}?socket_timeout=inf"]`, null],
    ['main', 'core.RedisChannelLayer', '["unix:///nowhere/redis.sock"]', 5],
    ['main', 'core.RedisChannelLayer', '[{"sentinels": [("127.0.0.1", 1)], "master_name": "m"}]', 5],
    ['main', 'core.RedisChannelLayer', `[{"address": "${url}", "socket_timeout": None}]`, null],
    ['main', 'core.RedisChannelLayer', `[{"address": "${url}", "socket_timeout": None}, ("127.0.0.1", 1)]`, 5],
    ['main', 'core.RedisChannelLayer', '[{"no_such_option": 1}]', undefined],
    ['main', 'pubsub.RedisPubSubChannelLayer', '[("127.0.0.1", 1)]', undefined],
    ['redisPy5', 'core.RedisChannelLayer', '[("127.0.0.1", 1)]', null],
    ['redisPy5', 'core.RedisChannelLayer', '[{"host": "127.0.0.1", "port": 1, "socket_timeout": 3}]', 3],
  ])('when a read ends by itself: %s, %s on %s', async (environment, backend, hosts, limit) => {
    const layer = `{"default": {"BACKEND": "channels_redis.${backend}", "CONFIG": {"hosts": ${hosts}}}}`
    project = await makeProject({ environment, settings: `CHANNEL_LAYERS = ${layer}` })
    const seen = await look(project, { python: pythonOf(environment), tell: ['settings', 'layer'] })
    expect(seen.get('layer'), JSON.stringify(seen.errorOf('layer'))).toMatchObject(
      limit === undefined ? { backend: `channels_redis.${backend}` } : { read_limit: limit, waits: 5 },
    )
    expect(seen.get('layer')?.read_limit).toBe(limit)
  })

  test('nobody listens: an error of the trip, and the consumer is played all the same', async () => {
    project = await makeProject({ settings: redisLayer(await freePort('127.0.0.1')) })
    const seen = await look(project, { tell: thoroughLook, consumer: page })
    expect(seen.errorOf('trip')).toMatchObject({ type: 'ConnectionError' })
    expect(seen.get('consumer')?.outcome).toBe('accepted')
  })
})

describe('the database', () => {
  test('a file that is locked, and one that has tables', async () => {
    project = await makeProject()
    const { backend } = project
    await runToEnd(pythonOf('main'), ['manage.py', 'migrate', '--no-input', 'contenttypes'], { cwd: backend, env, deadlineMs: 30_000 })
    const seen = await look(project)
    expect(seen.get('database')?.state).toBe('ready')
    expect(seen.get('migrations')?.pending).toContain('auth.0001_initial')
    // the settings of this process hold the lock, as another process would
    const lock = 'import sqlite3\nheld = sqlite3.connect("db.sqlite3")\nheld.execute("BEGIN EXCLUSIVE")'
    const file = join(backend, 'core', 'settings.py')
    await writeFile(file, `${await readFile(file, 'utf8')}\n${lock}\n`)
    expect((await look(project)).get('database')).toMatchObject({ state: 'locked', message: 'database is locked' })
  })

  test('that an app asks when it is loaded is not made', async () => {
    project = await makeProject({
      files: {
        'backend/updates/apps.py': `from django.apps import AppConfig
class Updates(AppConfig):
    name = "updates"
    def ready(self):
        from django.contrib.auth.models import User
        User.objects.count()
`,
      },
    })
    const seen = await look(project)
    expect(seen.errorOf('application')).toMatchObject({ type: 'OperationalError', file: join('updates', 'apps.py') })
    expect(existsSync(join(project.backend, 'db.sqlite3'))).toBe(false)
  })

  test.each([
    ['{"NAME": BASE_DIR / "no" / "db.sqlite3", "ENGINE": "django.db.backends.sqlite3"}', 'unreachable', 'unable to open database file'],
    ['{"NAME": BASE_DIR / "manage.py", "ENGINE": "django.db.backends.sqlite3"}', 'unreachable', 'file is not a database'],
    ['{}', 'none', undefined],
  ])('%s is %s', async (database, state, message) => {
    project = await makeProject({ settings: `DATABASES = {"default": ${database}}` })
    const seen = await look(project)
    expect(seen.get('database')).toMatchObject({ state, ...(message === undefined ? {} : { message }) })
    expect(existsSync(join(project.backend, 'no'))).toBe(false)
  })
})

test('what the sources say of groups', async () => {
  project = await makeProject({
    settings: 'GROUP = "set"',
    files: {
      'backend/updates/names.py': 'RESULTS = "results"\n',
      'backend/updates/tasks.py': `from asgiref.sync import async_to_sync
from django.conf import settings
from updates.names import RESULTS
from .consumers import Other
LOCAL = "local"
def tell(layer, pk):
    message = {"type": "tally.update", "pk": pk}
    async_to_sync(layer.group_send)(LOCAL, message)
    async_to_sync(layer.group_send)(RESULTS, {"type": "tally"})
    layer.group_send(f"election_{pk}", dict(type="x"))
    layer.group_send(settings.GROUP, make(pk))
    layer.group_send(Other.name, {"type": pk})
`,
      'backend/updates/consumers.py': `from channels.generic.websocket import AsyncWebsocketConsumer
class Updates(AsyncWebsocketConsumer):
    name = "attribute"
    async def connect(self):
        await self.channel_layer.group_add(self.name, self.channel_name)
    async def tally_update(self, event):
        pass
class Other(Updates):
    async def more(self, event):
        pass
class OtherConsumer(Updates):
    pass
class Third(OtherConsumer):
    def third(self): pass
`,
      'backend/venv2/pyvenv.cfg': '',
      'backend/venv2/x.py': 'a.group_add("not", b)',
      'backend/broken.py': 'def (:',
    },
  })
  const file = join('updates', 'tasks.py')
  const seen = (await look(project)).get('broadcasts')
  expect(seen?.sends.map(({ by, ...send }) => ({ ...send, ...(by === null ? {} : { by }) }))).toEqual([
    { file, line: 8, group: 'local', type: 'tally.update' },
    { file, line: 9, group: 'results', type: 'tally' },
    { file, line: 10, group: null, type: 'x' },
    { file, line: 11, group: 'set', type: null },
    { file, line: 12, group: 'attribute', type: null },
  ])
  expect(seen?.adds).toEqual([{ file: join('updates', 'consumers.py'), line: 5, group: 'attribute' }])
  expect(seen?.handlers.map(({ consumer, methods }) => [consumer, methods])).toEqual([
    ['Updates', ['connect', 'tally_update']],
    ['Third', ['connect', 'tally_update', 'third']],
  ])
})

test.each<[string, string, string, readonly (string | null)[]]>([
  [
    'a shared task of Celery',
    '',
    'from celery import shared_task\n@shared_task(bind=True)\ndef go(self, layer):\n    layer.group_send("a", {})',
    ['Celery'],
  ],
  [
    "a task of the project's own application",
    '',
    'from core.celery import app\n@app.task\ndef go(layer):\n    layer.group_send("a", {})',
    ['Celery'],
  ],
  [
    'one that is made in the same file',
    '',
    'from celery import Celery\napp = Celery("x")\n@app.task\ndef go(layer):\n    layer.group_send("a", {})',
    ['Celery'],
  ],
  [
    'run where they are called',
    'CELERY_TASK_ALWAYS_EAGER = True',
    'from celery import shared_task\n@shared_task\ndef go(layer):\n    layer.group_send("a", {})',
    [null],
  ],
  ['an actor of Dramatiq', '', 'import dramatiq\n@dramatiq.actor\nasync def go(layer):\n    await layer.group_send("a", {})', ['Dramatiq']],
  ['a job of RQ', '', 'from django_rq import job\n@job\ndef go(layer):\n    layer.group_send("a", {})', ['RQ']],
  [
    'what a task calls in its module',
    '',
    'from celery import shared_task\ndef tell(layer):\n    layer.group_send("a", {})\n@shared_task\ndef go(layer):\n    tell(layer)',
    ['Celery'],
  ],
  [
    'what nobody but a view calls',
    '',
    'from celery import shared_task\ndef tell(layer):\n    layer.group_send("a", {})\n@shared_task\ndef go(layer):\n    pass',
    [null],
  ],
  ['a decorator of another name', '', 'from tasks import track as task\n@task\ndef go(layer):\n    layer.group_send("a", {})', [null]],
])('which process sends: %s', async (_, settings, tasks, by) => {
  project = await makeProject({ settings, files: { 'backend/updates/tasks.py': tasks } })
  const seen = await look(project, { tell: ['settings', 'broadcasts'] })
  expect(seen.get('broadcasts')?.sends.map((send) => send.by)).toEqual(by)
})

test('which process sends: a management command, and what it and a task call elsewhere', async () => {
  project = await makeProject({
    files: {
      'backend/updates/services.py': 'def one(layer):\n    layer.group_send("a", {})\ndef two(layer):\n    layer.group_send("a", {})\n',
      'backend/updates/tasks.py':
        'from celery import shared_task\nfrom . import services\n@shared_task\ndef go(layer):\n    services.two(layer)\n',
      'backend/updates/management/commands/shout.py':
        'from updates.services import one\nclass Command:\n    def handle(self, **_):\n        one(self)\n        self.layer.group_send("a", {})\n',
    },
  })
  const seen = await look(project, { tell: ['settings', 'broadcasts'] })
  const sent = seen.get('broadcasts')?.sends.map(({ file, line, by }) => [file.split(/[\\/]/).at(-1), line, by])
  expect(sent).toEqual(
    expect.arrayContaining([
      ['shout.py', 5, 'command'],
      ['services.py', 2, 'command'],
      ['services.py', 4, 'Celery'],
    ]),
  )
})
