/** `start` on projects whose WebSocket can't work: never a green dot, always the cause. */
import { expect, test, vi, type TestContext } from 'vitest'
import { startCli, type RunningCli } from '../support/cli.ts'
import {
  acceptMissing,
  closesWith4001,
  httpOnlyAsgi,
  pyjwtConsumer,
  raisesAfterAccept,
  raisesAtItsOwnBroadcast,
  raisesBeforeAccept,
  raisesOnPing,
} from '../support/consumers.ts'
import { makeProject, openConsumer, type ProjectOptions } from '../support/project.ts'
import { freePort, startRedis } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'

vi.setConfig({ testTimeout: 60_000 })

interface StartEvent {
  readonly event: string
  readonly websocket?: {
    readonly state: string
    readonly diagnosis: { readonly id: string; readonly evidence: readonly string[]; readonly remedy: { readonly text: string } } | null
  }
}

async function run(
  { onTestFinished }: TestContext,
  options: ProjectOptions,
  more: { args?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Promise<RunningCli> {
  // without a database nothing is to be set up before the WebSocket can be judged
  const project = await makeProject({ style: 'plain', ...options, settings: `DATABASES = {}\n${options.settings ?? ''}` })
  onTestFinished(project.remove)
  const cli = startCli(['start', '--json', '--port', String(await freePort('127.0.0.1')), ...(more.args ?? [])], {
    cwd: project.root,
    env: more.env ?? {},
  })
  onTestFinished(async () => {
    await cli.end('SIGTERM')
  })
  return cli
}

async function ready(cli: RunningCli): Promise<NonNullable<StartEvent['websocket']>> {
  await cli.waitFor(/"event":"ready".*\n/)
  const events: StartEvent[] = cli
    .stdout()
    .trim()
    .split('\n')
    .map((line): StartEvent => JSON.parse(line))
  const found = events.find(({ event }) => event === 'ready')?.websocket
  if (found === undefined) throw new Error('ready says nothing of the WebSocket')
  return found
}

test.for([
  ['an application without a WebSocket part', { asgi: httpOnlyAsgi }, 'http-only-asgi', /./],
  ['a route with another name than the path that is given', { route: 'ws/votes/' }, 'no-websocket-route', /ws\/votes\//],
  [
    'a consumer that raises before it accepts',
    { consumer: raisesBeforeAccept },
    'consumer-exception',
    /ValueError: no such election[\s\S]*consumers\.py:6/,
  ],
  [
    'a consumer that raises after it accepted',
    { consumer: raisesAfterAccept },
    'consumer-exception',
    /ValueError: no such election[\s\S]*consumers\.py:7/,
  ],
  [
    'a handler that raises at the first broadcast of its own consumer',
    { consumer: raisesAtItsOwnBroadcast },
    'consumer-exception',
    /KeyError: 'user'[\s\S]*consumers\.py:\d+/,
  ],
  [
    'a consumer that raises on our ping',
    { consumer: raisesOnPing, files: { 'election-dev.config.json': '{"ping": {"type": "ping"}}' } },
    'consumer-exception',
    /KeyError: 'election'/,
  ],
  ['a consumer that closes with 4001', { consumer: closesWith4001 }, 'close-after-accept', /4001/],
  [
    'a consumer that never accepts',
    { consumer: acceptMissing },
    'accept-missing',
    /connect\(\) returned after \d+ ms, and nothing was sent/,
  ],
] as const)('%s', async ([, options, id, evidence], context) => {
  for (const environment of ['main', 'uvicorn', 'hypercorn'] as const) {
    const cli = await run(context, { ...options, environment }, { args: ['--path', '/ws/election-updates/'] })
    const { state, diagnosis } = await ready(cli)
    expect({ environment, state, id: diagnosis?.id }).toEqual({ environment, state: 'not-connected', id })
    expect(diagnosis?.evidence.join('\n')).toMatch(evidence)
    const { stdout } = await cli.end('SIGINT')
    expect(stdout).not.toContain('"connected"')
  }
})

test('an Origin that the backend refuses stays refused: no second proof calls it a missing token', async (context) => {
  const cli = await run(context, {}, { args: ['--origin', 'http://votes.example', '--verbose'] })
  const { state, diagnosis } = await ready(cli)
  expect({ state, id: diagnosis?.id }).toEqual({ state: 'not-connected', id: 'origin-rejected' })
  // the observer has told who refuses it: no experiment has to
  await cli.waitFor(/(?:WSREJECT \/ws\/election-updates[\s\S]*){3}/)
  expect(cli.stdout()).not.toContain('"event":"websocket"')
  expect(cli.stdout()).not.toContain('/election-dev-probe')
})

test('a token that the backend refuses', async (context) => {
  const key = secret()
  const cli = await run(context, { consumer: pyjwtConsumer, settings: `SECRET_KEY = "${key}"` }, { env: { ELECTION_DEV_TOKEN: secret() } })
  const { state, diagnosis } = await ready(cli)
  expect({ state, id: diagnosis?.id }).toEqual({ state: 'not-connected', id: 'token-rejected' })
})

const hardCoded = (port: number) =>
  `CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [("127.0.0.1", ${port})]}}}`

test('a Redis that is too old, in settings that heed no variable', async (context) => {
  const redis = await startRedis({ version: '3.2' })
  context.onTestFinished(redis.stop)
  const cli = await run(context, { settings: hardCoded(redis.port) })
  const { state, diagnosis } = await ready(cli)
  expect({ state, id: diagnosis?.id }).toEqual({ state: 'not-connected', id: 'redis-too-old' })
  expect(cli.stdout()).not.toContain('"connected"')
})

test('a Redis that is too old, in a project without a route: the route is nearer to the root', async (context) => {
  const redis = await startRedis({ version: '3.2' })
  context.onTestFinished(redis.stop)
  const cli = await run(context, { settings: hardCoded(redis.port), route: 'ws/votes/' }, { args: ['--path', '/ws/election-updates/'] })
  const { diagnosis } = await ready(cli)
  expect(diagnosis?.id, diagnosis?.evidence.join('\n')).toBe('no-websocket-route')
})

test('a Redis that is too old, wanted by the variable: the in-memory layer, and green', async (context) => {
  const redis = await startRedis({ version: '3.2' })
  context.onTestFinished(redis.stop)
  const cli = await run(context, { style: 'decouple', dotenv: ['USE_REDIS_FOR_CHANNELS=True', `REDIS_PORT=${redis.port}`] })
  expect((await ready(cli)).state).toBe('connected')
  expect(cli.stdout()).toContain('"id":"redis-too-old"')
})

test('a Redis that is not there, in settings that heed no variable', async (context) => {
  const cli = await run(context, { settings: hardCoded(await freePort('127.0.0.1')), consumer: openConsumer })
  const { state, diagnosis } = await ready(cli)
  expect({ state, id: diagnosis?.id }).toEqual({ state: 'not-connected', id: 'redis-unreachable' })
})
