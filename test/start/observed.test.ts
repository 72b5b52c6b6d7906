/** What `start` says that only the observer inside the serving process can know. */
import { once } from 'node:events'
import { expect, test, vi, type TestContext } from 'vitest'
import { WebSocket } from 'ws'
import { startCli, type RunningCli } from '../support/cli.ts'
import { closesLater } from '../support/consumers.ts'
import { makeProject, openConsumer, simplejwtConsumer, type ProjectOptions } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { consumerOf } from '../support/store.ts'

vi.setConfig({ testTimeout: 60_000 })

interface Started {
  readonly cli: RunningCli
  readonly port: number
}

async function run({ onTestFinished }: TestContext, options: ProjectOptions, args: readonly string[] = []): Promise<Started> {
  // without a database nothing is to be set up before the WebSocket can be judged
  const project = await makeProject({ style: 'plain', ...options, settings: `DATABASES = {}\n${options.settings ?? ''}` })
  onTestFinished(project.remove)
  const port = await freePort('127.0.0.1')
  const cli = startCli(['start', '--port', String(port), ...args], { cwd: project.root })
  onTestFinished(async () => {
    await cli.end('SIGTERM')
  })
  return { cli, port }
}

// what the log has said before it stands above it on a slow machine
const shown = /(?:ready in|up after)[\s\S]*Channels.*\n/

test('the banner tells of the broadcast, and its event has it', async (context) => {
  const { cli } = await run(context, {}, ['--json'])
  const [line] = await cli.waitFor(/.*"event":"ready".*\n/)
  expect(JSON.parse(line)).toMatchObject({ websocket: { state: 'connected', broadcast: { sent: 2, received: 2 } } })
  const { cli: text } = await run(context, {})
  await text.waitFor(/● connected {3}101 in \d+ ms · pong \d+ ms · broadcast 2\/2\n/)
})

const isNeverGreen = 'never green where %s closes the socket inside the hold'
test.for(Object.entries(closesLater).slice(0, 1))(isNeverGreen, isRed)
test.for(Object.entries(closesLater).slice(1))(isNeverGreen, { tags: ['slow'] }, isRed)
async function isRed([, consumer]: [string, string], context: TestContext): Promise<void> {
  for (const text of [consumer, consumer.replace('"pong"', '"other"')]) {
    const { cli } = await run(context, { consumer: text }, ['--json'])
    const [line] = await cli.waitFor(/.*"event":"ready".*\n/)
    expect(JSON.parse(line)).toMatchObject({ websocket: { state: 'not-connected', diagnosis: { id: 'close-after-accept' } } })
    expect(line).toMatch(/updates\/consumers\.py:11, in expire/)
  }
}

test('a task that closes nothing: green, once it has been held', { tags: ['slow'] }, async (context) => {
  const consumer = closesLater['a task'].replace('await self.close()', 'await asyncio.sleep(60)')
  const { cli } = await run(context, { consumer }, ['--json'])
  const [line] = await cli.waitFor(/.*"event":"ready".*\n/)
  expect(JSON.parse(line)).toMatchObject({ websocket: { state: 'connected', broadcast: { sent: 2, received: 2 } } })
})

test('--no-observer: the application runs plain', async (context) => {
  const consumer = openConsumer.replace(
    '{"type": "welcome"}',
    '{"type": "welcome", "observed": "election_dev_inside" in __import__("sys").modules}',
  )
  for (const [args, observed] of [
    [[], true],
    [['--no-observer'], false],
  ] as const) {
    const { cli, port } = await run(context, { consumer }, args)
    const [banner] = await cli.waitFor(shown)
    expect(/broadcast/.test(banner)).toBe(observed)
    const socket = page(port)
    const [data] = await once(socket, 'message')
    expect(JSON.parse(String(data))).toMatchObject({ observed })
    socket.terminate()
  }
})

function page(port: number): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${port}/ws/election-updates/`, { origin: `http://127.0.0.1:${port}` })
}

test('a refusal with the code and the line that no client sees', async (context) => {
  const { cli } = await run(context, { consumer: simplejwtConsumer })
  await cli.waitFor(/token-missing[\s\S]*Updates closed with 4001 at updates\/consumers\.py:20 \(the client only sees 403\)/)
})

test('an Origin that a validator refuses, with its class', async (context) => {
  const { cli } = await run(context, {}, ['--origin', 'http://votes.example'])
  await cli.waitFor(/origin-rejected[\s\S]*OriginValidator refused it inside the backend/)
})

/** A consumer that answers what a page may ask of it with a fault. */
const faulty = `
from decimal import Decimal
from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await self.accept()

    async def receive_json(self, content):
        wish = content.get("type")
        if wish == "ping":
            await self.send_json({"type": "pong"})
        if wish == "decimal":
            await self.send_json({"share": Decimal("0.5")})
        if wish == "handler":
            await self.channel_layer.send(self.channel_name, {"type": "election.moved"})
        if wish == "group":
            await self.channel_layer.group_add("elections of 2026", self.channel_name)
        if wish == "own":
            raise LookupError("no such election")
`

const namesPlaces = '%s: what ends a socket of the page is named, once for each place'
test.for(['daphne'] as const)(namesPlaces, namesEach)
test.for(['uvicorn', 'hypercorn'] as const)(namesPlaces, { tags: ['slow'] }, namesEach)

async function namesEach(server: string, context: TestContext): Promise<void> {
  const { cli, port } = await run(context, { consumer: faulty }, ['--server', server])
  await cli.waitFor(/broadcast 2\/2/)
  // read from the sources, before any socket shows it
  await cli.waitFor(/ {2}! .* {3}group-name-invalid\n/)
  for (const text of [
    'not JSON',
    'nor this',
    '{"type":"decimal"}',
    '{"type":"handler"}',
    '{"type":"group"}',
    '{"type":"own"}',
    '{"type":"own"}',
  ]) {
    const socket = page(port)
    socket.on('error', () => {})
    socket.on('open', () => socket.send(text))
    await once(socket, 'close')
  }
  await cli.waitFor(/no such election at updates\/consumers\.py:20 .* {3}consumer-exception\n/)
  const warnings = cli
    .stdout()
    .split('\n')
    .filter((line) => line.startsWith('  ! '))
  expect(warnings.map((line) => / {3}([\w-]+)$/.exec(line)?.[1])).toEqual([
    'group-name-invalid',
    'client-sends-non-json',
    'broadcast-not-serialisable',
    'broadcast-handler-missing',
    'group-name-invalid',
    'consumer-exception',
  ])
  expect(warnings[1]).toContain('json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)')
  expect(warnings[3]).toContain('async def election_moved(self, event)')
}

const layer = (body: string): ProjectOptions => ({
  settings: 'CHANNEL_LAYERS = {"default": {"BACKEND": "updates.layers.Layer"}}',
  files: {
    'backend/updates/layers.py': `from channels.layers import InMemoryChannelLayer\n\nclass Layer(InMemoryChannelLayer):\n    async def group_send(self, group, message):\n        ${body}\n`,
  },
})

test('a layer that raises when it is sent to is red, with its line', async (context) => {
  const { cli } = await run(context, layer('raise LookupError("no shard")'))
  await cli.waitFor(
    /● not connected {3}consumer-exception[\s\S]*reached 0 of 2 sockets[\s\S]*LookupError: no shard[\s\S]*layers\.py", line 5, in group_send/,
  )
})

test('a layer that loses what it is sent is said, and no cause is claimed', { tags: ['slow'] }, async (context) => {
  const { cli } = await run(context, layer('pass'))
  await cli.waitFor(/broadcast 0\/2/)
  expect(cli.stdout()).toMatch(/reached 0 of 2 sockets within 1 s; nothing tells why {3}broadcast-lost/)
})

test('an application that keeps one socket a user stays green', { tags: ['slow'] }, async (context) => {
  const consumer = `
from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    last = None

    async def connect(self):
        if Updates.last is not None:
            await Updates.last.close(code=4009)
        Updates.last = self
        await self.accept()

`
  const { cli } = await run(context, { consumer })
  await cli.waitFor(/● connected {3}101 in \d+ ms · held 2\.\d s\n/)
  await cli.end('SIGINT')
  expect(cli.stdout()).not.toContain('not connected')
})

/** Without what answers a ping. */
const mute = (consumer: string) => consumer.replace(/\n *async def receive_json[^]*/, '\n')

const lateInConnect: [name: string, then: string, told: RegExp][] = [
  ['is not held once it waits for messages', '', /● connected {3}101 in \d+ ms · held \d+ ms\n/],
  ['is held while connect() goes on', 'while True:\n    await asyncio.sleep(1)', /● connected {3}101 in \d+ ms · held 2\.\d s\n/],
  [
    'that raises late in connect()',
    'await asyncio.sleep(1)\nraise LookupError("no such election")',
    /● not connected {3}consumer-exception/,
  ],
  ['that is closed late in connect()', 'await asyncio.sleep(1)\nawait self.close(code=4001)', /● not connected {3}close-after-accept/],
]
const withoutLayer = 'without a channel layer, a socket %s'
test.for(lateInConnect.slice(0, 2))(withoutLayer, isToldOfConnect)
test.for(lateInConnect.slice(2))(withoutLayer, { tags: ['slow'] }, isToldOfConnect)

async function isToldOfConnect([, then, told]: (typeof lateInConnect)[number], context: TestContext): Promise<void> {
  const { cli } = await run(context, { settings: 'CHANNEL_LAYERS = {}', consumer: mute(consumerOf(`await self.accept()\n${then}`)) })
  await cli.waitFor(told)
}

test('a consumer that accepts with one subprotocol is offered what the page offers', async (context) => {
  const { cli } = await run(context, {
    consumer: consumerOf('await self.accept(subprotocol="votes.v1")'),
    files: { 'frontend/src/live.js': "export const socket = new WebSocket(urlOf('/ws/election-updates/', room), [\n  'votes.v1',\n])\n" },
  })
  await cli.waitFor(/● connected {3}101 in/)
})
