import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, cp, mkdir, open, readdir, readFile, realpath } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { ServerProcess, ServersFact } from '../../src/facts/server-process.ts'
import { serversOf, type ServersRequest } from '../../src/facts/servers.ts'
import { processTable, treeOf } from '../../src/host/process-table.ts'
import { testHost, type TestHost } from '../support/host.ts'
import { makeProject, type ProjectOptions, type TestProject } from '../support/project.ts'
import { freePort, until } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'
import { startProgram, startServer, type RunningServer } from '../support/servers.ts'
import { onPath, pythonOf } from '../support/tools.ts'

const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

async function project(options: ProjectOptions = {}): Promise<TestProject> {
  const made = await makeProject(options)
  endings.push(made.remove)
  return made
}

async function running(server: Promise<RunningServer>): Promise<RunningServer> {
  const started = await server
  endings.push(started.stop)
  return started
}

/** Asks about a project, and counts what this test process started. */
async function ask(from: TestProject, request: Partial<ServersRequest> = {}, host: TestHost = testHost(from.root)): Promise<ServersFact> {
  return serversOf(host, { ports: [], root: from.root, backend: from.backend, names: [], deadlineMs: 5000, self: -1, ...request })
}

function only(list: readonly ServerProcess[]): ServerProcess {
  expect(list).toHaveLength(1)
  const [one] = list
  if (one === undefined) throw new Error('none')
  return one
}

const onLinux = process.platform === 'linux'

test('daphne on a port, with all that is known of it', async () => {
  const made = await project()
  const before = Date.now()
  const server = await running(startServer('daphne', made))
  const fact = await ask(made, { ports: [server.port] })
  expect(fact.problem).toBeUndefined()
  const entry = only(fact.onPorts)
  expect(fact.ofProject).toEqual([entry])
  expect(entry).toMatchObject({
    pid: server.pid,
    parent: process.pid,
    state: 'running',
    command: { program: 'daphne', application: 'core.asgi:application', port: server.port },
    listens: [{ address: '127.0.0.1', port: server.port }],
    project: 'this',
  })
  if (!onLinux) return
  expect(entry.cwd).toBe(await realpath(made.backend))
  expect(entry.executable).toBe(await realpath(pythonOf('main')))
  // the time of the machine's start is told in whole seconds
  expect(Math.abs((entry.startedAt ?? 0) - before)).toBeLessThan(2500)
  expect(entry.servingSince).toBe(entry.startedAt)
  expect(entry.logs).toEqual([])
})

test('what this process started does not count', async () => {
  const made = await project()
  const server = await running(startServer('uvicorn', made))
  const fact = await serversOf(testHost(made.root), {
    ports: [server.port],
    root: made.root,
    backend: made.backend,
    names: [],
    deadlineMs: 5000,
  })
  expect(fact).toMatchObject({ onPorts: [], ofProject: [], problem: undefined })
})

test('daphne on a Unix socket', async () => {
  const made = await project()
  const socket = join(made.backend, 'site.sock')
  await started(pythonOf('main'), ['-m', 'daphne', '-u', 'site.sock', 'core.asgi:application'], { cwd: made.backend })
  await until(async () => connects(socket), 20_000)
  const entry = only((await ask(made)).ofProject)
  expect(entry).toMatchObject({ listens: [], command: { unixSocket: 'site.sock', port: undefined } })
  if (onLinux) expect(entry.unixSockets).toEqual([join(await realpath(made.backend), 'site.sock')])
})

test('a reloader that survives a SyntaxError with nothing listening', async () => {
  const made = await project()
  const port = await freePort('127.0.0.1')
  const server = await running(
    startProgram(pythonOf('main'), () => ['manage.py', 'runserver', `127.0.0.1:${port}`], { cwd: made.backend, port }),
  )
  const whole = only((await ask(made, { ports: [port] })).onPorts)
  expect(whole).toMatchObject({ pid: server.pid, command: { program: 'runserver', reload: true }, listens: [{ port }], project: 'this' })
  expect(whole.servingSince ?? 0).toBeGreaterThan(whole.startedAt ?? Number.MAX_VALUE)
  // the reloader looks once a second and passes over what was changed before its first look (django.utils.autoreload.StatReloader)
  await until(async () => {
    await appendFile(join(made.backend, 'core', 'urls.py'), '\ndef broken(:\n')
    return (await ask(made, { ports: [port] })).onPorts.length === 0
  }, 20_000)
  expect(only((await ask(made, { ports: [port] })).ofProject)).toMatchObject({ pid: server.pid, listens: [], state: 'running' })
})

test('a stopped server', async () => {
  const made = await project()
  const server = await running(startServer('uvicorn', made))
  process.kill(server.pid, 'SIGSTOP')
  await until(async () => only((await ask(made, { ports: [server.port] })).onPorts).state === 'stopped')
  process.kill(server.pid, 'SIGCONT')
  await until(async () => only((await ask(made, { ports: [server.port] })).onPorts).state === 'running')
})

test('uvicorn with two workers is one server, stopped when both are', async () => {
  const made = await project()
  const server = await running(startServer('uvicorn', made, { args: ['--workers', '2'] }))
  const fact = await ask(made, { ports: [server.port] })
  const entry = only(fact.onPorts)
  expect(fact.ofProject).toEqual([entry])
  expect(entry).toMatchObject({ pid: server.pid, command: { workers: 2 }, listens: [{ address: '127.0.0.1', port: server.port }] })
  const workers = treeOf((await processTable(testHost(made.root))) ?? [], server.pid).slice(1)
  for (const pid of workers) process.kill(pid, 'SIGSTOP')
  await until(async () => only((await ask(made, { ports: [server.port] })).onPorts).state === 'stopped')
  for (const pid of workers) process.kill(pid, 'SIGCONT')
  await until(async () => only((await ask(made, { ports: [server.port] })).onPorts).state === 'running')
})

test('hypercorn, which serves from a child', async () => {
  const made = await project()
  const server = await running(startServer('hypercorn', made))
  const fact = await ask(made, { ports: [server.port] })
  expect(only(fact.onPorts)).toMatchObject({ pid: server.pid, command: { program: 'hypercorn' }, project: 'this' })
})

test('another program holds the port', async () => {
  const made = await project()
  const script = 'require("net").createServer().listen(Number(process.argv[1]), "127.0.0.1")'
  const squatter = await running(startProgram(process.execPath, (port) => ['-e', script, String(port)], { cwd: tmpdir() }))
  const fact = await ask(made, { ports: [squatter.port], names: ['PATH'] })
  expect(fact.ofProject).toEqual([])
  expect(only(fact.onPorts)).toMatchObject({
    pid: squatter.pid,
    command: undefined,
    env: undefined,
    listens: [{ port: squatter.port }],
    project: 'other',
  })
})

test('the dev server of the page is of the project, and a backend beside this one is not', async () => {
  const [made, other] = [await project(), await project()]
  const page = join(made.root, 'frontend')
  await mkdir(page)
  const script = 'require("net").createServer().listen(Number(process.argv[1]), "127.0.0.1")'
  const dev = await running(startProgram(process.execPath, (port) => ['-e', script, String(port)], { cwd: page }))
  const beside = join(made.root, 'shop')
  await cp(other.backend, beside, { recursive: true, verbatimSymlinks: true })
  await appendFile(join(beside, 'core', 'settings.py'), '\n# shop\n')
  const shop = await running(
    startProgram(pythonOf('main'), (port) => ['-m', 'uvicorn', 'core.asgi:application', '--port', String(port)], { cwd: beside }),
  )
  const fact = await ask(made, { ports: [dev.port, shop.port] })
  expect(fact.onPorts.map(({ pid, project: of }) => [pid, of])).toEqual(
    expect.arrayContaining([
      [dev.pid, 'this'],
      [shop.pid, 'copy'],
    ]),
  )
  expect(fact.ofProject).toEqual([])
})

test('a server of another folder; and one that a path of this checkout names from there', async () => {
  const [made, other] = [await project(), await project()]
  const server = await running(startServer('uvicorn', other))
  const fact = await ask(made, { ports: [server.port] })
  expect(fact.ofProject).toEqual([])
  expect(only(fact.onPorts)).toMatchObject({ project: 'copy', command: { program: 'uvicorn' } })
  const sources = (await readdir(other.backend, { recursive: true })).filter((file) => /^(?!venv).*\.py$/.test(file))
  // an older copy differs in a file, and what begins with the same template in all
  await appendFile(join(other.backend, sources.find((file) => file.endsWith('settings.py')) ?? ''), '\n# shop\n')
  expect(only((await ask(made, { ports: [server.port] })).onPorts)).toMatchObject({ project: 'copy' })
  await Promise.all(sources.map((file) => appendFile(join(other.backend, file), '\n# shop\n')))
  expect(only((await ask(made, { ports: [server.port] })).onPorts)).toMatchObject({ project: 'other' })
  // what it serves isn't in its folder: by PYTHONPATH it may be of any
  const anywhere = await running(
    startProgram(pythonOf('main'), (port) => ['-m', 'uvicorn', 'core.asgi:application', '--port', String(port)], {
      cwd: tmpdir(),
      env: { PYTHONPATH: made.backend },
    }),
  )
  expect(only((await ask(made, { ports: [anywhere.port] })).onPorts)).toMatchObject({ project: 'unknown' })
  const managePy = join(made.backend, 'manage.py')
  const named = await running(
    startProgram(pythonOf('main'), (port) => [managePy, 'runserver', '--noreload', String(port)], { cwd: other.backend }),
  )
  expect(only((await ask(made)).ofProject)).toMatchObject({ pid: named.pid, project: 'this' })
  expect((await ask(other)).ofProject.map(({ pid }) => pid)).toEqual([server.pid])
  expect((await ask(made, { ports: [server.port], root: undefined, backend: undefined })).onPorts).toMatchObject([{ project: 'unknown' }])
})

test.runIf(onLinux)('the log that a server writes to, and what its environment says, masked', async () => {
  const made = await project()
  const [log, port, password] = [join(made.root, 'server.log'), await freePort('127.0.0.1'), secret()]
  await started(pythonOf('main'), ['-m', 'uvicorn', '--port', String(port), 'core.asgi:application'], {
    cwd: made.backend,
    log,
    env: { REDIS_PASSWORD: password, DEBUG: 'True', OTHER: 'unasked' },
  })
  await until(async () => (await readFile(log, 'utf8')).includes('Uvicorn running'), 20_000)
  const host = testHost(made.root)
  const entry = only((await ask(made, { ports: [port], names: ['REDIS_PASSWORD', 'DEBUG', 'ABSENT'] }, host)).onPorts)
  expect(entry.logs).toEqual([await realpath(log)])
  expect(entry.env).toEqual({ REDIS_PASSWORD: password, DEBUG: 'True' })
  expect(host.secrets.mask(JSON.stringify(entry.env))).toBe('{"REDIS_PASSWORD":"***","DEBUG":"True"}')
})

test.runIf(onLinux)('a gunicorn that overwrites its arguments', async () => {
  const made = await project()
  // what setproctitle does: the title, and NUL for the rest
  const title = 'gunicorn: master [core.wsgi:application]'
  await started('bash', ['-c', `exec -a '${title}' sleep 600`], { cwd: made.backend })
  await until(async () => (await ask(made)).ofProject.length === 1)
  expect(only((await ask(made)).ofProject)).toMatchObject({ command: { program: 'gunicorn', application: 'core.wsgi:application' } })
})

test.runIf((await onPath('lsof')) !== undefined)('macOS’s way, where ps and lsof are there', async () => {
  const made = await project()
  const server = await running(startServer('daphne', made))
  const fact = await ask(made, { ports: [server.port] }, { ...testHost(made.root, process.env), platform: 'darwin' })
  expect(fact.source).toBe('lsof')
  expect(only(fact.onPorts)).toMatchObject({
    pid: server.pid,
    state: 'running',
    cwd: await realpath(made.backend),
    executable: await realpath(pythonOf('main')),
    command: { program: 'daphne' },
    listens: [{ address: '127.0.0.1', port: server.port }],
    project: 'this',
    env: undefined,
  })
})

test('a machine that tells nothing', async () => {
  const made = await project()
  for (const platform of ['darwin', 'win32'] as const) {
    const fact = await ask(made, { ports: [1] }, { ...testHost(made.root, { PATH: '/nonexistent' }), platform })
    expect(fact).toMatchObject({ onPorts: [], ofProject: [], source: undefined })
    expect(fact.problem).toMatch(/not visible/)
  }
})

/** Starts a program whose readiness the test sees for itself, with its output in a file. */
async function started(
  file: string,
  args: readonly string[],
  options: { cwd: string; log?: string; env?: Readonly<Record<string, string>> },
): Promise<ChildProcess> {
  const output = options.log === undefined ? undefined : await open(options.log, 'a')
  const child = spawn(file, [...args], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], PYTHONUNBUFFERED: '1', ...options.env },
    stdio: ['ignore', output?.fd ?? 'ignore', output?.fd ?? 'ignore'],
  })
  await output?.close()
  const ended = once(child, 'exit')
  endings.push(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return child
}

async function connects(path: string): Promise<boolean> {
  const socket = connect({ path })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
