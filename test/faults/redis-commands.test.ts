/** A Redis that lets the project in and doesn't do what channels_redis needs: real servers, and a real project that asks for them. */
import { rm } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { oldRedisKind } from '../support/old-redis.ts'
import { real } from '../support/doctor.ts'
import { freePort, until } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'
import { expectCause, expectHealthy, hidingConsumer, layerRules, redis, serve, serveOn } from '../support/store.ts'
import { tokenOf } from '../support/tokens.ts'

const password = secret('kP6-wT8sB3nM')

/** Settings whose layer logs in as a user of its own. */
const asUser = (port: number) =>
  `CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": ["redis://web:${password}@127.0.0.1:${port}/0"]}}}`

/** A Redis with a user who has these rules. */
async function redisFor(...rules: string[]) {
  const server = await redis({ version: '8' })
  await server.command('ACL', 'SETUSER', 'web', 'on', `>${password}`, ...rules)
  return server
}

real('redis-too-old', `Redis 3.2 (${await oldRedisKind()}), daphne: 101, then 1011`, async () => {
  const { port } = await redis({ version: '3.2' })
  const { ask } = await serveOn(port, { environment: 'redisPy5' })
  expectCause(await ask(), 'redis-too-old', /redis-server 3\.2\.\d+ .*unknown command 'BZPOPMIN'/, 'BZPOPMIN came with Redis 5.0', '1011')
})

real('redis-too-old', 'hypercorn', async () => {
  const { port } = await redis({ version: '3.2' })
  const { ask } = await serveOn(port, { environment: 'redisPy5', server: 'hypercorn', style: 'environ' })
  expectCause(await ask(), 'redis-too-old', /redis-server 3\.2\.\d+/, '101, and the socket ended')
})

real('redis-too-old', 'Redis 5 with a password, for redis-py 8, which opens with HELLO', async () => {
  const { port } = await redis({ version: '5.0', config: [`requirepass ${password}`], password })
  const { ask } = await serveOn(port, { dotenv: [`REDIS_PASSWORD=${password}`] })
  const answer = await ask()
  expectCause(answer, 'redis-too-old', /unknown command .HELLO/, 'HELLO came with Redis 6.0')
  expect(answer.diagnosis?.title).toContain('too old for redis-py 8')
  expect(answer.diagnosis?.remedy.alternatives).toEqual([[['backend/venv/bin/python', '-m', 'pip', 'install', 'redis<8']]])
})

real('redis-no-bzpopmin', 'rename-command BZPOPMIN, uvicorn', async () => {
  const { port } = await redis({ config: ['rename-command BZPOPMIN ""'] })
  const { ask } = await serveOn(port, { server: 'uvicorn' })
  expectCause(await ask(), 'redis-no-bzpopmin', /unknown command .BZPOPMIN/)
})

real('redis-no-eval', 'rename-command EVAL', async () => {
  const { port } = await redis({ config: ['rename-command EVAL ""'] })
  const { ask } = await serveOn(port)
  expectCause(await ask(), 'redis-no-eval', /unknown command .EVAL/)
})

real('redis-acl-denied', 'the user may not BZPOPMIN', async () => {
  const { port } = await redisFor(...layerRules, '-bzpopmin')
  const { ask } = await serve({ settings: asUser(port) })
  expectCause(await ask(), 'redis-acl-denied', /permissions to run the 'bzpopmin' command/)
})

real('redis-acl-denied', 'the user may touch other keys only, hidden behind a 403', async () => {
  const { port } = await redisFor('~site*', '+@all')
  const key = secret()
  const { ask } = await serve({ consumer: hidingConsumer, settings: `${asUser(port)}\nSECRET_KEY = "${key}"` })
  expectCause(
    await ask({ token: tokenOf({ voter: 7 }, key) }),
    'redis-acl-denied',
    /keys|permissions to access a key/,
    'hides the error behind a refusal',
  )
})

real('redis-oom', 'maxmemory is reached', async () => {
  const { port } = await redis({ config: ['maxmemory 1', 'maxmemory-policy noeviction'] })
  const { ask } = await serveOn(port)
  expectCause(await ask(), 'redis-oom', 'OOM command not allowed')
})

real('redis-readonly', 'a replica', async () => {
  const primary = await redis()
  const { port } = await redis({ config: [`replicaof 127.0.0.1 ${primary.port}`] })
  const { ask } = await serveOn(port, { server: 'uvicorn' })
  expectCause(await ask(), 'redis-readonly', "READONLY You can't write against a read only replica")
})

real('redis-readonly', 'a replica whose master is gone', async () => {
  const { port } = await redis({ config: [`replicaof 127.0.0.1 ${await freePort('127.0.0.1')}`, 'replica-serve-stale-data no'] })
  const { ask } = await serveOn(port, { environment: 'redisPy5' })
  expectCause(await ask(), 'redis-readonly', 'MASTERDOWN Link with MASTER is down')
})

real('redis-loading', 'still reading its data', async () => {
  const first = await redis({ config: ['rdbcompression no'] })
  await first.command('EVAL', "for i = 1, 60000 do redis.call('SET', 'key' .. i, string.rep('x', 100)) end", '0')
  await first.command('SAVE')
  const { port } = await redis({ folder: first.folder, config: ['key-load-delay 1000', 'loading-process-events-interval-bytes 1024'] })
  const { ask } = await serveOn(port)
  expectCause(await ask(), 'redis-loading', 'LOADING Redis is loading the dataset in memory')
})

real('redis-misconf', "its folder is gone, so it can't save", async () => {
  const server = await redis({ config: ['save 3600 1'] })
  await rm(server.folder, { recursive: true })
  await server.command('BGSAVE').catch(() => undefined)
  await until(async () => /rdb_last_bgsave_status:err/.test(String(await server.command('INFO', 'persistence'))))
  const { ask } = await serveOn(server.port)
  expectCause(await ask(), 'redis-misconf', 'MISCONF Redis is configured to save')
})

real('redis-cluster', 'a node of a cluster that has all slots', async () => {
  const server = await redis({ version: '8', config: ['cluster-enabled yes', `cluster-port ${await freePort('127.0.0.1')}`] })
  await server.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await until(async () => /cluster_state:ok/.test(String(await server.command('CLUSTER', 'INFO'))))
  const { ask } = await serveOn(server.port)
  expectCause(await ask(), 'redis-cluster', /redis_mode:cluster|CROSSSLOT/)
})

test("healthy: a user limited to the layer's keys and commands", async () => {
  const { port } = await redisFor(...layerRules)
  const { ask } = await serve({ environment: 'redisPy5', settings: asUser(port) })
  expectHealthy(await ask())
})

test('healthy: Redis 5', async () => {
  const { port } = await redis({ version: '5.0' })
  const { ask } = await serveOn(port, { environment: 'redisPy5' })
  expectHealthy(await ask())
})

test('healthy: Redis 3.2 under the layer that needs no BZPOPMIN', async () => {
  const { port } = await redis({ version: '3.2' })
  const layer = `{"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": ["redis://127.0.0.1:${port}/0"]}}}`
  const { ask } = await serve({ environment: 'redisPy5', settings: `CHANNEL_LAYERS = ${layer}` })
  expectHealthy(await ask())
})
