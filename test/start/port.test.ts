import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterEach, expect, test } from 'vitest'
import { bin, cliEnvironment } from '../support/cli.ts'
import { listenerOf, listens } from '../support/processes.ts'
import { freePort, startRedis, until, type RunningRedis } from '../support/redis.ts'
import { makeStand, type Stand } from '../support/stand.ts'
import { basePython, onPath, pythonOf } from '../support/tools.ts'

let stand: Stand | undefined
let holder: ChildProcess | undefined
let server: Server | undefined
let redis: RunningRedis | undefined

afterEach(async () => {
  await stand?.remove()
  if (holder !== undefined && holder.exitCode === null && holder.signalCode === null) {
    const ended = once(holder, 'exit')
    holder.kill('SIGKILL')
    await ended
  }
  server?.close()
  await redis?.stop()
  ;[stand, holder, server, redis] = [undefined, undefined, undefined, undefined]
})

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'))

/** Starts on a held port: green on the next one, and told by whom; with --strict-port nothing is started. */
async function expectFallback(held: Stand, port: number, said: RegExp, strictId: string): Promise<void> {
  const strict = held.start(['--port', String(port), '--strict-port'])
  const refused = await strict.end()
  expect(refused.status).toBe(1)
  expect(refused.stderr).toContain(strictId)
  expect(refused.stderr).toMatch(said)

  const cli = held.start(['--port', String(port)])
  const [banner] = await cli.waitFor(/[\s\S]*ready in[\s\S]*Channels.*/)
  expect(banner).toMatch(said)
  expect(banner).toContain('● connected')
  // the next port may be lost in turn, to a test beside this one: the last that is told is the one
  const taken = Number([...banner.matchAll(/using (\d+)/g)].at(-1)?.[1])
  expect(taken).toBeGreaterThan(port)
  expect(banner).toContain(`ws://127.0.0.1:${taken}/`)
  expect((await cli.end('SIGINT')).status).toBe(130)
  expect(await held.mark.processes()).toEqual([])
}

test('held by a foreign HTTP server', async () => {
  stand = await makeStand()
  const port = await freePort('127.0.0.1')
  holder = spawn(basePython(), ['-m', 'http.server', '--bind', '127.0.0.1', String(port)], {
    stdio: 'ignore',
    cwd: stand.mark.env['TMPDIR'],
  })
  await until(() => listens(port))
  await expectFallback(
    stand,
    port,
    new RegExp(`Port ${port} is held[^]*http\\.server[^]*\\(PID ${holder.pid}\\) \\(Server: SimpleHTTP`),
    'port-in-use',
  )
})

test("held by a WSGI runserver of this very project, with Django's reloader", { tags: ['slow'] }, async () => {
  stand = await makeStand()
  const port = await freePort('127.0.0.1')
  // no test environment: Django without daphne serves WSGI
  const child = spawn(pythonOf('django'), ['manage.py', 'runserver', `127.0.0.1:${port}`], {
    stdio: 'ignore',
    cwd: stand.project.backend,
    detached: true,
  })
  try {
    await until(() => listens(port))
    const listener = await listenerOf(port)
    expect(listener).not.toBe(child.pid)
    await expectFallback(
      stand,
      port,
      new RegExp(`an earlier server of this project, [^]*runserver[^]*\\(PID ${listener}\\)[^]*can't speak WebSocket`),
      'wsgi-server-on-port',
    )
  } finally {
    const ended = once(child, 'exit')
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    await ended
  }
})

test("held by something that isn't HTTP", { tags: ['slow'] }, async () => {
  stand = await makeStand()
  redis = await startRedis()
  await expectFallback(stand, redis.port, new RegExp(`redis-server[^]*\\(PID ${redis.pid}\\) \\(it doesn't speak HTTP`), 'port-in-use')
})

test('held by a listener that never answers', async () => {
  stand = await makeStand()
  const port = await freePort('127.0.0.1')
  server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  await expectFallback(stand, port, new RegExp(`\\(PID ${process.pid}\\) \\(it does not answer HTTP`), 'port-in-use')
})

test.skipIf(!hasIpv6)('held on IPv6 only (skipped where the machine has no ::1)', { tags: ['slow'] }, async () => {
  stand = await makeStand()
  const port = await freePort('::1')
  server = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\nServer: six\r\nContent-Length: 0\r\n\r\n')).listen(port, '::1')
  await once(server, 'listening')
  await expectFallback(stand, port, new RegExp(`\\(PID ${process.pid}\\) \\(Server: six, on IPv6 only\\)`), 'ipv6-localhost')
})

test.skipIf(!hasIpv6)('held on both families by one socket (skipped where the machine has no ::1)', { tags: ['slow'] }, async () => {
  stand = await makeStand()
  const port = await freePort('::1')
  server = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\nServer: both\r\nContent-Length: 0\r\n\r\n')).listen(port, '::')
  await once(server, 'listening')
  await expectFallback(stand, port, new RegExp(`\\(PID ${process.pid}\\) \\(Server: both\\)`), 'port-in-use')
})

test("an address that this machine doesn't have", async () => {
  stand = await makeStand()
  const { status, stderr } = await stand.start(['--host', '192.0.2.1']).end()
  expect(status).toBe(1)
  expect(stderr).toContain('bind-address-unavailable')
  await stand.expectNothingLeft()
})

/** As root the permission to bind low ports is dropped first; where the system asks for none, the table of test/plan/port.test.ts has to do. */
const drop = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-net_bind_service', '--inh-caps=-net_bind_service'] : []
const firstFree = Number(await readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').catch(() => '0'))
const canBeDenied = firstFree > 100 && (drop.length === 0 || (await onPath('setpriv')) !== undefined)

test.skipIf(!canBeDenied)('a port that this user may not bind (skipped where every user may)', async () => {
  stand = await makeStand()
  const [file = '', ...args] = [...drop, process.execPath, bin, 'start', '--port', '97']
  const child = spawn(file, args, { cwd: stand.project.root, env: cliEnvironment(stand.mark.env), stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
  expect(await once(child, 'close')).toEqual([1, null])
  expect(errors).toMatch(/may not bind port 97 +bad-port-permission/)
  await stand.expectNothingLeft()
})

test.skipIf(!hasIpv6)('--host ::1 is green (skipped where the machine has no ::1)', { tags: ['slow'] }, async () => {
  stand = await makeStand()
  for (const name of ['daphne', 'uvicorn', 'hypercorn']) {
    const cli = stand.start(['--host', '::1', '--server', name])
    const [banner] = await cli.waitFor(/[\s\S]*(?:ready in|up after)[\s\S]*Channels.*/)
    expect(banner).toContain('● connected')
    expect(banner).toContain(`ws://[::1]:${stand.port}/`)
    expect((await cli.end('SIGINT')).status).toBe(130)
  }
})

test('a browser that connects during the trial does not hold the launcher', async () => {
  stand = await makeStand()
  const { port } = stand
  const over = new AbortController()
  const knocking = (async () => {
    while (!over.signal.aborted) {
      const socket = connect(port, '127.0.0.1')
      // once connected it waits for an answer, as a browser does
      await Promise.race([once(socket, 'close').catch(() => {}), once(socket, 'connect').catch(() => {})])
    }
  })()
  const cli = stand.start()
  const [banner] = await cli.waitFor(/ready in[\s\S]*Channels.*/)
  expect(banner).toContain('● connected')
  over.abort()
  expect((await cli.end('SIGINT')).status).toBe(130)
  await knocking
})
