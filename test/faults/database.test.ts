/** The database that the sockets need. */
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findPostgres } from '../../src/facts/postgres-programs.ts'
import { makeBench, urlOf } from '../support/bench.ts'
import { runCli } from '../support/cli.ts'
import { databaseUrlModule } from '../support/consumers.ts'
import { doctor, real } from '../support/doctor.ts'
import { startPostgres } from '../support/postgres.ts'
import type { TestProject } from '../support/project.ts'
import { testHost } from '../support/processes.ts'
import { freePort } from '../support/redis.ts'
import { guards, sessionProject } from '../support/session-project.ts'
import { pythonOf, run } from '../support/tools.ts'

const bench = makeBench()

/** A consumer that asks the database before it accepts. */
const asks = `
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

@database_sync_to_async
def count():
    from django.contrib.auth import get_user_model
    return get_user_model().objects.count()

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        users = await count()
        await self.accept()
        await self.send_json({"type": "welcome", "users": users})

    async def receive_json(self, content):
        await self.send_json({"type": "pong"})
`

/** The same, and whatever goes wrong is a refusal to the page. */
const hides = asks.replace(
  '        users = await count()\n',
  '        try:\n            users = await count()\n        except Exception:\n            await self.close(4001)\n            return\n',
)

const migrate = (project: TestProject) =>
  run(pythonOf('main'), ['manage.py', 'migrate', '--verbosity', '0'], { cwd: project.backend, env: { ...process.env } })

/** A process that holds the database of a project with an EXCLUSIVE lock, as soon as it does. */
async function lock(project: TestProject): Promise<number> {
  const child = spawn(
    pythonOf('main'),
    [
      '-c',
      'import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1], isolation_level=None)\ndb.execute("BEGIN EXCLUSIVE")\nprint("held", flush=True)\nsys.stdin.read()',
      join(project.backend, 'db.sqlite3'),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const ended = once(child, 'exit')
  bench.later(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await once(child.stdout, 'data')
  if (child.pid === undefined) throw new Error('the process that holds the lock has no PID')
  return child.pid
}

const voteModel = 'from django.db import models\n\nclass Vote(models.Model):\n    name = models.CharField(max_length=20)\n'
const asksVotes = `
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from .models import Vote

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await database_sync_to_async(Vote.objects.count)()
        await self.accept()
`

real('migrations-pending', 'nobody migrated', async () => {
  // sqlite makes an empty file at the first question, so there is one from an earlier run
  const project = await bench.project({ style: 'plain', consumer: asks, files: { 'backend/db.sqlite3': '' } })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('migrations-pending')
  expect(answer.evidence).toContain('db.sqlite3')
  expect(answer.diagnosis?.remedy.commands).toEqual([['backend/venv/bin/python', 'backend/manage.py', 'migrate']])
})

real('env-variables-missing', 'a URL of the database without a default: the settings are read, and have none', async () => {
  const project = await bench.project({
    style: 'plain',
    consumer: asks,
    settings: 'import dj_database_url\nDATABASES = {"default": dj_database_url.config()}\n',
    files: { 'backend/dj_database_url.py': databaseUrlModule },
  })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('env-variables-missing')
  expect(answer.diagnosis?.title).toBe('The settings need DATABASE_URL, which is not set')
  const commands = [['election-dev', 'doctor', '--fix', '--yes', '--url', urlOf(server.port)]]
  expect(answer.diagnosis?.remedy.commands).toEqual(commands)
  const { stdout } = await runCli(['verify', '--json', urlOf(server.port)], { cwd: project.root })
  expect(JSON.parse(stdout)).toMatchObject({ diagnosis: { remedy: { commands } } })
})

real('migrations-pending', 'a new table, and a consumer that hides the error behind a refusal, on uvicorn', async () => {
  const project = await bench.project({ consumer: hides })
  await migrate(project)
  await run(pythonOf('main'), [
    '-c',
    `import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'auth_*'").fetchall():
    db.execute("DROP TABLE " + name)
db.execute("DELETE FROM django_migrations WHERE app = 'auth'")
db.commit()`,
    join(project.backend, 'db.sqlite3'),
  ])
  const server = await bench.serve('uvicorn', project)
  const answer = await doctor(project.root, { url: urlOf(server.port), token: 'opaque-of-the-tests' })
  expect(answer.id, answer.evidence).toBe('migrations-pending')
  expect(answer.evidence).toContain('no such table: auth_user')
  expect(answer.evidence).toContain('auth.0001_initial')
})

const unmade: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['whose migrations nobody ever made', {}],
  ['whose migrations are in no repository, but for their package', { 'backend/updates/migrations/__init__.py': '' }],
]

for (const [what, files] of unmade)
  real('migrations-not-made', `an app with models, ${what}`, async () => {
    const project = await bench.project({
      style: 'plain',
      consumer: asksVotes,
      files: { 'backend/updates/models.py': voteModel, ...files },
    })
    await migrate(project)
    const server = await bench.serve('daphne', project)
    const answer = await doctor(project.root, { url: urlOf(server.port) })
    expect(answer.id, answer.evidence).toBe('migrations-not-made')
    expect(answer.evidence).toContain('no such table: updates_vote')
    expect(answer.evidence).toContain('updates has models, or fields, that no migration creates')
    const { commands = [] } = answer.diagnosis?.remedy ?? {}
    expect(commands).toEqual([
      ['backend/venv/bin/python', 'backend/manage.py', 'makemigrations', 'updates'],
      ['backend/venv/bin/python', 'backend/manage.py', 'migrate'],
    ])
  })

real('database-unreachable', 'the folder of the SQLite file is not there', async () => {
  const project = await bench.project({
    style: 'plain',
    consumer: asks,
    settings: 'DATABASES["default"]["NAME"] = BASE_DIR / "data" / "db.sqlite3"',
  })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('database-unreachable')
  expect(answer.evidence).toContain('unable to open database file')
  expect(answer.evidence).toContain(join(project.backend, 'data'))
})

real('database-unreachable', 'PostgreSQL is not there', async () => {
  const port = await freePort('127.0.0.1')
  const project = await bench.project({
    style: 'plain',
    environment: 'postgres',
    consumer: asks,
    settings: `DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "votes", "USER": "u", "PASSWORD": "only-for-tests", "HOST": "127.0.0.1", "PORT": "${port}"}}`,
  })
  const server = await bench.serve('daphne', project, { environment: 'postgres' })
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('database-unreachable')
  expect(answer.evidence).toContain(String(port))
  // its own test runs it: test/slow/managed-database.test.ts
  const canStart = (await findPostgres(testHost)).length > 0
  const command = ['election-dev', 'start', '--setup', '--managed', '--port', String(server.port)]
  expect(answer.diagnosis?.remedy.commands).toEqual(canStart ? [command] : [])
})

/** A PostgreSQL that has neither the role nor the database of the settings, and the project that is served on it. */
async function absent() {
  const port = await freePort('127.0.0.1')
  const common = { style: 'plain', environment: 'postgres', consumer: asks } as const
  const at = `"ENGINE": "django.db.backends.postgresql", "HOST": "127.0.0.1", "PORT": "${port}"`
  const project = await bench.project({ ...common, settings: `DATABASES = {"default": {${at}, "NAME": "votes 2", "USER": "ada"}}` })
  bench.later((await startPostgres(project.root, port)).stop)
  const server = await bench.serve('daphne', project, { environment: 'postgres' })
  return { port, ask: () => doctor(project.root, { url: urlOf(server.port) }) }
}

real('database-absent', 'PostgreSQL answers, and has no such role', async () => {
  const { ask } = await absent()
  const answer = await ask()
  expect(answer.id, answer.evidence).toBe('database-absent')
  // its port is the only one that the settings know, and it is held
  expect(answer.diagnosis?.remedy.commands).toEqual([])
})

test('each of what PostgreSQL lacks is made by the statement that is told', async () => {
  const { port, ask } = await absent()
  for (const lacking of ['role ada', 'database votes 2']) {
    const answer = await ask()
    expect(answer.id, answer.evidence).toBe('database-absent')
    expect(answer.diagnosis?.title).toContain(lacking)
    const [statement = ''] = /CREATE [^;]*;/.exec(answer.diagnosis?.remedy.text ?? '') ?? []
    const script = 'import psycopg, sys; psycopg.connect(sys.argv[1], autocommit=True).execute(sys.argv[2])'
    await run(pythonOf('postgres'), ['-c', script, `host=127.0.0.1 port=${port} user=postgres`, statement])
  }
  expect((await ask()).id).toBe('migrations-pending')
})

real('database-unreachable', 'the host of a compose file, and a page that has to be logged in', async () => {
  const project = await bench.project({
    ...sessionProject('database', guards.before),
    style: 'plain',
    environment: 'postgres',
    files: { 'compose.yml': 'services:\n  db:\n    image: postgres:17\n' },
    settings: 'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "votes", "USER": "u", "HOST": "db"}}',
  })
  const server = await bench.serve('daphne', project, { environment: 'postgres' })
  const answer = await doctor(project.root, { url: `ws://127.0.0.1:${server.port}/ws/rota/` })
  expect(answer.id, answer.evidence).toBe('database-unreachable')
  expect(answer.evidence).toContain("db is a service of compose.yml: a name only inside Docker's network")
  // no variable leads elsewhere, and no name of a network can be taken
  expect(answer.diagnosis?.remedy).toMatchObject({ commands: [], text: expect.stringContaining('the settings name the host db') })
})

real('database-locked', 'another process holds the file with an EXCLUSIVE lock', async () => {
  const project = await bench.project({ style: 'plain', consumer: asks })
  await migrate(project)
  const server = await bench.serve('daphne', project)
  const pid = await lock(project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('database-locked')
  expect(answer.evidence).toContain(`PID ${pid}`)
  expect(answer.diagnosis?.remedy.commands).toEqual([['kill', String(pid)]])
})

real('database-locked', 'the same behind an except, on uvicorn', async () => {
  const project = await bench.project({ consumer: hides, settings: 'DATABASES["default"]["OPTIONS"] = {"timeout": 0.5}' })
  await migrate(project)
  const server = await bench.serve('uvicorn', project)
  const pid = await lock(project)
  const answer = await doctor(project.root, { url: urlOf(server.port), token: 'opaque-of-the-tests' })
  expect(answer.id, answer.evidence).toBe('database-locked')
  expect(answer.evidence).toContain(`PID ${pid}`)
})

test('a database that was never made, and a consumer that needs none: nothing is wrong', async () => {
  const project = await bench.project({ style: 'plain' })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBeUndefined()
})

test('a locked database, and a consumer that needs none: nothing is wrong', async () => {
  const project = await bench.project({ style: 'plain' })
  await migrate(project)
  const server = await bench.serve('daphne', project)
  await lock(project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBeUndefined()
})

test('a shell that reads the database beside the server: nothing is wrong', async () => {
  const project = await bench.project({ style: 'plain', consumer: asks })
  await migrate(project)
  const server = await bench.serve('daphne', project)
  await bench.living(
    pythonOf('main'),
    [
      '-c',
      'import sqlite3, sys, time\ndb = sqlite3.connect(sys.argv[1])\ndb.execute("SELECT * FROM auth_user").fetchall()\nprint("open", flush=True)\ntime.sleep(600)',
      join(project.backend, 'db.sqlite3'),
    ],
    { cwd: project.backend, says: /open/ },
  )
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBeUndefined()
})
