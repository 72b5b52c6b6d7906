/** A channel layer that isn't set, can't be built, or isn't shared by the processes that serve. */
import { expect, test } from 'vitest'
import { real } from '../support/doctor.ts'
import { expectCause, expectHealthy, hidingConsumer, redis, serve, serveOn, serveProject, urlOf } from '../support/store.ts'
import { openConsumer } from '../support/project.ts'
import { tokenOf } from '../support/tokens.ts'
import { secret } from '../support/secrets.ts'

const layer = (backend: string, config = '{}') => `CHANNEL_LAYERS = {"default": {"BACKEND": "${backend}", "CONFIG": ${config}}}`
const core = 'channels_redis.core.RedisChannelLayer'

real('channel-layer-unset', 'no CHANNEL_LAYERS in the settings', async () => {
  const { ask } = await serve({ settings: 'del CHANNEL_LAYERS' })
  expectCause(await ask(), 'channel-layer-unset', 'The settings have no CHANNEL_LAYERS', 'updates/consumers.py:6 calls group_add', '500')
})

real('channel-layer-unset', 'behind an except that answers 403, with a good token, hypercorn', async () => {
  const key = secret()
  const { ask } = await serve({
    server: 'hypercorn',
    style: 'plain',
    consumer: hidingConsumer,
    settings: `SECRET_KEY = "${key}"\ndel CHANNEL_LAYERS`,
  })
  expectCause(await ask({ token: tokenOf({ voter: 7 }, key) }), 'channel-layer-unset', 'The settings have no CHANNEL_LAYERS')
})

real('channel-layer-backend-wrong', 'BACKEND names a class that channels_redis has not', async () => {
  const { ask } = await serve({ settings: layer('channels_redis.core.RedisLayer') })
  expectCause(
    await ask(),
    'channel-layer-backend-wrong',
    /InvalidChannelLayerError: Cannot import BACKEND .channels_redis\.core\.RedisLayer/,
  )
})

real('channel-layer-backend-wrong', 'a module that is nowhere, uvicorn, a package other than core', async () => {
  const { ask } = await serve({ server: 'uvicorn', package: 'backoffice', settings: layer('channels.layers.MemoryLayer') })
  const answer = await ask()
  expectCause(answer, 'channel-layer-backend-wrong', /Cannot import BACKEND .channels\.layers\.MemoryLayer/)
  expect(answer.diagnosis?.title).toContain('channels.layers.MemoryLayer')
})

real('channel-layer-config-wrong', 'hosts is one text, not a list', async () => {
  const { port } = await redis()
  const { ask } = await serve({ settings: layer(core, `{"hosts": "redis://127.0.0.1:${port}"}`) })
  expectCause(await ask(), 'channel-layer-config-wrong', 'ValueError: You must pass a list of Redis hosts, even if there is only one.')
})

real('channel-layer-config-wrong', 'a key that the backend does not take, environ, uvicorn', async () => {
  const { port } = await redis()
  const { ask } = await serve({ style: 'environ', server: 'uvicorn', settings: layer(core, `{"host": [("127.0.0.1", ${port})]}`) })
  expectCause(await ask(), 'channel-layer-config-wrong', /TypeError: .*unexpected keyword argument 'host'/)
})

real('layer-inmemory-multi-instance', 'two daphnes, each with a layer of its own', async () => {
  const { project, server, url, ask } = await serve()
  const second = await serveProject(project)
  const answer = await ask({ others: [urlOf(second.port)] })
  expectCause(answer, 'layer-inmemory-multi-instance', 'InMemoryChannelLayer', `daphne (PID ${server.pid})`, `daphne (PID ${second.pid})`)
  expect(answer.evidence).toContain(String(new URL(url).port))
})

real('layer-inmemory-multi-instance', 'uvicorn --workers 2', async () => {
  const { server, ask } = await serve({ server: 'uvicorn', args: ['--workers', '2'] })
  expectCause(await ask(), 'layer-inmemory-multi-instance', `uvicorn (PID ${server.pid}) has 2 workers`, '--workers 2')
})

real('layer-inmemory-multi-instance', 'hypercorn --workers 3, environ', async () => {
  const { ask } = await serve({ server: 'hypercorn', style: 'environ', args: ['--workers', '3'] })
  expectCause(await ask(), 'layer-inmemory-multi-instance', 'has 3 workers')
})

const ofDatabase = `
CHANNEL_LAYERS["default"]["CONFIG"]["hosts"][0]["db"] = int(config("REDIS_DB", default="0"))
`

real('layer-split', 'two daphnes with different REDIS_DB', async () => {
  const { port } = await redis()
  const { project, server, ask } = await serveOn(port, { settings: ofDatabase, env: { REDIS_DB: '1' } })
  const second = await serveProject(project, { env: { REDIS_DB: '2' } })
  const answer = await ask({ others: [urlOf(second.port)], env: { REDIS_DB: undefined } })
  expectCause(
    answer,
    'layer-split',
    `daphne (PID ${server.pid}) on port ${server.port}: REDIS_DB 1`,
    `daphne (PID ${second.pid}) on port ${second.port}: REDIS_DB 2`,
  )
})

real('layer-split', 'the second one has REDIS_PORT in its shell, the first one in .env', async () => {
  const [one, other] = [await redis(), await redis()]
  const { project, server, ask } = await serveOn(one.port, { server: 'uvicorn' })
  const second = await serveProject(project, { server: 'hypercorn', env: { REDIS_PORT: String(other.port) } })
  expectCause(await ask({ others: [urlOf(second.port)] }), 'layer-split', `PID ${server.pid}`, `REDIS_PORT ${other.port}`)
})

test('layer-inmemory-multi-instance: a task that sends over a layer in memory is a warning', async () => {
  const tasks = 'from celery import shared_task\n@shared_task\ndef tell(layer):\n    layer.group_send("updates", {"type": "tally"})\n'
  const consumer = `${openConsumer}\n    async def tally(self, event):\n        pass\n`
  const { ask } = await serve({ consumer, files: { 'backend/updates/tasks.py': tasks } })
  const answer = await ask()
  expect(answer).toMatchObject({ ok: true, status: 0 })
  expect(answer.warnings).toContain('layer-inmemory-multi-instance')
})

test('healthy: two daphnes on one Redis', async () => {
  const { port } = await redis()
  const { project, ask } = await serveOn(port)
  const second = await serveProject(project)
  expectHealthy(await ask({ others: [urlOf(second.port)] }))
})

test('healthy: two daphnes on one Redis, of which one has the same port in its shell', async () => {
  const { port } = await redis()
  const { project, ask } = await serveOn(port)
  const second = await serveProject(project, { env: { REDIS_PORT: String(port) } })
  expectHealthy(await ask({ others: [urlOf(second.port)] }))
})

test('healthy: no CHANNEL_LAYERS, and no consumer that uses one', async () => {
  const consumer = `
from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    async def receive_json(self, content):
        if content.get("type") == "ping":
            await self.send_json({"type": "pong"})
`
  const { ask } = await serve({ settings: 'del CHANNEL_LAYERS', consumer })
  expectHealthy(await ask())
})

test('healthy: --workers 1', async () => {
  const { ask } = await serve({ server: 'uvicorn', args: ['--workers', '1'] })
  expectHealthy(await ask())
})
