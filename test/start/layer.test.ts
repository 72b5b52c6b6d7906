import { chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { startCli, runCli, type RunningCli } from '../support/cli.ts'
import { makeProject, type ProjectOptions, type TestProject } from '../support/project.ts'
import { freePort, startRedis, type RunningRedis, type RedisStart } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'

let project: TestProject | undefined
let redis: RunningRedis | undefined
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGTERM')
  await redis?.stop()
  redis = undefined
  await project?.remove()
})

const dotenvOf = (made: TestProject) => readFile(join(made.backend, '.env'), 'utf8')

/** Starts a project whose `.env` wants Redis at a server of the given kind; gives the banner and what came before it. */
async function startWith(
  server: RedisStart | undefined,
  lines: readonly string[] = [],
  options: ProjectOptions = {},
  args: readonly string[] = [],
): Promise<string> {
  redis = server === undefined ? undefined : await startRedis(server)
  const port = redis?.port ?? (await freePort('127.0.0.1'))
  project = await makeProject({ dotenv: ['USE_REDIS_FOR_CHANNELS=True', `REDIS_PORT=${port}`, ...lines], ...options })
  cli = startCli(['start', '--port', String(await freePort('127.0.0.1')), ...args], { cwd: project.root })
  await cli.waitFor(/Channels.*/)
  return cli.stdout()
}

test('wanted and usable: Redis', async () => {
  const text = await startWith({ config: ['requirepass right-and-long'], password: 'right-and-long' }, [
    `REDIS_PASSWORD=${secret('right-and-long')}`,
  ])
  expect(text).toContain('● connected')
  expect(text).toMatch(/Channels {3}Redis \d[\d.]+ at 127\.0\.0\.1:\d+/)
})

const unusable: [id: string, server: RedisStart | undefined, lines: readonly string[]][] = [
  ['redis-unreachable', undefined, []],
  ['redis-auth-required', { config: ['requirepass some-password'], password: 'some-password' }, []],
  [
    'redis-wrong-password',
    { config: ['requirepass some-password'], password: 'some-password' },
    [`REDIS_PASSWORD=${secret('not-that-one')}`],
  ],
  ['redis-no-bzpopmin', { config: ['rename-command BZPOPMIN ""'] }, []],
  ['redis-oom', { config: ['maxmemory 1', 'maxmemory-policy noeviction'] }, []],
  ['redis-too-old', { version: '3.2' }, []],
]
const inMemory = 'wanted and not usable (%s): in memory with one warning, .env stays'
test.each(unusable.filter((_, index) => index % 5 === 0 && index > 0))(inMemory, isInMemory)
test.each(unusable.filter((_, index) => index % 5 !== 0 || index === 0))(inMemory, { tags: ['slow'] }, isInMemory)

async function isInMemory(...[id, server, lines]: (typeof unusable)[number]): Promise<void> {
  const text = await startWith(server, lines)
  expect(text).toContain('● connected')
  expect(text).toMatch(/Channels {3}in memory/)
  expect(text.split(id).length - 1, `the warning ${id} once`).toBe(1)
  expect(await dotenvOf(project ?? (await makeProject()))).toContain('USE_REDIS_FOR_CHANNELS=True')
}

test.each([['--strict'], ['--channel-layer=redis']])('wanted and not usable with %s: an error, exit 1, nothing started', async (flag) => {
  project = await makeProject({ dotenv: ['USE_REDIS_FOR_CHANNELS=True', `REDIS_PORT=${await freePort('127.0.0.1')}`] })
  const before = await dotenvOf(project)
  const result = await runCli(['start', flag, '--port', String(await freePort('127.0.0.1'))], { cwd: project.root })
  expect(result.status).toBe(1)
  expect(result.stderr).toContain('redis-unreachable')
  expect(result.stdout).not.toContain('ready')
  expect(await dotenvOf(project)).toBe(before)
})

test('not wanted, and a usable one is there: said, not used; the missing key is written once', async () => {
  redis = await startRedis()
  project = await makeProject({ dotenv: [`REDIS_PORT=${redis.port}`] })
  const before = await dotenvOf(project)
  cli = startCli(['start', '--port', String(await freePort('127.0.0.1'))], { cwd: project.root })
  const [line] = await cli.waitFor(/Channels.*/)
  expect(line).toMatch(/in memory {3}Redis \d[\d.]+ is at 127\.0\.0\.1:\d+: --channel-layer redis uses it/)
  expect(await dotenvOf(project)).toBe(`${before}USE_REDIS_FOR_CHANNELS=False\n`)
})

test('the key is missing, and .env can not be written: said, and the server has the choice in its environment', async () => {
  project = await makeProject()
  const file = join(project.backend, '.env')
  await chmod(file, 0o444)
  cli = startCli(['start', '--port', String(await freePort('127.0.0.1'))], { cwd: project.root })
  await cli.waitFor(/Channels.*/)
  expect(cli.stdout()).toContain('● connected')
  expect(cli.stdout()).toMatch(/it is read-only\. The server gets USE_REDIS_FOR_CHANNELS=False in its environment/)
})

test('nothing chooses, and a .env that is not read would: said once', async () => {
  project = await makeProject({ files: { 'backend/updates/.env': 'USE_REDIS_FOR_CHANNELS=True\n' } })
  cli = startCli(['start', '--port', String(await freePort('127.0.0.1'))], { cwd: project.root })
  await cli.waitFor(/backend\/updates\/\.env isn't read: .*USE_REDIS_FOR_CHANNELS/)
  expect(cli.stdout().split('env-not-loaded')).toHaveLength(2)
})

test('a value that is no truth value is said, and taken as False', { tags: ['slow'] }, async () => {
  project = await makeProject({ dotenv: ['USE_REDIS_FOR_CHANNELS=ture'] })
  cli = startCli(['start', '--port', String(await freePort('127.0.0.1'))], { cwd: project.root })
  await cli.waitFor(/Channels.*/)
  expect(cli.stdout()).toContain('env-bool-typo')
  expect(cli.stdout()).toContain('● connected')
})

test(
  'settings that write their Redis out: where it is gone, its remedy starts one of the run’s own',
  { timeout: 60_000, tags: ['slow'] },
  async () => {
    const settings = `import os
SECRET_KEY = "of-no-worth-at-all-and-long-enough"
DEBUG = True
INSTALLED_APPS = ["channels", "updates"]
ROOT_URLCONF = "core.urls"
ASGI_APPLICATION = "core.asgi.application"
HOST = {"host": "127.0.0.1", "port": int(os.environ.get("REDIS_PORT", "1")), "socket_timeout": None}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [HOST]}}}
`
    project = await makeProject({ style: 'plain', files: { 'backend/core/settings.py': settings } })
    const args = ['--port', String(await freePort('127.0.0.1')), '--no-frontend']
    cli = startCli(['start', ...args, '--json'], { cwd: project.root })
    const [red] = await cli.waitFor(/.*"event":"ready".*\n/)
    await cli.end('SIGINT')
    const again = ['start', '--managed-redis', ...args]
    const commands = [['election-dev', ...again]]
    expect(JSON.parse(red)).toMatchObject({ websocket: { diagnosis: { id: 'redis-unreachable', remedy: { commands } } } })
    cli = startCli([...again, '--json'], { cwd: project.root })
    const [green] = await cli.waitFor(/.*"event":"ready".*\n/)
    expect(JSON.parse(green)).toMatchObject({ websocket: { state: 'connected', broadcast: { received: 2 } } })
  },
)

test('a fix ends no backend of a run that is up: it says what to do', { timeout: 60_000, tags: ['slow'] }, async () => {
  const port = await freePort('127.0.0.1')
  const hosts = `{"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [("127.0.0.1", int(os.environ.get("REDIS_PORT", "${port}")))]}}}`
  project = await makeProject({ style: 'plain', settings: `import os\nDATABASES = {}\nCHANNEL_LAYERS = ${hosts}\n` })
  const backend = String(await freePort('127.0.0.1'))
  cli = startCli(['start', '--port', backend], { cwd: project.root })
  await cli.waitFor(/● not connected {3}redis-unreachable/)
  const fixed = await runCli(['doctor', '--fix', '--yes', '--port', backend], { cwd: project.root })
  expect(fixed.stdout).toMatch(/Not fixed: a run of this project is up: end it .*election-dev stop\), then election-dev start --port \d+/)
  expect(cli.stdout()).not.toMatch(/restart|Stopping/)
  const { status } = await cli.end('SIGINT')
  expect(status).toBe(130)
})
