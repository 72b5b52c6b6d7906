/** A Redis that can't be reached, or that doesn't let the project in: real servers, and a real project that asks for them. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { doctor, real } from '../support/doctor.ts'
import { makeProject } from '../support/project.ts'
import { freePort, standIn, until } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'
import { selfSigned, startProgram } from '../support/servers.ts'
import { expectCause, expectHealthy, hidingConsumer, redis, serve, serveOn, urlOf } from '../support/store.ts'
import { tokenOf } from '../support/tokens.ts'
import { basePython } from '../support/tools.ts'

const password = secret('vQ4-mJ7xN2wL')
const wrong = secret('hB9-tR3kZ6yD')
const asksForIt = /^USE_REDIS_FOR_CHANNELS=True in backend\/\.env:\d+ asks for this Redis$/m

real('redis-unreachable', 'nothing listens on REDIS_PORT', async () => {
  const port = await freePort('127.0.0.1')
  const { ask } = await serveOn(port)
  expectCause(await ask(), 'redis-unreachable', `connect ECONNREFUSED 127.0.0.1:${port}`, `REDIS_PORT in backend/.env:`, asksForIt, '500')
})

real('redis-unreachable', 'behind an except that answers 403, with a good token, uvicorn', async () => {
  const [port, key] = [await freePort('127.0.0.1'), secret()]
  const { ask } = await serveOn(port, { server: 'uvicorn', consumer: hidingConsumer, settings: `SECRET_KEY = "${key}"` })
  const answer = await ask({ token: tokenOf({ voter: 7 }, key) })
  expectCause(answer, 'redis-unreachable', `connect ECONNREFUSED 127.0.0.1:${port}`, /403.*hides the error behind a refusal/)
})

real('redis-unreachable', 'a name that nobody resolves, django-environ, a package other than core, hypercorn', async () => {
  const { ask } = await serveOn(6379, {
    server: 'hypercorn',
    style: 'environ',
    package: 'backoffice',
    dotenv: ['REDIS_HOST=redis.invalid'],
  })
  expectCause(await ask(), 'redis-unreachable', 'redis.invalid', /ENOTFOUND|EAI_AGAIN|no connection/)
})

real('redis-unreachable', 'a Redis URL in the settings themselves', async () => {
  const port = await freePort('127.0.0.1')
  const layer = `{"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": ["redis://127.0.0.1:${port}/1"]}}}`
  const { ask } = await serve({ settings: `CHANNEL_LAYERS = ${layer}` })
  expectCause(await ask(), 'redis-unreachable', `connect ECONNREFUSED 127.0.0.1:${port}`, 'CHANNEL_LAYERS')
})

real('redis-unresponsive', 'a Redis that is stopped (SIGSTOP)', async () => {
  const server = await redis()
  process.kill(server.pid, 'SIGSTOP')
  const { ask } = await serveOn(server.port)
  expectCause(await ask(), 'redis-unresponsive', `127.0.0.1:${server.port} took the connection and answered nothing to PING`, asksForIt)
})

real('redis-auth-required', 'requirepass, and the settings have no password', async () => {
  const { port } = await redis({ config: [`requirepass ${password}`], password })
  const { ask } = await serveOn(port)
  expectCause(await ask(), 'redis-auth-required', 'NOAUTH Authentication required', asksForIt)
})

real('redis-auth-required', "REDIS_PASSWORD is there, and the settings don't hand it on", async () => {
  const { port } = await redis({ config: [`requirepass ${password}`], password })
  const layer = `{"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [("127.0.0.1", ${port})]}}}`
  const { ask } = await serveOn(port, { server: 'uvicorn', dotenv: [`REDIS_PASSWORD=${password}`], settings: `CHANNEL_LAYERS = ${layer}` })
  expectCause(await ask(), 'redis-auth-required', 'NOAUTH Authentication required')
})

real('redis-wrong-password', 'REDIS_PASSWORD is another one, settings read from the environment', async () => {
  const { port } = await redis({ config: [`requirepass ${password}`], password })
  const { ask } = await serveOn(port, { style: 'plain', env: { REDIS_PASSWORD: wrong } })
  expectCause(await ask(), 'redis-wrong-password', /WRONGPASS .* to HELLO/)
})

real('redis-wrong-password', 'Redis 5, which has other words for it', async () => {
  const { port } = await redis({ version: '5.0', config: [`requirepass ${password}`], password })
  const { ask } = await serveOn(port, { environment: 'redisPy5', dotenv: [`REDIS_PASSWORD=${wrong}`] })
  expectCause(await ask(), 'redis-wrong-password', /invalid password.* to AUTH/)
})

real('redis-unexpected-password', 'REDIS_PASSWORD is set, and Redis has none', async () => {
  const { port } = await redis()
  const { ask } = await serveOn(port, { environment: 'redisPy5', dotenv: [`REDIS_PASSWORD=${password}`] })
  expectCause(await ask(), 'redis-unexpected-password', 'to AUTH', 'without a password it answers `PONG` to PING')
})

real('redis-not-redis', 'an HTTP server on REDIS_PORT', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'not-redis-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const web = await startProgram(basePython(), (port) => ['-m', 'http.server', '--bind', '127.0.0.1', String(port)], { cwd: folder })
  onTestFinished(web.stop)
  const { ask } = await serveOn(web.port)
  expectCause(await ask(), 'redis-not-redis', `127.0.0.1:${web.port} answered`, 'which is no Redis protocol')
})

real('redis-tls', "Redis speaks TLS, and the settings don't", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'redis-tls-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const { port } = await redis({ tls: { ...(await selfSigned(folder)), clients: 'no' } })
  const { ask } = await serveOn(port)
  expectCause(await ask(), 'redis-tls', 'ends a plain connection without an answer to PING', /after a TLS handshake .* answered `PONG`/)
})

real('redis-tls', 'the settings want TLS (rediss://), and Redis speaks none', async () => {
  const { port } = await redis()
  const layer = `{"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": ["rediss://127.0.0.1:${port}/0"]}}}`
  const { ask } = await serve({ settings: `CHANNEL_LAYERS = ${layer}` })
  expectCause(await ask(), 'redis-tls', 'CHANNEL_LAYERS asks for TLS', /without TLS .* answered `PONG` to PING/)
})

real('redis-maxclients', 'every connection is taken', async () => {
  const server = await redis({ config: ['maxclients 1'] })
  await until(async () => {
    const holder = connect({ host: server.host, port: server.port })
    holder.on('error', () => {})
    onTestFinished(() => void holder.destroy())
    holder.write('PING\r\n')
    const [answer] = (await once(holder, 'data')) as [Buffer]
    return answer.toString().includes('PONG')
  })
  const { ask } = await serveOn(server.port)
  expectCause(await ask(), 'redis-maxclients', 'ERR max number of clients reached', asksForIt)
})

real('redis-protected-mode', 'a stand-in: a real Redis is never protected from loopback', async () => {
  const text =
    '-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user.\r\n'
  const server = await standIn((socket) => socket.end(text))
  onTestFinished(server.stop)
  const { ask } = await serveOn(server.port)
  expectCause(await ask(), 'redis-protected-mode', 'DENIED Redis is running in protected mode', asksForIt)
})

/** The hosts as the tutorial of Channels has them. */
const plainHosts = (port: number) =>
  `CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [("127.0.0.1", ${port})]}}}`

real('redis-client-timeout', 'redis-py 8 and the hosts of the tutorial, while nothing runs', async () => {
  const { port } = await redis()
  const project = await makeProject({ style: 'plain', settings: plainHosts(port) })
  onTestFinished(project.remove)
  const answer = await doctor(project.root, { url: urlOf(await freePort('127.0.0.1')) })
  expectCause(
    answer,
    'redis-client-timeout',
    'stops reading after 5 s (socket_timeout), and the layer waits 5 s',
    /redis 8\.\d.* and channels-redis 4/,
  )
  expect(answer.diagnosis?.remedy.commands).toEqual([['backend/venv/bin/python', '-m', 'pip', 'install', 'redis<8']])
})

test('redis-client-timeout: beside a socket that lives it is a warning', async () => {
  const { port } = await redis()
  const { ask } = await serve({ settings: plainHosts(port) })
  const answer = await ask()
  expect([answer.state, answer.warnings], answer.evidence).toEqual(['healthy', ['redis-client-timeout']])
})

test('redis-client-timeout: redis-py 5 has no limit of its own', async () => {
  const { port } = await redis()
  const { ask } = await serve({ settings: plainHosts(port), environment: 'redisPy5' })
  expectHealthy(await ask())
})

test('healthy: Redis with the right password', async () => {
  const { port } = await redis({ config: [`requirepass ${password}`], password })
  const { ask } = await serveOn(port, { dotenv: [`REDIS_PASSWORD=${password}`] })
  expectHealthy(await ask())
})

test('healthy: nothing listens where Redis would be, and the layer is in memory', async () => {
  const { ask } = await serve({ dotenv: ['USE_REDIS_FOR_CHANNELS=False', `REDIS_PORT=${await freePort('127.0.0.1')}`] })
  const answer = await ask()
  expectHealthy(answer)
  expect(answer.findings.find(({ id }) => id === 'redis-unreachable')?.status).toBe('skip')
})

test('healthy: a password for a Redis that has none, which HELLO of redis-py 8 passes over', async () => {
  const { port } = await redis()
  const { ask } = await serveOn(port, { dotenv: [`REDIS_PASSWORD=${password}`] })
  expectHealthy(await ask())
})

test('healthy: the password stands in the settings alone', async () => {
  const { port } = await redis({ config: [`requirepass ${password}`], password })
  const layer = `{"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": ["redis://:${password}@127.0.0.1:${port}/0?socket_timeout=3600"]}}}`
  const { ask } = await serve({ settings: `CHANNEL_LAYERS = ${layer}`, server: 'uvicorn' })
  expectHealthy(await ask())
})
