import { afterEach, expect, test } from 'vitest'
import type { RunningCli } from '../support/cli.ts'
import { ending } from '../support/ends.ts'
import { startRedis } from '../support/redis.ts'
import { makeStand, type Stand } from '../support/stand.ts'

let stand: Stand | undefined
const { keep } = ending()

afterEach(async () => {
  await stand?.remove()
  stand = undefined
})

function eventsOf(cli: RunningCli, kind: string): Record<string, unknown>[] {
  return cli
    .stdout()
    .split('\n')
    .filter((line) => line.includes(`"event":"${kind}"`))
    .map((line): Record<string, unknown> => JSON.parse(line))
}

test('two instances with Redis: a broadcast of each reaches the other, and again after one of them was killed', async () => {
  const redis = keep(await startRedis())
  stand = await makeStand()
  const env = { USE_REDIS_FOR_CHANNELS: 'True', REDIS_PORT: String(redis.port) }
  const cli = stand.start(['--instances', '2', '--json'], env)
  await cli.waitFor(/"event":"ready"/)
  const [ready] = eventsOf(cli, 'ready')
  expect(ready).toMatchObject({ channels: { layer: 'redis' }, websocket: { state: 'connected' } })
  expect(ready?.['instances']).toEqual([expect.objectContaining({ text: expect.stringMatching(/broadcast.*arrived in \d+ ms/) })])
  const [, pid = ''] = /"name":"backend-2","kind":"backend","state":"ready","pid":(\d+)/.exec(cli.stdout()) ?? []
  process.kill(Number(pid), 'SIGKILL')
  await cli.waitFor(/"event":"restarted"[^\n]*arrived in \d+ ms/)
  const { status } = await cli.end('SIGINT')
  expect(status).toBe(130)
  await stand.expectNothingLeft()
})

test('with the in-memory layer it refuses, with the reason, before anything is started', async () => {
  stand = await makeStand()
  const { status, stderr, stdout } = await stand.start(['--instances', '2', '--channel-layer', 'memory']).end()
  expect(status).not.toBe(0)
  expect(stderr).toMatch(/layer-inmemory-multi-instance/)
  expect(stderr).toMatch(/--channel-layer redis|--managed-redis/)
  expect(stdout).not.toContain('Listening')
  await stand.expectNothingLeft()
})
