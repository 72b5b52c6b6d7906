/** The look from inside, done by the process that serves: Django is there once, and the server goes on as it would. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { describe, expect, test, vi, type TestContext } from 'vitest'
import { factOf } from '../../src/facts/examination.ts'
import { lookServed, quickLook, wireRequest, type LookRequest } from '../../src/facts/examine.ts'
import type { Inspection } from '../../src/facts/inspection.ts'
import { commandOf, servers, startObserved, type ObservedServer, type ServerName } from '../support/observed.ts'
import { listens, testHost } from '../support/processes.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort, until } from '../support/redis.ts'
import { pythonOf } from '../support/tools.ts'

vi.setConfig({ testTimeout: 60_000 })

const request: LookRequest = { tell: quickLook, settingsModule: 'core.settings', application: undefined, deadlineMs: 20_000 }

const counted = `with open(BASE_DIR / "imports", "a") as log:
    log.write("x")
`

async function start({ onTestFinished }: TestContext, server: ServerName, settings = ''): Promise<TestProject & ObservedServer> {
  const project = await makeProject({ settings: counted + settings })
  onTestFinished(project.remove)
  const started = await startObserved(server, project.backend)
  onTestFinished(started.stop)
  return { ...project, ...started }
}

function lookAt({ running }: ObservedServer, asked: Partial<LookRequest> = {}): Inspection {
  if (running.observer === undefined) throw new Error('it runs without an observer')
  return lookServed(testHost, running.observer, { ...request, ...asked })
}

describe.each(servers)('%s', (server) => {
  test('tells of its own project, whose settings are imported once and left as they are', async (context) => {
    const started = await start(context, server, 'INSTALLED_APPS += ["daphne"]')
    const seen = lookAt(started)
    expect(await seen.get('settings')).toMatchObject({ module: 'core.settings', daphne_app: 'before-staticfiles' })
    expect(await seen.get('users')).toMatchObject({ model: 'auth.User', active: 0 })
    expect((await seen.get('application'))?.routes).toMatchObject([{ route: 'ws/election-updates/', consumer: 'Updates' }])
    expect((await seen.ended).how).toBe('ended')
    // a second one finds all as it was
    expect(await lookAt(started).get('settings')).toEqual(await seen.get('settings'))
    expect(await readFile(join(started.backend, 'imports'), 'utf8')).toBe('x')
  })
})

test('what a stage raises is told, and the next one still has its turn', async (context) => {
  const table = 'import sqlite3\nsqlite3.connect(BASE_DIR / "db.sqlite3").execute("CREATE TABLE IF NOT EXISTS other (id)")'
  const started = await start(context, 'daphne', table)
  const seen = await lookAt(started).ended
  expect(seen).toMatchObject({ how: 'ended' })
  expect(seen.errorOf('users')).toMatchObject({ type: 'OperationalError' })
  expect(seen.get('application')?.websocket).toBe(true)
})

test('a deadline ends it for who asked; a server that dies, at once', async (context) => {
  const hanging = 'import time\nclass Layers(dict):\n    def get(self, *a):\n        time.sleep(60)\nCHANNEL_LAYERS = Layers(default={})'
  const started = await start(context, 'daphne', hanging)
  expect(await lookAt(started, { deadlineMs: 50 }).ended).toMatchObject({ how: 'timeout' })
  const seen = lookAt(started)
  started.running.kill()
  expect(await seen.ended).toMatchObject({ how: 'crashed' })
})

test('a launcher that does not read loses no fact, and holds nothing up', { tags: ['slow'] }, async ({ onTestFinished }) => {
  const routes = `from core import asgi as _asgi
application = _asgi.application
application.application_mapping["websocket"] = _asgi.URLRouter([_asgi.path("%05d/" % number, _asgi.Updates.as_asgi()) for number in range(9000)])`
  const project = await makeProject({ files: { 'backend/many.py': routes } })
  onTestFinished(project.remove)
  const port = await freePort('127.0.0.1')
  const { args, env } = commandOf('daphne', 'many:application', port, true)
  const child = spawn(pythonOf('main'), args, {
    cwd: project.backend,
    env: { PATH: process.env['PATH'], PYTHONDONTWRITEBYTECODE: '1', ...env },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const [, , , input, output]: readonly unknown[] = child.stdio
  if (!(input instanceof Writable && output instanceof Readable)) throw new Error('no pipes')
  input.write(`{"election-dev":"nonce"}\n${JSON.stringify({ ask: 'look', id: 1, ...wireRequest(request) })}\n`)
  await until(() => listens(port), 30_000)
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200)
  let text = ''
  for await (const chunk of output) {
    text += String(chunk)
    if (text.includes('"fact":"end"')) break
  }
  const facts = text.split('\n').flatMap((line) => (line.includes('"event":"fact"') ? [factOf(JSON.parse(line).told)] : []))
  const found = facts.find((fact) => fact?.fact === 'application')
  expect(text.length).toBeGreaterThan(500_000)
  expect(found?.fact === 'application' ? found.routes.length : 0).toBe(9000)
})
