/** `start --instances`: several backends, and the proof that a broadcast crosses between them. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi, type TestContext } from 'vitest'
import type { RunningCli } from '../support/cli.ts'
import { listens } from '../support/processes.ts'
import type { ProjectOptions } from '../support/project.ts'
import { freePort, startRedis, until, type RunningRedis } from '../support/redis.ts'
import { makeStand, type Stand } from '../support/stand.ts'
import { variants } from '../support/variants.ts'

vi.setConfig({ testTimeout: 60_000 })

/** With redis-py 8 a socket that is idle for 5 s ends. */
async function standOf({ onTestFinished }: TestContext, options: ProjectOptions = {}): Promise<Stand> {
  const stand = await makeStand({ environment: 'redisPy5', ...options, settings: `DATABASES = {}\n${options.settings ?? ''}` })
  onTestFinished(stand.remove)
  return stand
}

async function redisFor({ onTestFinished }: TestContext): Promise<RunningRedis> {
  const redis = await startRedis()
  onTestFinished(redis.stop)
  return redis
}

type Event = Readonly<Record<string, unknown>>

/** The events so far that have all of this. */
function events(cli: RunningCli, wanted: Event): Event[] {
  return cli
    .stdout()
    .split('\n')
    .flatMap((line): Event[] => (line.startsWith('{') ? [JSON.parse(line)] : []))
    .filter((event) => Object.entries(wanted).every(([key, value]) => event[key] === value))
}

const crossed = /^a broadcast from :\d+ arrived in \d+ ms, one to it in \d+ ms$/

test('two on one Redis: the broadcast crosses; so it does again after a crash and after a reload; all of it ends', async (context) => {
  const stand = await standOf(context)
  const redis = await redisFor(context)
  const cli = stand.start(['--instances', '2', '--channel-layer', 'redis', '--reload', '--json', '--verbose'], {
    REDIS_PORT: String(redis.port),
  })
  await cli.waitFor(/"event":"ready"/)
  const [ready] = events(cli, { event: 'ready' })
  expect(ready?.['instances']).toEqual([
    {
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/),
      pid: expect.any(Number),
      state: 'ready',
      text: expect.stringMatching(crossed),
    },
  ])
  const [{ url = '', pid = 0 } = {}]: { url?: string; pid?: number }[] = JSON.parse(JSON.stringify(ready?.['instances']))
  const further = Number(new URL(url).port)
  expect(await listens(further)).toBe(true)
  expect(events(cli, { event: 'service', name: 'backend-2', state: 'ready' }).at(-1)?.['why']).toMatch(crossed)

  // the groups of the proof are left again
  const groups = async () => JSON.stringify(await redis.command('KEYS', '*group*'))
  await until(async () => (await groups()) === '["asgi:group:updates"]')

  process.kill(pid, 'SIGKILL')
  await cli.waitFor(/"event":"diagnosis".*"title":"backend-2: /)
  await cli.waitFor(/"event":"restarted","why":"backend-2: it ended/)
  const [back] = events(cli, { event: 'restarted' })
  expect(back).toMatchObject({ note: expect.stringMatching(crossed), websocket: { state: 'connected' } })
  expect(back?.['websocket']).toMatchObject({ url: expect.stringContaining(`:${further}/`) })
  expect(events(cli, { event: 'service', name: 'backend-2', state: 'ready' }).at(-1)).toMatchObject({ restarts: 1, url })

  await cli.waitFor(/watching backend for changes/)
  const file = join(stand.project.backend, 'updates', 'consumers.py')
  await writeFile(file, `${await readFile(file, 'utf8')}\n# saved\n`)
  await until(async () => events(cli, { event: 'restarted' }).length === 3, 30_000)
  const again = events(cli, { event: 'restarted' }).slice(1)
  expect(again.map(({ why }) => why).toSorted()).toEqual(['backend-2: updates/consumers.py changed', 'updates/consumers.py changed'])
  const proven = () =>
    events(cli, { event: 'service', name: 'backend-2', state: 'ready', restarts: 2 }).some(({ why }) => crossed.test(String(why)))
  await until(async () => proven(), 10_000)

  const { status } = await cli.end('SIGINT')
  expect(status).toBe(130)
  expect(await stand.mark.processes()).toEqual([])
  expect([await listens(stand.port), await listens(further)]).toEqual([false, false])
})

test('the banner has a line for each, and a layer that only seems to be shared is found out', { tags: ['slow'] }, async (context) => {
  const layers = 'from channels.layers import InMemoryChannelLayer\n\nclass Layer(InMemoryChannelLayer):\n    pass\n'
  const stand = await standOf(context, {
    settings: 'CHANNEL_LAYERS = {"default": {"BACKEND": "updates.layers.Layer"}}',
    files: { 'backend/updates/layers.py': layers },
  })
  // no variable has a say: the settings are asked
  const settings = join(stand.project.backend, 'core', 'settings.py')
  await writeFile(settings, (await readFile(settings, 'utf8')).replace('USE_REDIS_FOR_CHANNELS', 'NOBODY_SETS_THIS'))
  const cli = stand.start(['--instances', '3'])
  await cli.waitFor(/ {3,}layer-split\n[\s\S]* {3,}layer-split\n/)
  const { stdout } = await cli.end('SIGTERM')
  const rows = stdout
    .split('\n')
    .filter((line) => /^ {2}➜ {2,}http:.*do not share a channel layer.*layer-split$/.test(line.replace(/Backend/, '')))
  expect(rows).toHaveLength(2)
  expect(stdout).toMatch(/0 of 1 arrived[\s\S]*Each instance works by itself[\s\S]*The channel layer is updates\.layers\.Layer/)
  await stand.expectNothingLeft()
})

const fixed = (backend: string) => `CHANNEL_LAYERS = {"default": {"BACKEND": "${backend}"}}`

const unshared: [name: string, options: ProjectOptions, args: readonly string[], said: RegExp][] = [
  [
    '--channel-layer memory',
    {},
    ['--channel-layer', 'memory'],
    /layer-inmemory-multi-instance[\s\S]*because of --instances[\s\S]*--managed-redis/,
  ],
  [
    'settings that keep the layer in memory, whatever the variable says',
    { settings: fixed('channels.layers.InMemoryChannelLayer') },
    ['--channel-layer', 'redis'],
    /layer-inmemory-multi-instance[\s\S]*CHANNEL_LAYERS is channels\.layers\.InMemoryChannelLayer: backend\/core\/settings\.py:\d+\n/,
  ],
  [
    'settings without a layer',
    { settings: 'del CHANNEL_LAYERS' },
    ['--channel-layer', 'redis'],
    /channel-layer-unset[\s\S]*no CHANNEL_LAYERS/,
  ],
]
variants(unshared, { title: 'refused, and nothing is started: %s', quick: 2 }, async (_, options, args, said) => {
  const redis = await startRedis()
  const stand = await makeStand(options)
  try {
    const cli = stand.start(['--instances', '2', ...args], { REDIS_PORT: String(redis.port) })
    const { stdout, stderr, status } = await cli.end()
    expect(stderr).toMatch(said)
    expect(stdout).not.toContain('Starting server')
    expect(status).toBe(1)
  } finally {
    await stand.remove()
    await redis.stop()
  }
})

test('refused: no Redis answers; with --strict-port, a port above is held', { tags: ['slow'] }, async (context) => {
  const stand = await standOf(context)
  const without = await stand.start(['--instances', '2'], { REDIS_PORT: String(await freePort('127.0.0.1')) }).end()
  expect(without.stderr).toMatch(/redis-unreachable[\s\S]*2 instances, because of --instances/)
  expect(without.status).toBe(1)
  const holder = await startRedis({ port: stand.port + 1 })
  context.onTestFinished(holder.stop)
  const strict = await stand.start(['--instances', '2', '--strict-port'], { REDIS_PORT: String(holder.port) }).end()
  expect(strict.stderr).toMatch(new RegExp(`Port ${stand.port + 1} is held, which 2 instances need`))
  expect(strict.status).toBe(1)
})
