/** A database without tables, where something else keeps the WebSocket from working: that is told, and not the tables. */
import { expect, onTestFinished, test } from 'vitest'
import { startCli } from '../support/cli.ts'
import { makeProject } from '../support/project.ts'
import { freePort, startRedis, type RedisStart } from '../support/redis.ts'

/** What the start of a project comes to whose layer is in that Redis. */
async function idOf(redisStart: RedisStart): Promise<unknown> {
  const redis = await startRedis(redisStart)
  onTestFinished(redis.stop)
  const layer = `{"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [("127.0.0.1", ${redis.port})]}}`
  const project = await makeProject({ style: 'plain', settings: `CHANNEL_LAYERS = {"default": ${layer}}` })
  onTestFinished(project.remove)
  const port = await freePort('127.0.0.1')
  const cli = startCli(['start', '--json', '--no-frontend', '--no-watch', '--port', String(port)], { cwd: project.root })
  onTestFinished(async () => void (await cli.end('SIGTERM')))
  const [ready] = await cli.waitFor(/.*"event":"ready".*\n/)
  await cli.waitFor(/"event":"warning","id":"migrations-pending"/)
  return JSON.parse(ready).websocket.diagnosis?.id
}

test('a client that ends each idle socket', { tags: ['slow'], timeout: 60_000 }, async () => {
  expect(await idOf({})).toBe('redis-client-timeout')
})

test('a Redis that is too old for the client', { tags: ['slow'], timeout: 60_000 }, async () => {
  expect(await idOf({ version: '5.0' })).toBe('redis-too-old')
})
