import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { startCli, type RunningCli } from '../support/cli.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { pythonOf } from '../support/tools.ts'

const run = promisify(execFile)

let project: TestProject | undefined
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGTERM')
  await project?.remove()
})

test('a WebSocket that needs no tables is proven without them, and the missing ones are said', async () => {
  project = await makeProject()
  cli = startCli(['start', '--port', String(await freePort('127.0.0.1'))], { cwd: project.root })
  await cli.waitFor(/● connected/)
  const [line] = await cli.waitFor(/!.*migrations-pending/)
  expect(line).toContain('The database has no tables: db.sqlite3')
  expect(line).toContain('backend/venv/bin/python backend/manage.py migrate')
})

test('a new migration is no reason to refuse: it is said with its name', async () => {
  project = await makeProject()
  const manage = (...args: string[]) => run(pythonOf('main'), ['manage.py', ...args], { cwd: project?.backend })
  await manage('migrate')
  const migrations = join(project.backend, 'updates', 'migrations')
  await mkdir(migrations)
  await writeFile(join(migrations, '__init__.py'), '')
  await writeFile(
    join(migrations, '0001_new.py'),
    'from django.db import migrations\n\nclass Migration(migrations.Migration):\n    operations = []\n',
  )
  cli = startCli(['start', '--port', String(await freePort('127.0.0.1'))], { cwd: project.root })
  await cli.waitFor(/● connected/)
  const [line] = await cli.waitFor(/!.*migrations-pending/)
  expect(line).toContain('Pending: updates.0001_new')
})

test('tables without an active user: the setup names user-missing, and makes one', { tags: ['slow'] }, async () => {
  project = await makeProject()
  await run(pythonOf('main'), ['manage.py', 'migrate'], { cwd: project.backend })
  cli = startCli(['start', '--setup', '--json', '--port', String(await freePort('127.0.0.1'))], { cwd: project.root })
  await cli.waitFor(/"event":"ready"/)
  const events = cli
    .stdout()
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  expect(events).toContainEqual(
    expect.objectContaining({ event: 'setup', steps: [expect.objectContaining({ id: 'user-missing', certain: true })] }),
  )
  expect(events).toContainEqual(expect.objectContaining({ event: 'setup-user', model: 'auth.User' }))
})

test(
  'an app without migrations, and a table without rows: the setup makes all of it, and the WebSocket is proven',
  { timeout: 90_000, tags: ['slow'] },
  async () => {
    project = await makeProject({
      settings: 'DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"',
      consumer: hallConsumer,
      route: 'ws/halls/<slug:code>/',
    })
    await writeFile(join(project.backend, 'updates', 'models.py'), hallModels)
    await mkdir(join(project.backend, 'updates', 'migrations'))
    await writeFile(join(project.backend, 'updates', 'migrations', '__init__.py'), '')
    await run(pythonOf('main'), ['manage.py', 'migrate'], { cwd: project.backend })
    cli = startCli(['start', '--setup', '--json', '--port', String(await freePort('127.0.0.1'))], { cwd: project.root })
    await cli.waitFor(/"event":"ready".*?"state":"connected"/)
    const made = cli
      .stdout()
      .trim()
      .split('\n')
      .map((line): { event: string; steps?: readonly { title: string }[] } => JSON.parse(line))
      .flatMap(({ event, steps }) => (event === 'setup' ? (steps ?? []).map(({ title }) => title) : []))
    expect(made).toEqual(expect.arrayContaining(['the migrations of updates', 'the database tables', 'a row of updates.Hall']))
    const { stdout } = await run(pythonOf('main'), ['manage.py', 'shell', '-c', showHalls], { cwd: project.backend })
    expect(stdout.trim().split('\n').at(-1)).toBe("[('example', True, 'example', 'developer')]")
  },
)

test('--setup makes nothing in a database that can not be opened: what the WebSocket wants of it is named', async () => {
  project = await makeProject({
    settings: 'DATABASES["default"]["NAME"] = "/no/such/folder/db.sqlite3"',
    consumer: votersConsumer,
  })
  cli = startCli(['start', '--setup', '--json', '--port', String(await freePort('127.0.0.1'))], { cwd: project.root })
  await cli.waitFor(/"event":"ready".*"id":"database-unreachable"/)
  const { stdout } = await cli.end('SIGINT')
  expect(stdout).not.toMatch(/user-missing|migrations-pending|setup-step/)
})

const hallModels = `from django.conf import settings
from django.db import models

class House(models.Model):
    name = models.CharField(max_length=40)
    floors = models.PositiveIntegerField()

class Hall(models.Model):
    code = models.SlugField(unique=True)
    house = models.ForeignKey(House, on_delete=models.CASCADE)
    keeper = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    is_open = models.BooleanField(default=False)
    opens = models.DateTimeField()
`
const showHalls =
  'from updates.models import Hall; print([(h.code, h.is_open, h.house.name, h.keeper.username) for h in Hall.objects.all()])'

/** Is there for a hall alone, and for one that is open. */
const hallConsumer = `
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from .models import Hall

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        code = self.scope["url_route"]["kwargs"]["code"]
        try:
            await database_sync_to_async(Hall.objects.get)(code=code, is_open=True)
        except Hall.DoesNotExist:
            await self.close(code=4404)
        else:
            await self.accept()
`

/** Asks the database who there is, before it accepts. */
const votersConsumer = `
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.contrib.auth import get_user_model

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await database_sync_to_async(get_user_model().objects.count)()
        await self.accept()
`
