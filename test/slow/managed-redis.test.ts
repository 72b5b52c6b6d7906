/** A Redis of the run's own where the settings write theirs out: by --setup alone, and not where one is there. */
import { afterEach, expect, test } from 'vitest'
import { listens } from '../support/processes.ts'
import { startRedis, until, type RunningRedis } from '../support/redis.ts'
import { makeStand, type Stand } from '../support/stand.ts'

let stand: Stand | undefined
let redis: RunningRedis | undefined

afterEach(async () => {
  await stand?.remove()
  await redis?.stop()
  redis = undefined
})

/** Nothing in them chooses a layer. */
const settings = (host: string) => `import os
SECRET_KEY = "of-no-worth-at-all-and-long-enough"
DEBUG = True
INSTALLED_APPS = ["channels", "updates"]
ROOT_URLCONF = "core.urls"
ASGI_APPLICATION = "core.asgi.application"
HOST = ${host}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [HOST]}}}
`

const at = (port: string) => `{"host": "127.0.0.1", "port": ${port}, "socket_timeout": None}`

async function ready(args: readonly string[], host: string): Promise<string> {
  stand = await makeStand({ files: { 'backend/core/settings.py': settings(host) } })
  const cli = stand.start([...args, '--json'])
  await until(async () => /"event":"(?:ready|end)"/.test(cli.stdout()), 60_000)
  const { stdout, status } = await cli.end('SIGINT')
  expect(status, stdout).toBe(130)
  expect(stdout).toMatch(/"event":"ready".*"state":"connected".*"broadcast":\{"sent":2,"received":2/)
  expect(await stand.mark.processes()).toEqual([])
  return stdout
}

test('--setup starts it, and says so', async () => {
  const stdout = await ready(['--setup'], at('int(os.environ.get("REDIS_PORT", "1"))'))
  expect(stdout).toContain('"command":"election-dev starts it with this run"')
  expect(stdout).toMatch(/"name":"redis","kind":"redis","state":"ready"/)
}, 90_000)

test.each([
  ['--setup', '{"address": os.environ.get("CHANNELS_URL", "redis://127.0.0.1:1/3"), "socket_timeout": None}'],
  ['--managed', '{"address": os.environ.get("CHANNELS_URL", "redis://redis:6379/0"), "socket_timeout": None}'],
  [
    '--managed-redis',
    '{"host": os.environ.get("LAYER_HOST", "redis"), "port": int(os.environ.get("LAYER_PORT", 6379)), "socket_timeout": None}',
  ],
])(
  'settings that come to it by variables of other names, and to a host of a compose file without them: %s',
  { timeout: 90_000 },
  async (flag, host) => {
    const stdout = await ready([flag], host)
    expect(stdout).toMatch(/"name":"redis","kind":"redis","state":"ready"/)
  },
)

test.runIf(!(await listens(6379)))(
  '--managed-redis uses the one that is where alone the settings look',
  async () => {
    redis = await startRedis({ port: 6379 })
    const stdout = await ready(['--managed-redis'], at('6379'))
    expect(stdout).toContain('the Redis at 127.0.0.1:6379 is there, and used')
    expect(stdout).not.toContain('"kind":"redis"')
    // whose it is goes on with it
    expect(await listens(6379)).toBe(true)
  },
  90_000,
)
