/** The Redis that the settings' layer names in every way that channels_redis takes, found and probed where it really is. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { ExaminationOf } from '../../src/facts/examination.ts'
import { layerEndpoint, layerRedis, showLayerHost } from '../../src/facts/layer-redis.ts'
import type { RedisEndpointFact } from '../../src/facts/redis-endpoint.ts'
import { look } from '../support/examine.ts'
import { listens } from '../support/processes.ts'
import { makeProject } from '../support/project.ts'
import { freePort, startRedis, until } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'
import { redisServer } from '../support/tools.ts'

const password = secret('pw-of-redis-4711')
const unset: RedisEndpointFact = {
  kind: 'endpoint',
  endpoint: { host: '127.0.0.1', port: 6379, db: 0, tls: false, source: 'default' },
}

async function settingsWith(hosts: string): Promise<ExaminationOf<'settings'>> {
  const layer = `CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [${hosts}]}}}`
  const project = await makeProject({ settings: layer })
  const seen = await look(project, { tell: ['settings'] })
  await project.remove()
  const settings = seen.get('settings')
  if (settings === undefined) throw new Error(JSON.stringify(seen.errorOf('settings')))
  expect(JSON.stringify(settings)).not.toContain(password)
  return settings
}

test.each([
  [`"redis://:${password}@h:6380/3"`, { host: 'h', port: 6380, db: 3, tls: false, password: true }],
  [`{"address": "redis://h:6380/3?db=5", "password": "${password}"}`, { host: 'h', port: 6380, db: 5, password: true }],
  ['"rediss://h"', { host: 'h', port: 6379, db: 0, tls: true, password: false }],
  ['("h", 6380)', { host: 'h', port: 6380, db: 0, password: false }],
  ['{"host": "h", "port": 6380, "db": 2, "ssl": True}', { host: 'h', port: 6380, db: 2, tls: true }],
  [`"unix://:${password}@/run/redis.sock?db=2"`, { socket: '/run/redis.sock', db: 2, password: true }],
  ['{"path": "/run/redis.sock"}', { socket: '/run/redis.sock', password: false }],
  [
    '{"sentinels": [("h", 26379), ["i", 26380]], "master_name": "m"}',
    {
      sentinels: [
        { host: 'h', port: 26379 },
        { host: 'i', port: 26380 },
      ],
      master: 'm',
    },
  ],
])('%s is told as what it is', async (hosts, expected) => {
  expect((await settingsWith(hosts)).layer_hosts).toEqual([expect.objectContaining(expected)])
})

test('a socket is probed through the socket, and a password that only the settings know keeps the probe from claiming anything', async () => {
  const redis = await startRedis({ unixSocket: true, config: [`requirepass ${password}`], password })
  onTestFinished(redis.stop)
  const settings = await settingsWith(`"unix://:${password}@${redis.socketPath ?? ''}"`)
  expect(await layerRedis(settings, unset, 3)).toBeUndefined()
  expect(await layerRedis(settings, { ...unset, endpoint: { ...unset.endpoint, password } }, 3)).toMatchObject({ usable: true })
  await redis.stop()
  const fact = await layerRedis(settings, unset, 3)
  expect(fact).toMatchObject({ usable: false, id: 'redis-unreachable' })
  expect(JSON.stringify(fact)).toContain('redis.sock')
  expect(JSON.stringify(fact)).not.toContain('6379')
})

test('the master is asked of the sentinels; where none of them tells, nothing is claimed', async () => {
  const redis = await startRedis()
  onTestFinished(redis.stop)
  const [port, nobody] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')]
  const folder = await mkdtemp(join(tmpdir(), 'sentinel-'))
  const file = join(folder, 'sentinel.conf')
  await writeFile(file, `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor m 127.0.0.1 ${redis.port} 1\n`)
  const sentinel = spawn((await redisServer('system')) ?? '', [file, '--sentinel'], { stdio: 'ignore' })
  const ended = once(sentinel, 'exit')
  onTestFinished(async () => {
    sentinel.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true })
  })
  await until(() => listens(port))
  const hosts = `[("127.0.0.1", ${nobody}), ("127.0.0.1", ${port})]`
  const settings = await settingsWith(`{"sentinels": ${hosts}, "master_name": "m"}`)
  expect(await layerEndpoint(settings, unset)).toMatchObject({ host: '127.0.0.1', port: redis.port })
  expect(await layerRedis(settings, unset, 3)).toMatchObject({ usable: true })
  const unknown = await settingsWith(`{"sentinels": ${hosts}, "master_name": "nobody"}`)
  expect(await layerEndpoint(unknown, unset)).toBeUndefined()
  expect(unknown.layer_hosts.map(showLayerHost)).toEqual([`the master nobody of 127.0.0.1:${nobody}, 127.0.0.1:${port}`])
})
