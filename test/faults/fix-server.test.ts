import { afterEach, expect } from 'vitest'
import { type RunningCli } from '../support/cli.ts'
import { doctor, real } from '../support/doctor.ts'
import { fix, fixAndStart } from '../support/fix.ts'
import { makeProject, type ProjectOptions, type TestProject } from '../support/project.ts'
import { freePort, startRedis, until } from '../support/redis.ts'
import { consumerOf } from '../support/store.ts'
import { startProgram, startServer, type RunningServer } from '../support/servers.ts'
import { basePython, environmentFolder, pythonOf } from '../support/tools.ts'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'

let project: TestProject | undefined
let server: RunningServer | undefined
let cli: RunningCli | undefined
let extra: ChildProcess | undefined
afterEach(async () => {
  await cli?.end('SIGTERM')
  await server?.stop()
  if (extra?.exitCode === null && extra.signalCode === null) {
    extra.kill('SIGKILL')
    await once(extra, 'exit')
  }
  await project?.remove()
  project = server = cli = extra = undefined
})

const urlOf = (port: number) => `ws://127.0.0.1:${port}/ws/election-updates/`

async function made(options: ProjectOptions = {}): Promise<TestProject> {
  project = await makeProject(options)
  return project
}

/** `--fix` goes over to start, whose server is healthy. */
async function startsHealthy(
  { root }: TestProject,
  url: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  cli = await fixAndStart(root, ['--url', url, ...args], env)
  const said = cli.stdout()
  const answer = await doctor(root, { url })
  expect(answer.state, `${answer.evidence}\n${said}`).toBe('healthy')
  const ended = await cli.end('SIGTERM')
  expect(ended.status).toBe(143)
  return said
}

const ended = ({ child }: RunningServer) => child.exitCode !== null || child.signalCode !== null

real('server-not-running', 'it is started, and stays up', async () => {
  const project = await made()
  const said = await startsHealthy(project, urlOf(await freePort('127.0.0.1')))
  expect(said).toContain('$ election-dev start --port')
})

real('wsgi-server-on-port', 'the own runserver is ended, and daphne started on the port', async () => {
  const project = await made()
  server = await startServer('runserver', project)
  await startsHealthy(project, urlOf(server.port))
  expect(ended(server)).toBe(true)
})

real('asgi-app-wrong', 'daphne with the WSGI application', async () => {
  const project = await made()
  const python = pythonOf('main')
  server = await startProgram(python, (port) => ['-m', 'daphne', '-p', String(port), 'core.wsgi:application'], { cwd: project.backend })
  await startsHealthy(project, urlOf(server.port))
})

real('ws-library-missing', 'uvicorn that was told to do without', async () => {
  const project = await made()
  server = await startServer('uvicorn', project, { args: ['--ws', 'none'] })
  await startsHealthy(project, urlOf(server.port))
})

real('server-websocket-timeout', 'daphne without the option', async () => {
  const project = await made()
  server = await startServer('daphne', project, { args: ['--websocket_timeout', '1'] })
  await startsHealthy(project, urlOf(server.port))
})

real('unix-socket', 'a server that TCP does not reach', async () => {
  const project = await made()
  const path = join(project.root, 'daphne.sock')
  extra = spawn(pythonOf('main'), ['-m', 'daphne', '-u', path, 'core.asgi:application'], { cwd: project.backend, stdio: 'ignore' })
  await until(async () => existsSync(path))
  await startsHealthy(project, urlOf(await freePort('127.0.0.1')))
  expect(extra.signalCode ?? extra.exitCode).not.toBe(null)
})

real('asgi-attribute-missing', 'start is given the name that is there', async () => {
  const project = await made()
  const said = await startsHealthy(project, urlOf(await freePort('127.0.0.1')), ['--application', 'core.asgi:app'])
  expect(said).toContain('--application core.asgi:application')
})

real('wrong-settings-module', 'start runs without the variable', async () => {
  const project = await made()
  const said = await startsHealthy(project, urlOf(await freePort('127.0.0.1')), [], { DJANGO_SETTINGS_MODULE: 'core.settings_production' })
  expect(said).toContain('unset DJANGO_SETTINGS_MODULE')
})

real('wrong-venv', 'start takes the environment of the project', async () => {
  const project = await made()
  const folder = environmentFolder('django')
  const env = { VIRTUAL_ENV: folder, PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}` }
  await startsHealthy(project, urlOf(await freePort('127.0.0.1')), [], env)
})

real('port-in-use', 'a foreign program is ended with the word alone', async () => {
  const project = await made()
  server = await startProgram(basePython(), (port) => ['-m', 'http.server', '--bind', '127.0.0.1', String(port)], { cwd: '/' })
  const refused = await fix(project.root, { url: urlOf(server.port), yes: false })
  expect(refused.made[0]).toMatchObject({ id: 'port-in-use', kind: 'signal', pid: server.pid, outcome: 'needs-word' })
  expect(ended(server)).toBe(false)
  await startsHealthy(project, urlOf(server.port), ['--yes'])
  expect(ended(server)).toBe(true)
})

real('server-suspended', 'it goes on', async () => {
  const project = await made()
  server = await startServer('daphne', project)
  process.kill(server.pid, 'SIGSTOP')
  const answer = await fix(project.root, { url: urlOf(server.port) })
  expect(answer.made[0]).toMatchObject({ id: 'server-suspended', kind: 'signal', signal: 'SIGCONT', outcome: 'done' })
  expect(answer.state, answer.evidence).toBe('healthy')
})

real('stale-server-old-code', 'a server of another checkout', async () => {
  const project = await made()
  const other = await makeProject({ route: 'ws/old/' })
  try {
    server = await startServer('daphne', other)
    const word = await fix(project.root, { url: urlOf(server.port), yes: false })
    expect(word.made[0]).toMatchObject({ id: 'stale-server-old-code', outcome: 'needs-word' })
    await startsHealthy(project, urlOf(server.port), ['--yes'])
    expect(ended(server)).toBe(true)
  } finally {
    await other.remove()
  }
})

real('wrong-working-directory', 'the reloader that found nothing is ended', async () => {
  const project = await made()
  const port = await freePort('127.0.0.1')
  extra = spawn(pythonOf('main'), ['-m', 'uvicorn', '--reload', '--port', String(port), 'core.asgi:application'], {
    cwd: project.root,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  for await (const chunk of extra.stderr ?? []) if (String(chunk).includes('No module named')) break
  await startsHealthy(project, urlOf(port))
})

real('env-shadowed', 'start runs without the variable', async () => {
  const redis = await startRedis()
  try {
    const project = await made({ dotenv: ['USE_REDIS_FOR_CHANNELS=True', `REDIS_PORT=${redis.port}`] })
    const env = { REDIS_PORT: String(await freePort('127.0.0.1')) }
    const python = pythonOf('main')
    server = await startProgram(python, (port) => ['-m', 'daphne', '-p', String(port), 'core.asgi:application'], {
      cwd: project.backend,
      env,
    })
    const said = await startsHealthy(project, urlOf(server.port), ['--yes'], env)
    expect(said).toContain('env -u REDIS_PORT election-dev start')
  } finally {
    await redis.stop()
  }
})

real('layer-inmemory-multi-instance', 'several workers give way to one process', async () => {
  const project = await made()
  server = await startServer('uvicorn', project, { args: ['--workers', '2'] })
  await startsHealthy(project, urlOf(server.port), ['--yes'])
})

real('allowed-hosts', 'the running server is ended and started anew with the word', async () => {
  const project = await made({ settings: 'ALLOWED_HOSTS = ["example.org"]\nMIDDLEWARE = ["django.middleware.common.CommonMiddleware"]' })
  server = await startServer('daphne', project)
  const url = urlOf(server.port)
  const args = ['--origin', 'http://example.org']
  cli = await fixAndStart(project.root, ['--url', url, ...args, '--yes'])
  const answer = await doctor(project.root, { url, origin: 'http://example.org' })
  expect(answer.state, answer.evidence).toBe('healthy')
  expect(cli.stdout()).toContain('was: ')
  expect(ended(server)).toBe(true)
})

real('origin-rejected', "the page's host gets into ALLOWED_HOSTS", async () => {
  const project = await made()
  server = await startServer('daphne', project)
  const url = urlOf(server.port)
  cli = await fixAndStart(project.root, ['--url', url, '--origin', 'http://page.example:3000', '--yes'])
  const answer = await doctor(project.root, { url, origin: 'http://page.example:3000' })
  expect(answer.state, answer.evidence).toBe('healthy')
})

real('middleware-missing', 'the routes get AuthMiddlewareStack around them', async () => {
  const consumer = consumerOf('self.user = self.scope["user"]\nawait self.accept()')
  const installedApps = ['django.contrib.contenttypes', 'django.contrib.auth', 'django.contrib.sessions', 'channels', 'updates']
  const project = await made({ consumer, installedApps })
  server = await startServer('daphne', project)
  const url = urlOf(server.port)
  cli = await fixAndStart(project.root, ['--url', url, '--yes'])
  const answer = await doctor(project.root, { url })
  expect(answer.state, answer.evidence).toBe('healthy')
})

real('asgi-app-under-wsgi-server', 'gunicorn with its own worker is ended', async () => {
  const project = await made({ style: 'plain', environment: 'gunicorn' })
  server = await startServer('gunicorn', project, { environment: 'gunicorn' })
  await startsHealthy(project, urlOf(server.port))
  expect(ended(server)).toBe(true)
})

real('message-too-big', 'uvicorn without the limit', async () => {
  const project = await made()
  server = await startServer('uvicorn', project, { args: ['--ws-max-size', '10'] })
  const word = await fix(project.root, { url: urlOf(server.port), yes: false })
  expect(word.made[0]).toMatchObject({ id: 'message-too-big', outcome: 'needs-word' })
  await startsHealthy(project, urlOf(server.port), ['--yes'])
})

real('bad-port-permission', 'start takes a port that everybody may bind', async () => {
  const project = await made()
  await chmod(project.root, 0o755)
  const answer = await fix(project.root, {
    url: urlOf(1021),
    yes: false,
    env: { HOME: project.root },
    ...(process.getuid?.() === 0 ? { uid: 65_534 } : {}),
  })
  expect(answer.made, answer.evidence).toMatchObject([
    { id: 'bad-port-permission', kind: 'hand-over', outcome: 'handed-over', command: expect.arrayContaining(['start', '--port', '8000']) },
  ])
})

real('origin-missing', 'the client is not in the checkout: said, and not fixed', async () => {
  const project = await made()
  server = await startServer('daphne', project)
  const answer = await fix(project.root, { url: urlOf(server.port), origin: 'none' })
  expect(answer.made).toMatchObject([
    { id: 'origin-missing', outcome: 'refused', problem: expect.stringContaining('not in this checkout') },
  ])
})
