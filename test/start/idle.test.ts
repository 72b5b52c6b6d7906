/** Sockets that get no message for longer than the client of Redis reads (5 s in redis-py 8): told before it strikes, fixed, and lived through. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runCli, startCli, type RunningCli } from '../support/cli.ts'
import { endOf } from '../support/idle.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort, startRedis } from '../support/redis.ts'

/** Twice the time that redis-py 8 reads, and a tick of daphne's. */
const idleMs = 12_000

interface Started {
  readonly project: TestProject
  readonly cli: RunningCli
  readonly port: number
  readonly redisPort: number
}

/** Settings that take longer than any look from outside: nothing but the serving process gets through them. */
const slowElsewhere = 'import sys, time\nif "twisted" not in sys.modules:\n    time.sleep(60)\n'

/** Starts a project whose layer has these hosts; `PORT` in them is that of a Redis. */
async function start(hosts: string, ...args: readonly string[]): Promise<Started> {
  return startWith('', hosts, ...args)
}

async function startWith(before: string, hosts: string, ...args: readonly string[]): Promise<Started> {
  const redis = await startRedis()
  onTestFinished(redis.stop)
  const config = `{"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [${hosts.replace('PORT', String(redis.port))}]}}`
  const project = await makeProject({ style: 'plain', settings: `${before}DATABASES = {}\nCHANNEL_LAYERS = {"default": ${config}}` })
  onTestFinished(project.remove)
  const port = await freePort('127.0.0.1')
  const cli = startCli(['start', '--json', '--no-frontend', '--port', String(port), ...args], { cwd: project.root })
  onTestFinished(async () => void (await cli.end('SIGTERM')))
  return { project, cli, port, redisPort: redis.port }
}

test('the hosts of the tutorial: named while the socket still lives, and by the end of the page’s', { timeout: 60_000 }, async () => {
  const { project, cli, port } = await start('("127.0.0.1", PORT)', '--no-watch')
  const [ready] = await cli.waitFor(/.*"event":"ready".*\n/)
  expect(JSON.parse(ready)).toMatchObject({ websocket: { state: 'not-connected', diagnosis: { id: 'redis-client-timeout' } } })
  const told = await runCli(['doctor', '--json', '--port', String(port)], { cwd: project.root })
  expect(told.status, told.stdout).toBe(1)
  expect(JSON.parse(told.stdout)).toMatchObject({ diagnosis: { id: 'redis-client-timeout' } })
  expect(await endOf(port, idleMs)).toBe(1011)
  await cli.waitFor(/"event":"warning","id":"redis-client-timeout".*Timeout reading from/)
  expect(cli.stdout()).not.toMatch(/consumer-exception|redis-unresponsive/)
})

test('--setup takes the limit away, and a socket lives on', { tags: ['slow'], timeout: 60_000 }, async () => {
  const { project, cli, port, redisPort } = await start('("127.0.0.1", PORT)', '--setup')
  const [ready] = await cli.waitFor(/.*"event":"ready".*\n/)
  expect(JSON.parse(ready)).toMatchObject({ websocket: { state: 'connected' } })
  expect(cli.stdout()).toContain('"event":"setup","cause":"redis-client-timeout"')
  expect(await readFile(join(project.backend, 'core', 'settings.py'), 'utf8')).toContain(
    `"hosts": [{"host": "127.0.0.1", "port": ${redisPort}, "socket_timeout": None}]`,
  )
  expect(await endOf(port, idleMs)).toBeUndefined()
})

test('it is named without another look at the project, which may take its time', { timeout: 60_000 }, async () => {
  const { cli } = await startWith(slowElsewhere, '("127.0.0.1", PORT)', '--no-watch')
  const [ready] = await cli.waitFor(/.*"event":"ready".*\n/)
  expect(JSON.parse(ready)).toMatchObject({
    websocket: {
      state: 'not-connected',
      diagnosis: {
        id: 'redis-client-timeout',
        evidence: [expect.stringContaining('after 5 s'), expect.stringContaining('redis 8')],
        // for the project's own interpreter
        remedy: { commands: [[expect.stringMatching(/venv.*python/), '-m', 'pip', 'install', expect.stringContaining('<8')]] },
      },
    },
  })
})
