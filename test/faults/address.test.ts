import { createServer } from 'node:http'
import { chmod, readFile, utimes, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startCli } from '../support/cli.ts'
import { doctor, real } from '../support/doctor.ts'
import { ending, urlOf } from '../support/ends.ts'
import { listening } from '../support/node-servers.ts'
import { freePort, startRedis } from '../support/redis.ts'
import { startProgram } from '../support/servers.ts'
import { basePython, pythonOf } from '../support/tools.ts'

const { keep, project, server, folder } = ending()

real('port-in-use', "Python's file server holds the port", async () => {
  const made = await project()
  const other = keep(
    await startProgram(basePython(), (port) => ['-m', 'http.server', '--bind', '127.0.0.1', String(port)], { cwd: await folder() }),
  )
  const answer = await doctor(made.root, { url: urlOf(other.port) })
  expect(answer.id, answer.evidence).toBe('port-in-use')
  expect(answer.evidence).toContain(`PID ${other.pid}`)
  expect(answer.evidence).toContain('http.server')
  expect(answer.diagnosis?.remedy.commands).toContainEqual(['election-dev', 'start', '--port', String(other.port + 1)])
})

real('port-in-use', 'a Redis holds the port', async () => {
  const made = await project({ style: 'environ' })
  const redis = keep(await startRedis())
  const answer = await doctor(made.root, { url: urlOf(redis.port) })
  expect(answer.id, answer.evidence).toBe('port-in-use')
  expect(answer.evidence).toContain(`PID ${redis.pid}`)
})

real('port-in-use', 'a Node program holds the port, seen without a project', async () => {
  const port = await listening(
    keep,
    createServer((_, response) => response.writeHead(404).end('Cannot GET')),
  )
  const answer = await doctor(await folder(), { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('port-in-use')
  // there is nothing to start
  expect(answer.diagnosis?.remedy.commands).toEqual([])
})

real('port-in-use', 'the Django server of another project holds the port', async () => {
  const mine = await project()
  const theirs = await project({ package: 'shop', route: 'ws/orders/' })
  const other = await server('daphne', theirs, { application: 'shop.asgi:application' })
  const answer = await doctor(mine.root, { url: urlOf(other.port) })
  expect(answer.id, answer.evidence).toBe('port-in-use')
  expect(answer.evidence).toContain(`PID ${other.pid}`)
  expect(answer.evidence).toContain('shop.asgi:application')
})

real('port-in-use', 'the same, while the backend listens on another port: a Django server is no proxy', async () => {
  const mine = await project()
  await server('daphne', mine)
  const theirs = await project({ package: 'shop', route: 'ws/orders/' })
  const other = await server('uvicorn', theirs, { application: 'shop.asgi:application' })
  const answer = await doctor(mine.root, { url: urlOf(other.port) })
  expect(answer.id, answer.evidence).toBe('port-in-use')
  expect(answer.evidence).toContain(`PID ${other.pid}`)
})

for (const kind of ['daphne', 'uvicorn'] as const) {
  real('stale-server-old-code', `${kind} was started before the route was written`, async () => {
    const made = await project({ route: 'ws/old/' })
    const running = await server(kind, made)
    const { backend: fresh } = await project()
    const asgi = join(made.backend, 'core', 'asgi.py')
    await writeFile(asgi, await readFile(join(fresh, 'core', 'asgi.py'), 'utf8'))
    // as if it had been written a while after the start
    const later = new Date(Date.now() + 5000)
    await utimes(asgi, later, later)
    const answer = await doctor(made.root, { url: urlOf(running.port) })
    expect(answer.id, answer.evidence).toBe('stale-server-old-code')
    expect(answer.evidence).toContain(`PID ${running.pid}`)
    expect(answer.evidence).toContain('core/asgi.py')
    expect(answer.diagnosis?.remedy.commands).toContainEqual(['kill', String(running.pid)])
  })
}

real('stale-server-old-code', 'an older copy of the checkout holds the port', async () => {
  const mine = await project({ style: 'environ' })
  const copy = await project({ style: 'environ', route: 'ws/old/' })
  const other = await server('hypercorn', copy)
  const answer = await doctor(mine.root, { url: urlOf(other.port) })
  expect(answer.id, answer.evidence).toBe('stale-server-old-code')
  expect(answer.evidence).toContain(copy.backend)
})

test('a file that is newer than a server whose socket works is no fault', async () => {
  const made = await project()
  const running = await server('daphne', made)
  const later = new Date(Date.now() + 5000)
  await utimes(join(made.backend, 'core', 'urls.py'), later, later)
  expect(await doctor(made.root, { url: urlOf(running.port) })).toMatchObject({ ok: true, id: undefined })
})

const nobody = 65534

real('bad-port-permission', 'a port below 1024, asked by a user who may not bind it', async () => {
  const made = await project({ dotenv: ['USE_REDIS_FOR_CHANNELS=False'] })
  // the folder of a test is its owner's alone
  await chmod(made.root, 0o755)
  let port = 1023
  while (await takes(port)) port -= 1
  const answer = await doctor(made.root, {
    url: urlOf(port),
    env: { HOME: made.root },
    ...(process.getuid?.() === 0 ? { uid: nobody } : {}),
  })
  expect(answer.id, answer.evidence).toBe('bad-port-permission')
  expect(answer.evidence).toContain(`port ${port}`)
  expect(answer.evidence).toContain('1024')
})

test('the same port as root is only not served', async () => {
  if (process.getuid?.() !== 0) return
  const made = await project()
  let port = 1023
  while (await takes(port)) port -= 1
  expect((await doctor(made.root, { url: urlOf(port) })).id).toBe('server-not-running')
})

async function takes(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
    socket.on('close', () => {}).unref()
  })
}

for (const environment of ['main', 'uvicorn', 'hypercorn'] as const) {
  real('bind-address-unavailable', `start with an address that this machine doesn't have, ${environment}`, async () => {
    const port = await freePort('127.0.0.1')
    // TEST-NET-3 of RFC 5737 is nobody's
    const config = JSON.stringify({ host: '203.0.113.7', port })
    const made = await project({ style: 'plain', environment, settings: 'DATABASES = {}', files: { 'election-dev.config.json': config } })
    const { status, stdout } = await startCli(['start', '--json'], { cwd: made.root }).end()
    expect(status).toBe(1)
    expect(stdout).toContain('"bind-address-unavailable"')
    expect(stdout).toContain('Binding 203.0.113.7')
    expect(stdout).toContain('EADDRNOTAVAIL')
    const answer = await doctor(made.root)
    expect(answer.id, answer.evidence).toBe('bind-address-unavailable')
    expect(answer.evidence).toContain('203.0.113.7')
  })
}

real('unix-socket', 'daphne -u', async () => {
  const made = await project()
  const file = join(await folder(), 'daphne.sock')
  const running = keep(
    await startProgram(pythonOf('main'), () => ['-m', 'daphne', '-u', file, 'core.asgi:application'], {
      cwd: made.backend,
      ready: async () => existsSync(file),
    }),
  )
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('unix-socket')
  expect(answer.evidence).toContain(`PID ${running.pid}`)
  expect(answer.evidence).toContain(file)
})

real('unix-socket', 'uvicorn --uds', async () => {
  const made = await project({ style: 'plain', package: 'votes' })
  const file = join(await folder(), 'uvicorn.sock')
  const running = keep(
    await startProgram(pythonOf('main'), () => ['-m', 'uvicorn', '--uds', file, 'votes.asgi:application'], {
      cwd: made.backend,
      ready: async () => existsSync(file),
    }),
  )
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('unix-socket')
  expect(answer.evidence).toContain(file)
})
