/** The dot after ready: it turns red with the cause when the socket dies, and green again when it is mended. */
import { createHmac } from 'node:crypto'
import { expect, test, vi, type TestContext } from 'vitest'
import { startCli, type RunningCli } from '../support/cli.ts'
import { diesLater, pyjwtConsumer } from '../support/consumers.ts'
import { makeProject, type ProjectOptions } from '../support/project.ts'
import { freePort, startRedis } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'

vi.setConfig({ testTimeout: 60_000 })

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

async function run(
  { onTestFinished }: TestContext,
  options: ProjectOptions,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningCli> {
  // without a database nothing is to be set up before the WebSocket can be judged
  const project = await makeProject({ style: 'plain', ...options, settings: `DATABASES = {}\n${options.settings ?? ''}` })
  onTestFinished(project.remove)
  const cli = startCli(['start', '--port', String(await freePort('127.0.0.1'))], { cwd: project.root, env })
  onTestFinished(async () => {
    await cli.end('SIGTERM')
  })
  return cli
}

test.for(['main', 'uvicorn', 'hypercorn'] as const)(
  '%s: a consumer that dies after three seconds turns it red, and it stays red',
  async (environment, context) => {
    const cli = await run(context, { consumer: diesLater, environment })
    await cli.waitFor(/ready in[\s\S]*● connected/)
    const [red] = await cli.waitFor(/● not connected {3}consumer-exception[\s\S]*Fix: /)
    expect(red).toContain('ValueError: no such election')
    expect(red).toMatch(/consumers\.py", line 14/)
    // the next socket dies the same way: that is no news
    await cli.waitFor(/Fix: [\s\S]*ValueError: no such election/)
    expect(cli.stdout().match(/● connected/g)).toHaveLength(1)
    expect(cli.stdout().match(/● not connected/g)).toHaveLength(1)
  },
)

test('a Redis that is killed turns it red, and green again when it is back', async (context) => {
  const redis = await startRedis()
  context.onTestFinished(redis.stop)
  const layer = `CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [("127.0.0.1", ${redis.port})]}}}`
  const cli = await run(context, { settings: layer })
  await cli.waitFor(/ready in[\s\S]*● connected/)
  await redis.stop()
  await cli.waitFor(/● not connected {3}redis-unreachable[\s\S]*Fix: /)
  const again = await startRedis({ port: redis.port })
  context.onTestFinished(again.stop)
  await cli.waitFor(/redis-unreachable[\s\S]*● connected/)
  expect((await cli.end('SIGINT')).status).toBe(130)
})

test('a token that nobody can make: yellow, with how to give one; green when it is given', async (context) => {
  const key = secret()
  const options = { consumer: pyjwtConsumer, settings: `SECRET_KEY = "${key}"` }
  const yellow = await run(context, options)
  const [banner] = await yellow.waitFor(/ready in[\s\S]*● speaks WebSocket, wants a token[\s\S]*Fix:.*/)
  expect(banner).toContain('ELECTION_DEV_TOKEN')
  await yellow.end('SIGINT')

  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ voter: 7 })}`
  const token = secret(`${text}.${createHmac('sha256', key).update(text).digest('base64url')}`)
  const green = await run(context, options, { ELECTION_DEV_TOKEN: token })
  const [connected] = await green.waitFor(/ready in[\s\S]*● connected[\s\S]*Channels.*/)
  expect(connected).not.toContain(token)
})

test('Ctrl+C while a proof waits ends at once', async (context) => {
  const cli = await run(context, {
    consumer:
      'from channels.generic.websocket import AsyncJsonWebsocketConsumer\n\nclass Updates(AsyncJsonWebsocketConsumer):\n    async def connect(self):\n        print("connecting", flush=True)\n',
    environment: 'uvicorn',
  })
  await cli.waitFor(/not connected[\s\S]*Fix: [\s\S]*connecting/)
  const started = performance.now()
  expect((await cli.end('SIGINT')).status).toBe(130)
  // a proof of this socket would go on for six seconds
  expect(performance.now() - started).toBeLessThan(5500)
})
