/** `verify` of several URLs: what is sent at one instance reaches a socket at the other, or the cause is named. */
import { tmpdir } from 'node:os'
import { expect, test, vi, type TestContext } from 'vitest'
import { runCli, type CliResult } from '../support/cli.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { startRedis } from '../support/redis.ts'
import { startServer } from '../support/servers.ts'

vi.setConfig({ testTimeout: 60_000 })

/** Passes a vote on to everybody in its group. */
const voting = `
from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await self.channel_layer.group_add("votes", self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard("votes", self.channel_name)

    async def receive_json(self, content):
        kind = content.get("type")
        if kind == "ping":
            await self.send_json({"type": "pong"})
        if kind == "vote":
            await self.channel_layer.group_send("votes", {"type": "tally", "note": content.get("note")})
        if kind == "raise":
            raise LookupError("no such election")

    async def tally(self, event):
        await self.send_json({"type": "tally", "note": event["note"]})
`

const vote = ['--send', '{"type":"vote","note":"{marker}"}']

interface Pair {
  readonly project: TestProject
  readonly urls: readonly [string, string]
  readonly verify: (args: readonly string[], cwd?: string) => Promise<CliResult>
}

/** Two daphnes of one project, each with an environment of its own. With redis-py 8 a socket that is idle for 5 s ends. */
async function pair(
  { onTestFinished }: TestContext,
  environments: readonly [Record<string, string>, Record<string, string>],
): Promise<Pair> {
  const project = await makeProject({ style: 'plain', consumer: voting, settings: 'DATABASES = {}' })
  onTestFinished(project.remove)
  const start = async (env: Record<string, string>) => {
    const server = await startServer('daphne', project, { environment: 'redisPy5', env: { ...env, PYTHONDONTWRITEBYTECODE: '1' } })
    onTestFinished(server.stop)
    return `ws://127.0.0.1:${server.port}/ws/election-updates/`
  }
  const [env, otherEnv] = environments
  const [one, other] = await Promise.all([start(env), start(otherEnv)])
  const named = ['--url', one, '--url', other, '--hold', '300']
  return { project, urls: [one, other], verify: (args, cwd = tmpdir()) => runCli(['verify', ...named, ...args], { cwd }) }
}

async function onRedis({ onTestFinished }: TestContext): Promise<Record<string, string>> {
  const redis = await startRedis()
  onTestFinished(redis.stop)
  return { USE_REDIS_FOR_CHANNELS: 'true', REDIS_PORT: String(redis.port) }
}

test.concurrent('two daphnes on one Redis: 100 of 100 arrive, each way', async (context) => {
  const shared = await onRedis(context)
  const { urls, verify } = await pair(context, [shared, shared])
  const { stdout, status } = await verify([...vote, '--count', '100', '--json'])
  const document: Record<string, unknown> = JSON.parse(stdout)
  const [a, b] = urls
  expect(document).toMatchObject({ command: 'verify', ok: true, state: 'proven', diagnosis: null })
  expect(document['instances']).toMatchObject([
    { url: a, state: 'proven' },
    { url: b, state: 'proven' },
  ])
  expect(document['crossing']).toMatchObject([
    { from: a, to: b, sent: 100, received: 100 },
    { from: b, to: a, sent: 100, received: 100 },
  ])
  expect(status).toBe(0)

  // for people; without a word in it any message counts, and what it must contain can be said
  const text = await verify(['--send', '{"type":"vote","note":"x"}', '--expect', '{"type":"tally"}', '--count', '3'])
  expect(text.stdout).toMatch(
    /Broadcast {2}ws:\/\/127\.0\.0\.1:\d+\/ws\/election-updates\/ → ws:\/\/\S+ +3 of 3 arrived, median \d+ ms, slowest \d+ ms\n/,
  )
  expect(text.status).toBe(0)
  expect((await verify(['--send', '{"type":"vote"}'])).stdout).toMatch(/1 of 1 arrived in \d+ ms/)
})

test.concurrent('each with a layer in its memory: layer-split, and the project in the folder tells which', async (context) => {
  const { project, verify } = await pair(context, [{}, {}])
  const { stdout, status } = await verify([...vote, '--count', '100', '--json'])
  const document: Record<string, unknown> = JSON.parse(stdout)
  expect(document).toMatchObject({ ok: false, state: 'failed', diagnosis: { id: 'layer-split' } })
  // a few that are lost tell all
  expect(document['crossing']).toMatchObject([
    { sent: 3, received: 0, medianMs: null },
    { sent: 1, received: 0 },
  ])
  expect(stdout).toContain('The same message reached a second socket at ws://127.0.0.1:')
  expect(status).toBe(1)

  const known = await verify(vote, project.root)
  expect(known.stdout).toMatch(/layer-inmemory-multi-instance[\s\S]*0 of 1 arrived[\s\S]*InMemoryChannelLayer/)
  expect(known.status).toBe(1)
})

test.concurrent('two different Redis: layer-split', { tags: ['slow'] }, async (context) => {
  const { verify } = await pair(context, [await onRedis(context), await onRedis(context)])
  const { stdout, status } = await verify([...vote, '--count', '2'])
  expect(stdout).toMatch(/✖ {2}Broadcast .* 0 of 2 arrived\n/)
  expect(stdout).toMatch(/The instances do not share a channel layer.* {3,}layer-split/)
  expect(status).toBe(1)
})

test.concurrent('what tells nothing about the layer is not taken for it', { tags: ['slow'] }, async (context) => {
  const shared = await onRedis(context)
  const { urls, verify } = await pair(context, [shared, shared])
  const [unheard, ended] = await Promise.all([
    verify(['--send', '{"type":"{marker}"}']),
    verify(['--send', '{"type":"raise","note":"{marker}"}']),
  ])
  expect(unheard.stderr).toMatch(/broadcast nothing.* {3,}nothing-broadcast[\s\S]*Not even a second socket/)
  expect(unheard.status).toBe(2)
  expect(ended.stdout).toMatch(/The message ends the socket.* {3,}consumer-exception[\s\S]*closed with \d{4} after/)
  expect(ended.status).toBe(1)

  // an instance that isn't proven is said first
  const dead = await runCli(['verify', urls[0], '--url', 'ws://127.0.0.1:1/ws/', '--hold', '300', ...vote, '--json'], { cwd: tmpdir() })
  expect(JSON.parse(dead.stdout)).toMatchObject({
    ok: false,
    url: 'ws://127.0.0.1:1/ws/',
    diagnosis: { id: 'server-not-running' },
    crossing: [],
  })
  expect(dead.status).toBe(1)
})

test('a message is wanted, and a second URL', async () => {
  const cwd = tmpdir()
  const without = await runCli(['verify', '--url', 'ws://127.0.0.1:1/', '--url', 'ws://127.0.0.1:2/'], { cwd })
  expect([without.stderr, without.status]).toEqual([expect.stringContaining('--send'), 2])
  const single = await runCli(['verify', 'ws://127.0.0.1:1/', '--count', '3'], { cwd })
  expect([single.stderr, single.status]).toEqual([expect.stringContaining('--url A --url B'), 2])
})
