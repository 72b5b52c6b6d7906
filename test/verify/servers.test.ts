/** `verify` against real daphne, uvicorn and hypercorn, healthy and with one fault each. */
import { describe, expect, test, vi, type TestContext } from 'vitest'
import { runCli } from '../support/cli.ts'
import {
  acceptMissing,
  blocks,
  closesWith4001,
  endsTheProcess,
  httpOnlyAsgi,
  raisesAfterAccept,
  raisesBeforeAccept,
  raisesOnPing,
  silentConsumer,
} from '../support/consumers.ts'
import { makeProject, type ProjectOptions } from '../support/project.ts'
import { startRedis } from '../support/redis.ts'
import { startServer, type RunningServer, type ServerKind } from '../support/servers.ts'
import type { EnvironmentName } from '../support/tools.ts'
import { verify } from '../support/verify.ts'

// most of a test is waiting, but each starts a Python of its own
vi.setConfig({ maxConcurrency: 3, testTimeout: 60_000 })

const asgiServers = ['daphne', 'uvicorn', 'hypercorn'] as const

async function serve(
  { onTestFinished }: TestContext,
  kind: ServerKind,
  options: ProjectOptions = {},
  environment: EnvironmentName = 'main',
): Promise<RunningServer> {
  const project = await makeProject({ style: 'plain', environment: undefined, ...options })
  onTestFinished(project.remove)
  const server = await startServer(kind, project, { environment })
  onTestFinished(server.stop)
  return server
}

/** Here there is no project whose source or page would speak of a ping. */
const pings = { env: { ELECTION_DEV_PING: '{"type":"ping"}' } }

const urlOf = ({ port }: RunningServer, path = '/ws/election-updates/') => `ws://127.0.0.1:${port}${path}`

describe.concurrent('daphne', () => isProven('daphne'))
describe.concurrent('uvicorn', { tags: ['slow'] }, () => isProven('uvicorn'))
describe.concurrent('hypercorn', { tags: ['slow'] }, () => isProven('hypercorn'))

function isProven(kind: (typeof asgiServers)[number]): void {
  test('healthy: proven, held for two seconds, with the pong', async (context) => {
    const { json } = await verify(urlOf(await serve(context, kind)), pings)
    expect(json).toMatchObject({ state: 'proven', notes: [], diagnosis: null })
    expect(json.steps.session?.heldMs).toBeGreaterThanOrEqual(2000)
    expect(json.steps.session?.pongMs).toBeGreaterThan(0)
  })

  test('an application that answers no ping is proven, and the note says so', async (context) => {
    const { json } = await verify(urlOf(await serve(context, kind, { consumer: silentConsumer })), pings)
    expect(json).toMatchObject({ state: 'proven', notes: ['ping-unanswered'] })
    expect(json.steps.session?.heldMs).toBeGreaterThanOrEqual(2000)
  })

  const faults: [name: string, options: ProjectOptions, id: string, evidence: RegExp][] = [
    ['an application without a WebSocket part', { asgi: httpOnlyAsgi }, 'no-websocket-route', /no WebSocket part/],
    [
      'a consumer that raises before it accepts',
      { consumer: raisesBeforeAccept },
      'no-websocket-route',
      /the consumer raises before it accepts/,
    ],
    ['a consumer that raises after it accepted', { consumer: raisesAfterAccept }, 'consumer-exception', /101, and the socket ended/],
    ['a consumer that ends the whole process', { consumer: endsTheProcess }, 'server-crashes', /ECONNREFUSED/],
    ['a consumer that blocks the server', { consumer: blocks }, 'sync-consumer-blocks', /GET \/ got 200 before it/],
    ['a consumer that never accepts', { consumer: acceptMissing }, 'accept-missing', /From outside/],
    ['a route with another name', { route: 'ws/votes/' }, 'no-websocket-route', /From outside/],
    ['a consumer that raises on our ping', { consumer: raisesOnPing }, 'consumer-exception', /that was sent nothing stayed open/],
    ['a consumer that accepts and closes with 4001', { consumer: closesWith4001 }, 'close-after-accept', /4001/],
  ]
  const isNamed = async ([, options, id, evidence]: (typeof faults)[number], context: TestContext) => {
    const { json } = await verify(urlOf(await serve(context, kind, options)), pings)
    expect(json).toMatchObject({ state: 'failed', diagnosis: { id } })
    expect(json.diagnosis?.evidence.join('\n')).toMatch(evidence)
  }
  test.for(faults.slice(0, -4))('%s', isNamed)
  test.for(faults.slice(-4))('%s', { tags: ['slow'] }, isNamed)

  test('a URL without the last slash', async (context) => {
    const { json } = await verify(urlOf(await serve(context, kind), '/ws/election-updates'))
    expect(json).toMatchObject({ state: 'failed', diagnosis: { id: 'trailing-slash-missing' } })
  })

  test('an Origin that the backend refuses', async (context) => {
    const server = await serve(context, kind)
    const { json } = await verify(urlOf(server), { args: ['--origin', 'http://votes.example'] })
    expect(json).toMatchObject({
      state: 'failed',
      diagnosis: { id: 'origin-rejected', title: 'The backend refuses the Origin http://votes.example' },
    })
    // hypercorn's logger hands each record to the root logger's handler as well
    expect(server.log().match(/^ValueError: No route found for path/gm) ?? []).toHaveLength(kind === 'hypercorn' ? 2 : 1)
  })

  test('a Redis that is too old: 101, then the end, never proven', async (context) => {
    const redis = await startRedis({ version: '3.2' })
    context.onTestFinished(redis.stop)
    const layer = `CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [{"host": "127.0.0.1", "port": ${redis.port}, "protocol": 2}]}}}`
    const server = await serve(context, kind, { settings: layer })
    const { json } = await verify(urlOf(server))
    expect(server.log()).toMatch(/unknown command '?BZPOPMIN/)
    expect(json).toMatchObject({ state: 'failed', diagnosis: { id: 'consumer-exception' } })
    expect(json.diagnosis?.evidence.join('\n')).toContain('a Redis that is too old')
  })
}

describe.concurrent('a server that can speak no WebSocket', () => {
  test('runserver without the daphne application', async (context) => {
    const server = await serve(context, 'runserver', {}, 'django')
    const { json } = await verify(urlOf(server))
    expect(json).toMatchObject({ state: 'failed', diagnosis: { id: 'wsgi-server-on-port' } })
  })

  test('uvicorn without a WebSocket library', async (context) => {
    const server = await serve(context, 'uvicorn', {}, 'uvicornPlain')
    const { json } = await verify(urlOf(server))
    expect(json).toMatchObject({ state: 'failed', diagnosis: { id: 'ws-library-missing' } })
  })

  test('daphne that was given the WSGI application', async (context) => {
    const server = await serve(context, 'daphne', { asgi: 'from core.wsgi import application as application\n' })
    const { json } = await verify(urlOf(server))
    expect(json).toMatchObject({ state: 'failed', diagnosis: { id: 'asgi-app-wrong' } })
  })
})

test('text: a line a step, and the cause with its evidence', async (context) => {
  const server = await serve(context, 'daphne', { consumer: closesWith4001 })
  const { stdout, status } = await runCli(['verify', urlOf(server)], { cwd: '/' })
  expect(status).toBe(1)
  expect(stdout).toMatch(
    /● not connected[\s\S]*tcp {8}127\.0\.0\.1:\d+ {3}open[\s\S]*http {7}GET \/ {3}200 {3}daphne[\s\S]*handshake {2}101 in \d+ ms[\s\S]*held {7}closed with 4001[\s\S]*close-after-accept[\s\S]*Fix:/,
  )
})
