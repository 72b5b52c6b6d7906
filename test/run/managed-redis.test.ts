import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { findRedisPrograms } from '../../src/facts/redis-programs.ts'
import type { Host } from '../../src/host/host.ts'
import { prepareManagedRedis } from '../../src/run/managed-redis.ts'
import { markEach } from '../support/ends.ts'
import { filesIn } from '../support/files.ts'
import { listens, testHost } from '../support/processes.ts'
import { startRedis } from '../support/redis.ts'
import { record, supervised } from '../support/services.ts'
import { pythonOf, redisServer } from '../support/tools.ts'

const run = promisify(execFile)
const mark = markEach()

const hostWith = (path: string): Host => ({ ...testHost, env: { ...mark().env, PATH: path } })
const never = new AbortController().signal

/** What a backend does with the variables: its channel layer sends to a group and receives. */
const groupSend = `
import asyncio, os
from channels_redis.core import RedisChannelLayer
layer = RedisChannelLayer(hosts=[{"host": os.environ["REDIS_HOST"], "port": int(os.environ["REDIS_PORT"]), "password": os.environ.get("REDIS_PASSWORD") or None}])
async def main():
    name = await layer.new_channel()
    await layer.group_add("updates", name)
    await layer.group_send("updates", {"type": "vote"})
    print((await asyncio.wait_for(layer.receive(name), 5))["type"])
    await layer.close_pools()
asyncio.run(main())
`

test.each([
  [['REDIS_HOST', 'REDIS_PORT', 'REDIS_PASSWORD'], true],
  [['REDIS_HOST', 'REDIS_PORT'], false],
])('a real one for settings that read %j: a group gets its message, and nothing is left', async (variables, hasPassword) => {
  await redisServer('system')
  const host = hostWith(process.env['PATH'] ?? '')
  const programs = await findRedisPrograms(host, [])
  const redis = await prepareManagedRedis(host, {
    programs,
    variables: new Set(variables),
    place: {},
    layerVariable: 'USE',
    stopTimeoutMs: 5000,
  })
  const told = record()
  const services = supervised([redis.service], told.events, never)
  try {
    expect(await services.wait('redis')).toBe('ready')
    expect(redis.environment['USE']).toBe('True')
    const env = { ...process.env, ...redis.environment }
    expect((await run(pythonOf('main'), ['-c', groupSend], { env })).stdout).toBe('vote\n')
    const pid = services.statuses[0]?.pid ?? 0
    const argv = await run('ps', ['-o', 'args=', '-p', String(pid)])
    expect(argv.stdout).toContain('redis-server')
    const { password } = redis.endpoint
    expect(password !== undefined).toBe(hasPassword)
    if (password !== undefined) {
      expect(argv.stdout).not.toContain(password)
      expect(JSON.stringify([told.lines(), services.statuses])).not.toContain(password)
      expect(testHost.secrets.mask(password)).toBe('***')
      const without = { ...env, REDIS_PASSWORD: '' }
      await expect(run(pythonOf('main'), ['-c', groupSend], { env: without })).rejects.toThrow(
        /Authentication required|already authenticated/,
      )
    }
  } finally {
    await services.stop()
    expect(existsSync(redis.service.cwd)).toBe(true)
    await redis.remove()
  }
  expect(await listens(redis.endpoint.port)).toBe(false)
  expect(existsSync(redis.service.cwd)).toBe(false)
})

test('without a redis-server the compose service is run by docker, and its container taken away', async () => {
  // stands for docker: says what it was asked, and runs a real server where it was asked to
  const real = (await redisServer('system')) ?? ''
  const root = await filesIn({
    'bin/docker': `#!/bin/sh
echo "$@" >> "$(dirname "$0")/asked"
case "$1 $2" in
"compose version") echo v2 ;;
"info --format") echo 27.0 ;;
"compose -f") port=\${11#127.0.0.1:}; port=\${port%:6379}; sed "s/^port .*/port $port/; s/^bind .*/bind 127.0.0.1/" | exec ${real} - ;;
esac
`,
    'project/docker-compose.yml': 'services:\n  cache:\n    image: redis:7\n',
  })
  await chmod(join(root, 'bin/docker'), 0o755)
  const host = hostWith(`${join(root, 'bin')}:${join(root, 'tools')}`)
  const { symlink, mkdir } = await import('node:fs/promises')
  await mkdir(join(root, 'tools'))
  for (const tool of ['sh', 'dirname', 'sed']) await symlink((await run('which', [tool])).stdout.trim(), join(root, 'tools', tool))
  const programs = await findRedisPrograms(host, [join(root, 'project')])
  expect(programs).toMatchObject({ server: undefined, compose: { service: 'cache' }, docker: { state: 'ready' } })
  const redis = await prepareManagedRedis(host, {
    programs,
    variables: new Set(['REDIS_PORT']),
    place: {},
    layerVariable: undefined,
    stopTimeoutMs: 5000,
  })
  const services = supervised([redis.service], record().events, never)
  try {
    expect(await services.wait('redis')).toBe('ready')
  } finally {
    await services.stop()
    await redis.remove()
  }
  expect((await readFile(join(root, 'bin/asked'), 'utf8')).split('\n').at(-2)).toBe(`rm --force election-dev-redis-${redis.endpoint.port}`)
})

test('settings that know 6379 alone get no other port, and are told where it is held', async () => {
  const held = await startRedis({ port: 6379 }).catch(() => undefined)
  const programs = await findRedisPrograms(hostWith(process.env['PATH'] ?? ''), [])
  const preparing = prepareManagedRedis(testHost, {
    programs,
    variables: new Set(),
    place: {},
    layerVariable: undefined,
    stopTimeoutMs: 5000,
  })
  await expect(preparing).rejects.toThrow(/no variable for the port of their Redis, and 6379 is held/)
  await held?.stop()
})
