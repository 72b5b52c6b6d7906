/** What a run prints helps, where no set-up of test/faults prints it: the commands are run word for word, in a shell. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { expect, onTestFinished, test, vi } from 'vitest'
import { isFile } from '../../src/host/files.ts'
import { typed } from '../../src/host/shell.ts'
import { runCli, startCli } from '../support/cli.ts'
import { shellEnvironment } from '../support/closure.ts'
import { interpreterOf } from '../support/matrix.ts'
import { asksDatabase } from '../support/consumers.ts'
import { makeProject, type ProjectOptions, type TestProject } from '../support/project.ts'
import { startPostgres } from '../support/postgres.ts'
import { freePort, until } from '../support/redis.ts'
import { startServer } from '../support/servers.ts'
import { guards, migrate, sessionProject } from '../support/session-project.ts'
import { prepareEnvironment, run } from '../support/tools.ts'

vi.setConfig({ testTimeout: 240_000 })

const toldSchema = v.object({ id: v.string(), remedy: v.object({ commands: v.array(v.array(v.string())) }) })
type Told = v.InferOutput<typeof toldSchema>

/** Every diagnosis that a run of `start` tells, of whatever part of it. */
function diagnosesIn(value: unknown): Told[] {
  if (typeof value !== 'object' || value === null) return []
  const own = v.is(toldSchema, value) ? [value] : []
  return [...own, ...Object.values(value).flatMap((each) => diagnosesIn(each))]
}
const told = (output: string): Told[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .flatMap((line) => diagnosesIn(JSON.parse(line)))

async function made(options: ProjectOptions): Promise<TestProject> {
  const project = await makeProject(options)
  onTestFinished(project.remove)
  return project
}

/** What `start` names, with what it prints for it. */
async function named(project: TestProject, id: string, args: readonly string[]): Promise<Told['remedy']['commands']> {
  const cli = startCli(['start', ...args, '--json'], { cwd: project.root })
  await cli.waitFor(/"event":"(?:ready|end)".*\n/)
  const { stdout } = await cli.end('SIGINT')
  const found = told(stdout).find((one) => one.id === id)
  expect(found?.remedy.commands.length, stdout).toBeGreaterThan(0)
  return found?.remedy.commands ?? []
}

const doctorNames = async (project: TestProject, id: string, args: readonly string[]): Promise<Told['remedy']['commands']> => {
  const { stdout } = await runCli(['doctor', ...args, '--json'], { cwd: project.root })
  const { diagnosis } = JSON.parse(stdout)
  expect(diagnosis?.id, stdout).toBe(id)
  return diagnosis.remedy.commands
}

/** Runs the commands as they are printed; the last one stays, and is green. */
async function green(project: TestProject, commands: Told['remedy']['commands']): Promise<void> {
  for (const words of commands) {
    const line = typed(words)
    const child = spawn('/bin/sh', ['-c', line], {
      cwd: project.root,
      env: await shellEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    let said = ''
    for (const output of [child.stdout, child.stderr]) output.setEncoding('utf8').on('data', (data: string) => (said += data))
    const ended = once(child, 'close')
    onTestFinished(async () => {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
      process.kill(-child.pid, 'SIGINT')
      await ended
    })
    const isOver = () => child.exitCode !== null || child.signalCode !== null
    await until(async () => isOver() || /● (?:connected|not connected)/.test(said), 200_000)
    if (words[1] === 'start') expect(said, line).toMatch(/WebSocket .*● connected/)
    else expect(child.exitCode, `${line}\n${said}`).toBe(0)
  }
}

const port = async () => ['--port', String(await freePort('127.0.0.1'))]
const noTables = 'DATABASES = {}\n'
const manage = (first: string) => ({
  'backend/manage.py': `import os, sys
${first}
if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
`,
})

test('asgi-import-error: what manage.py does first', async () => {
  const project = await made({
    style: 'plain',
    settings: `${noTables}KEY = os.environ["COUNTED_BY"]`,
    files: manage('os.environ["COUNTED_BY"] = "hand"'),
  })
  await green(project, await doctorNames(project, 'asgi-import-error', await port()))
})

test('apps-not-ready: an ASGI module that imports models first', async () => {
  const project = await made({
    style: 'plain',
    settings: `${noTables}INSTALLED_APPS = ["daphne", "django.contrib.contenttypes", "django.contrib.auth", "channels", "updates"]`,
    files: {
      'backend/core/asgi.py': `import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
from django.contrib.auth.models import Group
from django.core.asgi import get_asgi_application
http = get_asgi_application()
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path
from updates.consumers import Updates
application = ProtocolTypeRouter({"http": http, "websocket": URLRouter([path("ws/election-updates/", Updates.as_asgi())])})
`,
    },
  })
  await green(project, await doctorNames(project, 'apps-not-ready', await port()))
})

test('bind-address-unavailable', async () => {
  const project = await made({ style: 'plain', settings: noTables })
  await green(project, await named(project, 'bind-address-unavailable', [...(await port()), '--host', '192.0.2.1']))
})

const dataFolders = async () => (await readdir('/var/tmp')).filter((name) => name.startsWith('election-dev-postgres-'))

/** Settings whose database can be led elsewhere; `at` is where it is else. */
const led = ([host, its]: readonly [string, number]) => `
import os
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "votes", "USER": "votes", "PASSWORD": os.environ.get("VOTES_PASSWORD", "of-no-worth"),
  "HOST": os.environ.get("VOTES_HOST", "${host}"), "PORT": os.environ.get("VOTES_PORT", "${its}")}}
`
const ofPostgres = async (at: readonly [string, number]) => {
  await prepareEnvironment('postgres')
  const before = await dataFolders()
  onTestFinished(async () => {
    // root's are kept beside the project
    for (const folder of await dataFolders()) if (!before.includes(folder)) await rm(join('/var/tmp', folder), { recursive: true })
  })
  return made({ style: 'plain', environment: 'postgres', consumer: asksDatabase, settings: led(at) })
}

test('database-unreachable: a run with a server of its own', async () => {
  const project = await ofPostgres(['db', 5432])
  await green(project, await named(project, 'database-unreachable', await port()))
})

test('database-absent: a run with a server of its own, beside the one that knows nobody', async () => {
  const its = await freePort('127.0.0.1')
  const folder = await mkdtemp(join(tmpdir(), 'election-dev-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const project = await ofPostgres(['127.0.0.1', its])
  const server = await startPostgres(folder, its)
  onTestFinished(server.stop)
  await green(project, await named(project, 'database-absent', await port()))
})

test('session-missing: nobody is there to log in', async () => {
  const project = await made(sessionProject('database', guards.before))
  await migrate(project)
  await green(project, await named(project, 'session-missing', await port()))
})

test('message-too-big: a server of this project with a limit', async () => {
  const project = await made({ style: 'plain', settings: noTables })
  const server = await startServer('uvicorn', project, { args: ['--ws-max-size', '10'] })
  onTestFinished(server.stop)
  await green(project, await doctorNames(project, 'message-too-big', ['--port', String(server.port)]))
})

test('frontend-not-installed', async () => {
  const project = await made({
    style: 'plain',
    settings: noTables,
    files: {
      'frontend/package.json': '{"name":"page","private":true,"type":"module","scripts":{"dev":"vite"},"devDependencies":{"vite":"^6"}}',
      'frontend/index.html': '<p>page</p>',
    },
  })
  await green(project, await named(project, 'frontend-not-installed', await port()))
  await until(async () => isFile(join(project.root, 'frontend', 'node_modules', 'vite', 'package.json')), 60_000)
})

const python = await interpreterOf('3.13')

test.skipIf(python === undefined)('stdlib-module-removed: the package that brings it back', async () => {
  const project = await made({ style: 'plain', environment: undefined, settings: `${noTables}import cgi` })
  const venv = join(project.backend, 'venv')
  await run(python ?? '', ['-m', 'venv', venv])
  await run(join(venv, 'bin', 'python'), ['-m', 'pip', 'install', 'django', 'channels', 'uvicorn', 'websockets'])
  const commands = await doctorNames(project, 'stdlib-module-removed', await port())
  await green(project, [...commands, ['election-dev', 'start', ...(await port())]])
})
