/** What else may answer on the port: other programs, other schemes, other addresses, nothing. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi, type TestContext } from 'vitest'
import { makeProject } from '../support/project.ts'
import { freePort, startRedis } from '../support/redis.ts'
import { selfSigned, startProgram, startServer, type RunningServer } from '../support/servers.ts'
import { basePython } from '../support/tools.ts'
import { verify } from '../support/verify.ts'

vi.setConfig({ maxConcurrency: 3, testTimeout: 60_000 })

const path = '/ws/election-updates/'

async function serve(
  { onTestFinished }: TestContext,
  kind: 'daphne' | 'uvicorn' | 'hypercorn',
  args: readonly string[] = [],
  port?: number,
): Promise<RunningServer> {
  const project = await makeProject({ style: 'plain', environment: undefined })
  onTestFinished(project.remove)
  const server = await startServer(kind, project, { args, ...(port === undefined ? {} : { port }) })
  onTestFinished(server.stop)
  return server
}

async function listen(
  { onTestFinished }: TestContext,
  answer: RequestListener,
  prepare: (server: Server) => void = () => {},
): Promise<number> {
  const server = createServer(answer)
  prepare(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

const staticPages = async ({ onTestFinished }: TestContext, host: string, port?: number) => {
  const server = await startProgram(basePython(), (free) => ['-m', 'http.server', '--bind', host, String(free)], {
    cwd: tmpdir(),
    host,
    ...(port === undefined ? {} : { port }),
  })
  onTestFinished(server.stop)
  return server
}

async function aRedis(scheme: 'ws' | 'wss', context: TestContext): Promise<void> {
  const redis = await startRedis()
  context.onTestFinished(redis.stop)
  const { json } = await verify(`${scheme}://127.0.0.1:${redis.port}${path}`)
  expect(json.diagnosis).toMatchObject({ id: 'port-in-use' })
  expect(json.diagnosis?.title).toContain("doesn't speak HTTP")
}

describe.concurrent('another program', () => {
  test('nothing listens', async () => {
    const { json, elapsedMs } = await verify(`ws://127.0.0.1:${await freePort('127.0.0.1')}${path}`)
    expect(json.diagnosis).toMatchObject({ id: 'server-not-running' })
    expect(json.diagnosis?.evidence.join()).toContain('ECONNREFUSED')
    expect(elapsedMs).toBeLessThan(8000)
  })

  test('a name that no machine has', async () => {
    const { json } = await verify(`ws://no-such-host.invalid:8000${path}`)
    expect(json.diagnosis).toMatchObject({ id: 'server-not-running', title: 'The name no-such-host.invalid has no address' })
  })

  test('a static file server', async (context) => {
    const { port } = await staticPages(context, '127.0.0.1')
    const { json } = await verify(`ws://127.0.0.1:${port}${path}`)
    expect(json.diagnosis).toMatchObject({ id: 'port-in-use' })
    expect(json.diagnosis?.title).toContain('SimpleHTTP')
  })

  test.for(['ws'] as const)('a Redis, by %s', aRedis)
  test.for(['wss'] as const)('a Redis, by %s', { tags: ['slow'] }, aRedis)

  test('a server that redirects', async (context) => {
    const port = await listen(context, (_, response) => response.writeHead(301, { Location: 'https://votes.example/ws/?token=abc' }).end())
    const { json, stdout } = await verify(`ws://127.0.0.1:${port}${path}`)
    expect(json.diagnosis).toMatchObject({ id: 'proxy-redirects' })
    expect(stdout).not.toContain('token=abc')
  })

  test('a proxy that wants its own password', async (context) => {
    const port = await listen(context, (_, response) => response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="staging"' }).end())
    const { json } = await verify(`ws://127.0.0.1:${port}${path}`)
    expect(json.diagnosis).toMatchObject({ id: 'proxy-auth' })
  })

  test('a program that refuses everything with 403 is no backend that wants a token', async (context) => {
    const port = await listen(context, (_, response) => response.writeHead(403).end('Blocked request.'))
    const { json } = await verify(`ws://127.0.0.1:${port}${path}`)
    expect(json).toMatchObject({ state: 'failed', diagnosis: { id: 'port-in-use' } })
  })

  test("a frontend's dev server: a page on every path, and no word on the upgrade", { tags: ['slow'] }, async (context) => {
    const page = '<!doctype html><script type="module" src="/@vite/client"></script><div id="root"></div>'
    const port = await listen(
      context,
      (_, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end(page),
      (server) => server.on('upgrade', (_, socket) => socket.on('error', () => {})),
    )
    const { json } = await verify(`ws://127.0.0.1:${port}${path}`)
    expect(json.diagnosis).toMatchObject({ id: 'wrong-frontend-port' })
  })

  test("a dev server's proxy without ws: true", async (context) => {
    const port = await listen(
      context,
      (request, response) =>
        request.url === '/'
          ? response.writeHead(200).end('<script src="/@vite/client"></script>')
          : response.writeHead(404).end('Not Found'),
      (server) => server.on('upgrade', (_, socket) => socket.on('error', () => {})),
    )
    const { json } = await verify(`ws://127.0.0.1:${port}${path}`)
    expect(json.diagnosis).toMatchObject({ id: 'proxy-strips-upgrade' })
  })

  test('a refusal whose body never ends is a refusal', async (context) => {
    const port = await listen(context, (_, response) => {
      response.writeHead(404, { Server: 'nginx/1.25' }).write('<html>')
    })
    const { json } = await verify(`ws://127.0.0.1:${port}${path}`)
    expect(json.diagnosis).toMatchObject({ id: 'proxy-strips-upgrade' })
  })
})

async function endsByDeadline(kind: 'daphne' | 'uvicorn' | 'hypercorn', context: TestContext): Promise<void> {
  const { port } = await serve(context, kind)
  const { json } = await verify(`wss://127.0.0.1:${port}${path}`)
  expect(json.diagnosis).toMatchObject({ id: 'wss-vs-ws', title: expect.stringContaining("doesn't speak TLS") })
}

describe.concurrent('the scheme', () => {
  const plain = 'wss:// to a plain %s ends by our own deadline'
  test.for(['daphne'] as const)(plain, endsByDeadline)
  test.for(['uvicorn', 'hypercorn'] as const)(plain, { tags: ['slow'] }, endsByDeadline)

  test('TLS with a certificate that nobody trusts, and ws:// to it', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'election-tls-'))
    context.onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const { cert, key } = await selfSigned(folder)
    const { port } = await serve(context, 'uvicorn', ['--ssl-certfile', cert, '--ssl-keyfile', key])
    const untrusted = await verify(`wss://127.0.0.1:${port}${path}`)
    expect(untrusted.json.diagnosis).toMatchObject({ id: 'tls-untrusted' })
    expect(untrusted.json.diagnosis?.evidence.join('\n')).toMatch(/DEPTH_ZERO_SELF_SIGNED_CERT[\s\S]*without checking the certificate: 101/)
    const plain = await verify(`ws://127.0.0.1:${port}${path}`)
    expect(plain.json.diagnosis).toMatchObject({ id: 'wss-vs-ws', title: expect.stringContaining('speaks TLS') })
    const trusted = await verify(`wss://127.0.0.1:${port}${path}`, {
      env: { NODE_EXTRA_CA_CERTS: cert },
      args: ['--origin', 'https://localhost'],
    })
    expect(trusted.json).toMatchObject({ state: 'proven' })
  })
})

async function isSuspended(scheme: string, context: TestContext): Promise<void> {
  const server = await serve(context, 'daphne')
  process.kill(server.pid, 'SIGSTOP')
  const { json } = await verify(`${scheme}://127.0.0.1:${server.port}${path}`)
  expect(json.diagnosis).toMatchObject({ id: 'server-suspended' })
}

describe.concurrent('a server that stands still', () => {
  test('stopped by SIGSTOP, by ws', { tags: ['slow'] }, (context) => isSuspended('ws', context))
  test('stopped by SIGSTOP, by wss', { tags: ['slow'] }, (context) => isSuspended('wss', context))
})

const hasSix = Object.values(networkInterfaces()).some((entries) => entries?.some(({ address }) => address === '::1'))

describe('localhost, two families', () => {
  test.skipIf(!hasSix)('another program holds ::1 (skipped where the machine has no ::1)', { tags: ['slow'] }, async (context) => {
    const { port } = await serve(context, 'daphne')
    await staticPages(context, '::1', port)
    const { json } = await verify(`ws://localhost:${port}${path}`)
    expect(json.diagnosis).toMatchObject({ id: 'ipv6-localhost' })
    expect(json.diagnosis?.evidence.join('\n')).toContain('127.0.0.1: 101')
  })

  test('::1 is free: the backend at 127.0.0.1 is proven', { tags: ['slow'] }, async (context) => {
    const { port } = await serve(context, 'daphne')
    const { json } = await verify(`ws://localhost:${port}${path}`, { args: ['--origin', `http://localhost:${port}`] })
    expect(json).toMatchObject({ state: 'proven' })
  })
})
