import { afterEach, expect, test } from 'vitest'
import { startCli, type RunningCli } from '../support/cli.ts'
import { makeProject, type ProjectOptions, type TestProject } from '../support/project.ts'
import { freePort, startRedis } from '../support/redis.ts'
import { variants } from '../support/variants.ts'

let project: TestProject | undefined
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGTERM')
  await project?.remove()
})

/** A layer that a URL of the environment chooses, and no file. */
const redisUrlSettings = `
REDIS_URL = os.environ.get("REDIS_URL", "")
if REDIS_URL:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}]}}}
`

const withDaphne = ['daphne', 'django.contrib.contenttypes', 'django.contrib.auth', 'channels', 'updates']

const layouts: [name: string, options: ProjectOptions, server: string, more?: string[]][] = [
  ['the seed layout, decouple, daphne', {}, 'daphne'],
  ['uvicorn only', { style: 'plain', environment: 'uvicorn' }, 'uvicorn'],
  ['hypercorn only', { style: 'plain', environment: 'hypercorn' }, 'hypercorn'],
  ['the daphne app, which makes runserver speak ASGI', { installedApps: withDaphne }, 'daphne'],
  ['the same by runserver itself', { installedApps: withDaphne }, 'runserver (daphne)', ['--server', 'runserver']],
  ['plain os.environ, config.asgi', { style: 'plain', package: 'config', settings: redisUrlSettings }, 'daphne'],
  ['django-environ', { style: 'environ' }, 'daphne'],
]
variants(
  layouts,
  { title: '%s: starts with no configuration, green', quick: layouts.length - 2 },
  async (_, options, server, more = []) => {
    project = await makeProject(options)
    const port = await freePort('127.0.0.1')
    cli = startCli(['start', '--port', String(port), ...more], { cwd: project.root })
    const [banner] = await cli.waitFor(/ready in[\s\S]*Channels.*/)
    expect(banner).toContain('● connected')
    expect(banner).toContain(`ws://127.0.0.1:${port}/ws/election-updates/`)
    expect(banner).toContain(server)
    const { status } = await cli.end('SIGINT')
    expect(status).toBe(130)
  },
)

test('a layer that only REDIS_URL chooses is the settings own: a usable Redis is used and named', async () => {
  const redis = await startRedis()
  try {
    project = await makeProject({ style: 'plain', package: 'config', settings: redisUrlSettings })
    const port = await freePort('127.0.0.1')
    cli = startCli(['start', '--port', String(port)], { cwd: project.root, env: { REDIS_URL: `redis://127.0.0.1:${redis.port}/0` } })
    const [banner] = await cli.waitFor(/ready in[\s\S]*Channels.*/)
    expect(banner).toContain('● connected')
    expect(banner).toContain(
      `Channels   RedisChannelLayer at 127.0.0.1:${redis.port}   from the settings, whatever USE_REDIS_FOR_CHANNELS says`,
    )
    await cli.end('SIGINT')
  } finally {
    await redis.stop()
  }
})
