import { execFileSync } from 'node:child_process'
import { appendFile, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect } from 'vitest'
import { databaseUrlModule } from '../support/consumers.ts'
import { fix, fixes, undo } from '../support/fix.ts'
import { doctor, real } from '../support/doctor.ts'
import { ownEnvironment } from '../support/own-environment.ts'
import { makeProject, type ProjectOptions, type TestProject } from '../support/project.ts'
import { freePort, startRedis, until, type RunningRedis } from '../support/redis.ts'
import { startProgram, startServer, type RunningServer } from '../support/servers.ts'
import { pythonOf, run } from '../support/tools.ts'

let project: TestProject | undefined
let server: RunningServer | undefined
let redis: RunningRedis | undefined
afterEach(async () => {
  await server?.stop()
  await redis?.stop()
  await project?.remove()
  project = server = redis = undefined
})

interface Served {
  readonly project: TestProject
  readonly url: string
  readonly settings: () => Promise<string>
  readonly env: () => Promise<string>
}

async function served(options: ProjectOptions): Promise<Served> {
  project = await makeProject(options)
  server = await startServer('daphne', project)
  const { backend } = project
  return {
    project,
    url: `ws://127.0.0.1:${server.port}/ws/election-updates/`,
    settings: () => readFile(join(backend, 'core', 'settings.py'), 'utf8'),
    env: () => readFile(join(backend, '.env'), 'utf8'),
  }
}

/** With `--json` a server that has read the old state is left to the caller, who is told the commands. */
async function fixesServed(id: string, { project, url }: Served, yes: boolean): Promise<void> {
  const answer = await fix(project.root, { url, yes })
  expect(answer.made[0], answer.evidence).toMatchObject({ id, outcome: 'done' })
  expect(answer.made.slice(-2)).toMatchObject([
    { id, kind: 'signal', outcome: 'handed-over', pid: server?.pid },
    { id, kind: 'hand-over', outcome: 'handed-over' },
  ])
  const port = server?.port
  await server?.stop()
  server = await startServer('daphne', project, port === undefined ? {} : { port })
  const again = await doctor(project.root, { url })
  expect(again.state, again.evidence).toBe('healthy')
}

real('channel-layer-unset', 'a layer for one process is appended', async () => {
  const it = await served({ settings: 'del CHANNEL_LAYERS' })
  await fixesServed('channel-layer-unset', it, false)
  // the settings set one under a condition: where that holds, theirs stands
  expect(await it.settings()).toMatch(
    /if not globals\(\)\.get\("CHANNEL_LAYERS"\):\n    CHANNEL_LAYERS = \{"default": \{"BACKEND": "channels.layers.InMemoryChannelLayer"\}\}\n$/,
  )
})

real('channel-layer-backend-wrong', 'a letter too few', async () => {
  const it = await served({ settings: 'CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layer.InMemoryChannelLayer"}}' })
  await fixesServed('channel-layer-backend-wrong', it, false)
})

real('channel-layer-config-wrong', 'one host that is no list', async () => {
  redis = await startRedis()
  const it = await served({
    settings: `CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": ("127.0.0.1", ${redis.port})}}}`,
  })
  await fixesServed('channel-layer-config-wrong', it, false)
  expect(await it.settings()).toContain(`"hosts": [("127.0.0.1", ${redis.port})]`)
})

real('redis-unreachable', 'the in-memory layer by .env', async () => {
  const it = await served({ dotenv: ['USE_REDIS_FOR_CHANNELS=True', `REDIS_PORT=${await freePort('127.0.0.1')}`] })
  await fixesServed('redis-unreachable', it, true)
  expect(await it.env()).toContain('USE_REDIS_FOR_CHANNELS=False')
})

real('redis-too-old', 'the in-memory layer by .env', async () => {
  redis = await startRedis({ version: '3.2' })
  const it = await served({ dotenv: ['USE_REDIS_FOR_CHANNELS=True', `REDIS_PORT=${redis.port}`] })
  await fixesServed('redis-too-old', it, true)
})

real('redis-unresponsive', 'the in-memory layer by .env', async () => {
  redis = await startRedis()
  process.kill(redis.pid, 'SIGSTOP')
  const it = await served({ dotenv: ['USE_REDIS_FOR_CHANNELS=True', `REDIS_PORT=${redis.port}`] })
  await fixesServed('redis-unresponsive', it, true)
})

real('redis-unexpected-password', 'the password is emptied', async () => {
  redis = await startRedis()
  const dotenv = ['USE_REDIS_FOR_CHANNELS=True', `REDIS_PORT=${redis.port}`, 'REDIS_PASSWORD=nobodys']
  project = await makeProject({ dotenv, environment: 'redisPy5' })
  server = await startServer('daphne', project, { environment: 'redisPy5' })
  const url = `ws://127.0.0.1:${server.port}/ws/election-updates/`
  const answer = await fix(project.root, { url, yes: false })
  expect(answer.made[0], answer.evidence).toMatchObject({ id: 'redis-unexpected-password', kind: 'edit', outcome: 'done' })
  expect(await readFile(join(project.backend, '.env'), 'utf8')).toContain('REDIS_PASSWORD=\n')
  const { port } = server
  await server.stop()
  server = await startServer('daphne', project, { environment: 'redisPy5', port })
  const again = await doctor(project.root, { url })
  expect(again.state, again.evidence).toBe('healthy')
})

const plainLayer = (hosts: string) =>
  `CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [${hosts}]}}}`

real('redis-client-timeout', 'hosts that are written out get no limit', async () => {
  redis = await startRedis()
  project = await makeProject({ style: 'plain', settings: plainLayer(`("127.0.0.1", ${redis.port})`) })
  const url = `ws://127.0.0.1:${await freePort('127.0.0.1')}/ws/election-updates/`
  const answer = await fixes('redis-client-timeout', project, { url, yes: false }, { after: 'server-not-running' })
  expect(answer.made[0]).toMatchObject({ kind: 'edit', diff: expect.arrayContaining([expect.stringContaining('"socket_timeout": None')]) })
})

real('redis-client-timeout', 'a running server, which is to be started anew', async () => {
  redis = await startRedis()
  const it = await served({ settings: plainLayer(`"redis://127.0.0.1:${redis.port}"`) })
  await fixesServed('redis-client-timeout', it, false)
  expect((await doctor(it.project.root, { url: it.url })).warnings).toEqual([])
})

real(
  'redis-client-timeout',
  'hosts that only their name shows: an older client',
  async () => {
    redis = await startRedis()
    const settings = `HOST = ("127.0.0.1", ${redis.port})\n${plainLayer('HOST')}`
    project = await makeProject({ style: 'plain', settings, environment: undefined })
    await ownEnvironment(join(project.backend, 'venv'), 'main', /^redis(?:-|$)/i)
    await run(join(project.backend, 'venv', 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', 'redis>=8'])
    const url = `ws://127.0.0.1:${await freePort('127.0.0.1')}/ws/election-updates/`
    // the release that is there goes for good
    const word = await fix(project.root, { url, yes: false })
    expect(word.made, word.evidence).toMatchObject([{ id: 'redis-client-timeout', kind: 'command', outcome: 'needs-word' }])
    const answer = await fix(project.root, { url })
    expect(answer.made[0], answer.evidence).toMatchObject({ id: 'redis-client-timeout', kind: 'command', outcome: 'done' })
    expect(answer.id, answer.evidence).toBe('server-not-running')
  },
  120_000,
)

real('env-value-malformed', 'a port in the host', async () => {
  redis = await startRedis()
  const it = await served({ dotenv: ['USE_REDIS_FOR_CHANNELS=True', `REDIS_HOST=127.0.0.1:${redis.port}`, `REDIS_PORT=${redis.port}`] })
  await fixesServed('env-value-malformed', it, false)
})

real('layer-inmemory-multi-instance', 'the Redis of the variables carries the layer', async () => {
  redis = await startRedis()
  project = await makeProject({ dotenv: ['USE_REDIS_FOR_CHANNELS=False', `REDIS_PORT=${redis.port}`] })
  server = await startServer('daphne', project)
  const second = await startServer('daphne', project)
  try {
    const url = `ws://127.0.0.1:${server.port}/ws/election-updates/`
    const others = [`ws://127.0.0.1:${second.port}/ws/election-updates/`]
    const answer = await fix(project.root, { url, others })
    expect(answer.made[0]).toMatchObject({ id: 'layer-inmemory-multi-instance', kind: 'edit', outcome: 'done' })
    await server.stop()
    await second.stop()
    server = await startServer('daphne', project)
    const other = await startServer('daphne', project)
    const again = await doctor(project.root, {
      url: `ws://127.0.0.1:${server.port}/ws/election-updates/`,
      others: [`ws://127.0.0.1:${other.port}/ws/election-updates/`],
    })
    await other.stop()
    expect(again.state, again.evidence).toBe('healthy')
  } finally {
    await second.stop()
  }
})

/** A consumer that asks the database before it accepts. */
const databaseConsumer = `
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

@database_sync_to_async
def count():
    from django.contrib.auth import get_user_model
    return get_user_model().objects.count()

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await count()
        await self.accept()

    async def receive_json(self, content):
        if content.get("type") == "ping":
            await self.send_json({"type": "pong"})
`

real('migrations-pending', 'manage.py migrate, with the old database kept', async () => {
  const it = await served({ consumer: databaseConsumer })
  // sqlite makes its file when it is first asked
  await doctor(it.project.root, { url: it.url, readOnly: false })
  await fixes('migrations-pending', it.project, { url: it.url })
})

real('env-variables-missing', 'a URL of the database without a default, in a server that was started without it', async () => {
  const it = await served({
    style: 'plain',
    consumer: databaseConsumer,
    settings:
      'from dotenv import load_dotenv\nload_dotenv(BASE_DIR / ".env")\nimport dj_database_url\nDATABASES = {"default": dj_database_url.config()}\n',
    files: { 'backend/.env': 'DEBUG=True\n', 'backend/dj_database_url.py': databaseUrlModule },
  })
  await fixes('env-variables-missing', it.project, { url: it.url, readOnly: false }, { undone: false })
  expect(await it.env()).toMatch(/^DATABASE_URL=sqlite:\/\/\/db\.sqlite3$/m)
})

real('database-locked', 'the holder is ended', async () => {
  project = await makeProject({ consumer: databaseConsumer })
  const file = join(project.backend, 'db.sqlite3')
  execFileSync(pythonOf('main'), ['manage.py', 'migrate', '--no-input'], { cwd: project.backend, stdio: 'ignore' })
  server = await startServer('daphne', project)
  const holder = await holdLock(file)
  try {
    await fixes('database-locked', project, { url: `ws://127.0.0.1:${server.port}/ws/election-updates/` }, { undone: false, backup: false })
    await until(async () => holder.child.exitCode !== null || holder.child.signalCode !== null)
  } finally {
    await holder.stop()
  }
})

const rowsOfAll = `
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from .models import Vote
class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await database_sync_to_async(lambda: list(Vote.objects.all()))()
        await self.accept()
`
const votes = 'from django.db import models\n\nclass Vote(models.Model):\n    name = models.CharField(max_length=20)\n'

real(
  'migrations-not-made',
  'a new field, beside a migration that is applied: that one stays, and --undo takes the new one back',
  async () => {
    project = await makeProject({ style: 'plain', consumer: rowsOfAll, files: { 'backend/updates/models.py': votes } })
    const { backend } = project
    const manage = (...args: readonly string[]) => run(pythonOf('main'), ['manage.py', ...args], { cwd: backend })
    await manage('makemigrations', 'updates')
    await manage('migrate')
    const folder = join(backend, 'updates', 'migrations')
    const files = async () => (await readdir(folder)).filter((name) => name.endsWith('.py')).toSorted()
    const kept = async () => [await files(), await readFile(join(folder, '0001_initial.py'), 'utf8')]
    const before = await kept()
    await appendFile(join(backend, 'updates', 'models.py'), '    note = models.TextField(default="")\n')
    server = await startServer('daphne', project)
    const { made, evidence } = await fix(project.root, { url: `ws://127.0.0.1:${server.port}/ws/election-updates/`, yes: true })
    expect(made[0], evidence).toMatchObject({ id: 'migrations-not-made', outcome: 'done' })
    expect(await files()).toEqual(['0001_initial.py', '0002_vote_note.py', '__init__.py'])
    expect(await readFile(join(folder, '0001_initial.py'), 'utf8')).toBe(before[1])
    await undo(project.root)
    expect([await files(), await readFile(join(folder, '0001_initial.py'), 'utf8')]).toEqual(before)
  },
)

async function holdLock(file: string): Promise<RunningServer> {
  const source = `import sqlite3, socket, sys
db = sqlite3.connect(${JSON.stringify(file)}, isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True: s.accept()`
  return startProgram(pythonOf('main'), (port) => ['-c', source, String(port)])
}

real(
  'redis-loading',
  'it is waited for',
  async () => {
    const first = await startRedis({ config: ['rdbcompression no'] })
    try {
      await first.command('EVAL', "for i = 1, 20000 do redis.call('SET', 'key' .. i, string.rep('x', 100)) end", '0')
      await first.command('SAVE')
      // 20 000 keys at 0.7 ms each: 14 s
      redis = await startRedis({ folder: first.folder, config: ['key-load-delay 700', 'loading-process-events-interval-bytes 1024'] })
      project = await makeProject({ dotenv: ['USE_REDIS_FOR_CHANNELS=True', `REDIS_PORT=${redis.port}`] })
      server = await startServer('daphne', project)
      const url = `ws://127.0.0.1:${server.port}/ws/election-updates/`
      const answer = await fixes('redis-loading', project, { url, yes: false }, { undone: false, backup: false })
      expect(answer.state, answer.evidence).toBe('healthy')
    } finally {
      await first.stop()
    }
  },
  60_000,
)
