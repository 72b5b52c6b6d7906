/** Why the ASGI application can't be served: what no server gets past. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeBench, nobody, urlOf, write } from '../support/bench.ts'
import { runCli } from '../support/cli.ts'
import { raisesBeforeAccept } from '../support/consumers.ts'
import { askDoctor, doctor, real } from '../support/doctor.ts'
import { openConsumer, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { pythonOf, run } from '../support/tools.ts'

const bench = makeBench()
const withDaphne = ['daphne', 'django.contrib.contenttypes', 'django.contrib.auth', 'channels', 'updates']

const reloading = (project: TestProject, port: number, application: string, says: RegExp) =>
  bench.living(pythonOf('main'), ['-m', 'uvicorn', '--reload', '--port', String(port), application], { cwd: project.backend, says })

const runserver = (project: TestProject, port: number, says: RegExp) =>
  bench.living(pythonOf('main'), ['manage.py', 'runserver', `127.0.0.1:${port}`], { cwd: project.backend, says })

/** Replaces text in the settings. */
async function edit(project: TestProject, from: string, to: string): Promise<void> {
  const file = join(project.backend, 'core', 'settings.py')
  const text = await readFile(file, 'utf8')
  if (!text.includes(from)) throw new Error(`the settings have no ${from}`)
  await write(project, 'backend/core/settings.py', text.replace(from, to))
}

real('asgi-syntax-error', 'a bracket that is never closed, in the consumers', async () => {
  const project = await bench.project({ style: 'plain', consumer: `${openConsumer}\nROOMS = [1, 2\n` })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('asgi-syntax-error')
  expect(answer.evidence).toContain('updates/consumers.py:14')
})

real('asgi-syntax-error', 'a reloader that lives with nothing listening, and a line that is indented wrongly in asgi.py', async () => {
  const project = await bench.project()
  await write(project, 'backend/core/asgi.py', 'import os\n    application = None\n')
  const port = await freePort('127.0.0.1')
  await reloading(project, port, 'core.asgi:application', /IndentationError/)
  const answer = await doctor(project.root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('asgi-syntax-error')
  expect(answer.evidence).toContain('core/asgi.py:2')
})

real('asgi-syntax-error', 'in the settings, of a package that is not core', async () => {
  const project = await bench.project({ style: 'plain', package: 'config', settings: 'def broken(:\n    pass' })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('asgi-syntax-error')
  expect(answer.evidence).toMatch(/config\/settings\.py:\d+/)
})

real('asgi-import-error', 'a name that was renamed', async () => {
  const project = await bench.project({ style: 'plain', consumer: openConsumer.replace('class Updates', 'class ElectionUpdates') })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('asgi-import-error')
  expect(answer.evidence).toContain("cannot import name 'Updates'")
  expect(answer.evidence).toContain('core/asgi.py:8')
})

real('asgi-import-error', 'an exception of the project while it is imported, by uvicorn that reloads', async () => {
  const project = await bench.project({ style: 'environ', consumer: `${openConsumer}\nLIMIT = {}["limit"]\n` })
  const port = await freePort('127.0.0.1')
  await reloading(project, port, 'core.asgi:application', /KeyError/)
  const answer = await doctor(project.root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('asgi-import-error')
  expect(answer.evidence).toContain('updates/consumers.py:14')
})

real('asgi-import-error', 'a module of the project that is not there', async () => {
  const project = await bench.project({ style: 'plain', consumer: `from updates.rooms import ROOMS\n${openConsumer}` })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('asgi-import-error')
  expect(answer.evidence).toContain("No module named 'updates.rooms'")
})

/** An asgi.py that imports the consumers at its top. */
const early = (first: string) => `import os
${first}
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path
from updates.consumers import Updates
application = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": URLRouter([path("ws/election-updates/", Updates.as_asgi())])})
`
const usesModels = `from django.contrib.auth.models import User\n${openConsumer}`

real('apps-not-ready', 'the consumers import models before get_asgi_application()', async () => {
  const project = await bench.project({
    style: 'plain',
    asgi: early('os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")'),
    consumer: usesModels,
  })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('apps-not-ready')
  expect(answer.evidence).toContain('AppRegistryNotReady')
  expect(answer.evidence).toContain('updates/consumers.py:1')
})

real('apps-not-ready', 'DJANGO_SETTINGS_MODULE is never set in asgi.py', async () => {
  const project = await bench.project({ asgi: early(''), consumer: usesModels })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('apps-not-ready')
  expect(answer.evidence).toContain('settings are not configured')
})

test('the consumers are imported at the top of asgi.py and import no models: nothing is wrong', async () => {
  const project = await bench.project({
    style: 'plain',
    asgi: early('os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")'),
  })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBeUndefined()
})

real('asgi-attribute-missing', 'uvicorn that reloads was told core.asgi:app', async () => {
  const project = await bench.project({ style: 'plain' })
  const port = await freePort('127.0.0.1')
  const server = await reloading(project, port, 'core.asgi:app', /Attribute "app" not found/)
  const answer = await doctor(project.root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('asgi-attribute-missing')
  expect(answer.evidence).toContain(`PID ${server.pid}`)
  expect(answer.evidence).toContain('core.asgi:app')
})

real('asgi-attribute-missing', 'doctor is told the application, as start is', async () => {
  const project = await bench.project({ package: 'config' })
  const answer = await doctor(project.root, { url: await nobody(), args: ['--application', 'config.asgi:app'] })
  expect(answer.id, answer.evidence).toBe('asgi-attribute-missing')
  expect(answer.diagnosis?.remedy.commands.flat()).toContain('config.asgi:application')
})

real('asgi-attribute-missing', 'start is told core.asgi:app', async () => {
  const project = await bench.project({ style: 'plain' })
  const told = ['--port', String(await freePort('127.0.0.1')), '--application', 'core.asgi:app']
  const result = await runCli(['start', '--json', ...told], { cwd: project.root })
  expect(result.status).toBe(1)
  expect(`${result.stdout}${result.stderr}`).toContain('asgi-attribute-missing')
  expect((await askDoctor(project.root, { args: told })).id).toBe('asgi-attribute-missing')
})

real('asgi-application-setting-wrong', 'it names a module without it, and runserver lives with nothing listening', async () => {
  const project = await bench.project({ style: 'plain', installedApps: withDaphne, files: { 'backend/core/routing.py': 'routes = []\n' } })
  await edit(project, '"core.asgi.application"', '"core.routing.application"')
  const port = await freePort('127.0.0.1')
  const server = await runserver(project, port, /Cannot find 'application' in ASGI_APPLICATION module/)
  const answer = await doctor(project.root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('asgi-application-setting-wrong')
  expect(answer.evidence).toContain("Cannot find 'application' in ASGI_APPLICATION module core.routing")
  expect(answer.evidence).toContain(`PID ${server.pid}`)
})

real('asgi-application-setting-wrong', 'it is not set', async () => {
  const project = await bench.project({ installedApps: withDaphne })
  await edit(project, 'ASGI_APPLICATION = "core.asgi.application"', '')
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('asgi-application-setting-wrong')
  expect(answer.evidence).toContain('You have not set ASGI_APPLICATION')
})

real('asgi-application-setting-wrong', 'it names the WSGI application, and runserver serves it', async () => {
  const project = await bench.project({ style: 'plain', installedApps: withDaphne })
  await edit(project, '"core.asgi.application"', '"core.wsgi.application"')
  const server = await bench.serve('runserver', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('asgi-application-setting-wrong')
  expect(answer.evidence).toContain('WSGI')
  expect(answer.evidence).toContain('core.wsgi.application')
})

test('ASGI_APPLICATION is not set, and daphne was told the application: nothing is wrong', async () => {
  const project = await bench.project({ style: 'plain' })
  await edit(project, 'ASGI_APPLICATION = "core.asgi.application"', '')
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBeUndefined()
})

test('ASGI_APPLICATION names the WSGI application, daphne serves the right one, and the consumer raises: the consumer is to blame', async () => {
  const project = await bench.project({ style: 'plain', consumer: raisesBeforeAccept })
  await edit(project, '"core.asgi.application"', '"core.wsgi.application"')
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('consumer-exception')
})

const lateDaphne = ['django.contrib.contenttypes', 'django.contrib.auth', 'django.contrib.staticfiles', 'daphne', 'channels', 'updates']

real('daphne-app-order', 'runserver lives with nothing listening', async () => {
  const project = await bench.project({ style: 'plain', installedApps: lateDaphne, settings: 'STATIC_URL = "static/"' })
  const port = await freePort('127.0.0.1')
  const server = await runserver(project, port, /daphne\.E001/)
  const answer = await doctor(project.root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('daphne-app-order')
  expect(answer.evidence).toContain(`PID ${server.pid}`)
  expect(answer.evidence).toContain('daphne.E001')
})

real('daphne-app-order', 'nothing was started yet, in a project of django-environ', async () => {
  const project = await bench.project({ style: 'environ', installedApps: lateDaphne, settings: 'STATIC_URL = "static/"' })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('daphne-app-order')
})

test('"daphne" stands before staticfiles, and runserver serves: nothing is wrong', async () => {
  const project = await bench.project({
    style: 'plain',
    installedApps: ['daphne', ...lateDaphne.filter((app) => app !== 'daphne')],
    settings: 'STATIC_URL = "static/"',
  })
  const server = await bench.serve('runserver', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBeUndefined()
})

const plainDjango =
  'import os\nfrom django.core.asgi import get_asgi_application\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")\napplication = get_asgi_application()\n'

/** Models of which Django's own checks find the relation broken. */
const brokenModels =
  'from django.db import models\n\nclass Vote(models.Model):\n    voter = models.ForeignKey("Nobody", on_delete=models.CASCADE)\n'

real('system-check-failed', 'runserver lives with nothing listening', async () => {
  const project = await bench.project({ style: 'plain', installedApps: withDaphne, files: { 'backend/updates/models.py': brokenModels } })
  const port = await freePort('127.0.0.1')
  await runserver(project, port, /fields\.E300/)
  const answer = await doctor(project.root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('system-check-failed')
  expect(answer.evidence).toContain('updates.Vote.voter: (fields.E300)')
})

real('system-check-failed', 'an error of the URLs, in a project that nobody has migrated', async () => {
  const project = await bench.project({ files: { 'backend/core/urls.py': 'urlpatterns = ["start"]\n' } })
  await expect(run(pythonOf('main'), ['manage.py', 'check'], { cwd: project.backend })).rejects.toThrow(/urls\.E004/)
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('system-check-failed')
  expect(answer.evidence).toContain('(urls.E004)')
})

test('the system checks fail, and daphne serves all the same: a warning', async () => {
  const project = await bench.project({ style: 'plain', files: { 'backend/updates/models.py': brokenModels } })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBeUndefined()
  expect(answer.warnings).toContain('system-check-failed')
})

real('http-only-asgi', "Django's own asgi.py, on daphne", async () => {
  const project = await bench.project({ style: 'plain', asgi: plainDjango })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('http-only-asgi')
  expect(answer.evidence).toContain('get_asgi_application()')
})

real('http-only-asgi', 'a router without "websocket", on uvicorn', async () => {
  const project = await bench.project({
    asgi: `${plainDjango}from channels.routing import ProtocolTypeRouter\napplication = ProtocolTypeRouter({"http": application})\n`,
  })
  const server = await bench.serve('uvicorn', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('http-only-asgi')
  expect(answer.evidence).toContain('no "websocket" key')
})
