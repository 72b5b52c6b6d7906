import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { runCli, type RunningCli } from '../support/cli.ts'
import { exists } from '../../src/host/process-table.ts'
import { clearHome } from '../../src/run/home.ts'
import { until } from '../support/redis.ts'
import { makeStand, type Stand } from '../support/stand.ts'
import { redisServer } from '../support/tools.ts'

let stand: Stand | undefined

afterEach(async () => {
  await stand?.remove()
  stand = undefined
})

/** The events so far. */
function events(cli: RunningCli): Record<string, unknown>[] {
  return cli
    .stdout()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Record<string, unknown> => JSON.parse(line))
}

const script = (text: string) => [process.execPath, '-e', text]
const stays = 'setInterval(() => {}, 1000)'

test('services of the configuration and a Procfile run beside the backend, in the order of their needs, and end with it', async () => {
  stand = await makeStand({
    files: {
      'election-dev.config.json': JSON.stringify({
        dependsOn: ['mail'],
        services: {
          mail: { command: script(`setTimeout(() => console.log('mail is up'), 200); ${stays}`), ready: { log: 'mail is up' } },
          after: { command: script(`console.log('after the backend'); ${stays}`), dependsOn: ['backend'] },
        },
      }),
      // its `web` is the backend's own place
      Procfile: `web: daphne core.asgi:application\nrelease: python manage.py migrate\nworker: ${process.execPath} -e 'console.log("worker at work"); ${stays}'\n`,
    },
  })
  const cli = stand.start(['--json'])
  await cli.waitFor(/"event":"ready".*"state":"connected"/)
  await cli.waitFor(/after the backend/)
  await cli.waitFor(/worker at work/)
  const at = (pattern: RegExp) => cli.stdout().search(pattern)
  expect(at(/mail is up/)).toBeLessThan(at(/"service":"backend"/))
  expect(at(/Listening on TCP/)).toBeLessThan(at(/after the backend/))
  const ready = events(cli).find(({ event }) => event === 'ready')
  expect(ready?.['services']).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'mail', state: 'ready' }),
      expect.objectContaining({ name: 'worker', state: 'ready' }),
    ]),
  )
  const { status } = await cli.end('SIGINT')
  expect(status).toBe(130)
  await stand.expectNothingLeft()
})

test('a service that the backend needs and that fails is said, and nothing goes on', async () => {
  stand = await makeStand({
    files: {
      'election-dev.config.json': JSON.stringify({
        dependsOn: ['mail'],
        services: { mail: { command: script('process.exit(3)'), restart: 'no', ready: { log: 'up' } } },
      }),
    },
  })
  const { status, stderr } = await stand.start().end()
  expect(status).toBe(1)
  expect(stderr).toContain('dependency-failed')
  await stand.expectNothingLeft()
})

test('a service that is called as another one, or needs one that is not there, is a usage error', async () => {
  stand = await makeStand({
    files: { 'election-dev.config.json': JSON.stringify({ services: { mail: { command: 'true', dependsOn: ['mial'] } } }) },
  })
  const { status, stderr } = await stand.start().end()
  expect(status).toBe(2)
  expect(stderr).toMatch(/mial/)
})

test('--only starts what is named and what it needs, without the backend', async () => {
  stand = await makeStand({
    files: {
      'election-dev.config.json': JSON.stringify({
        services: { once: { command: script("console.log('done it')") }, other: { command: script(stays) } },
      }),
    },
  })
  const { status, stdout } = await stand.start(['--only', 'once', '--json']).end()
  expect(status).toBe(0)
  expect(stdout).toContain('done it')
  expect(stdout).not.toMatch(/"service":"backend"|"name":"other"/)
  await stand.expectNothingLeft()
})

test.each(['environment', 'project'])('--only without the backend asks for none of it: there is not even a(n) %s', async (missing) => {
  const services = { once: { command: script("console.log('done it')") }, after: { command: script(stays), dependsOn: ['backend'] } }
  stand = await makeStand({ environment: undefined, files: { 'election-dev.config.json': JSON.stringify({ services }) } })
  if (missing === 'project') await rm(join(stand.project.backend, 'manage.py'))
  const { status, stdout } = await stand.start(['--only', 'once', '--json']).end()
  expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining('done it') })
  expect(await stand.mark.processes()).toEqual([])
  // what needs the backend asks for what that needs
  const asked = await stand.start(['--only', 'after', '--json']).end()
  expect(asked.status).toBeGreaterThan(0)
  expect(asked.stdout).toContain(missing === 'project' ? 'manage.py' : 'venv-missing')
})

test('--managed-redis: a Redis of its own is the channel layer, its password is nowhere, and it ends with the run', async () => {
  const server = await redisServer('system')
  if (server === undefined) throw new Error('no redis-server can be had')
  stand = await makeStand()
  const cli = stand.start(['--managed-redis', '--json'], { PATH: `${join(server, '..')}:${process.env['PATH'] ?? ''}` })
  await cli.waitFor(/"event":"ready"/)
  const ready = events(cli).find(({ event }) => event === 'ready')
  expect(ready).toMatchObject({ channels: { layer: 'redis' }, websocket: { state: 'connected', broadcast: { sent: 2, received: 2 } } })
  const [, pid = ''] = /"name":"redis","kind":"redis","state":"ready","pid":(\d+)/.exec(cli.stdout()) ?? []
  const backend = /"name":"backend".*?"pid":(\d+)/.exec(cli.stdout())?.[1] ?? ''
  const password = /REDIS_PASSWORD=([^\0]+)/.exec(await readFile(`/proc/${backend}/environ`, 'utf8'))?.[1] ?? ''
  expect(password.length).toBeGreaterThan(20)
  expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(password)
  expect(`${cli.stdout()}${cli.stderr()}`).not.toContain(password)
  await cli.end('SIGINT')
  await stand.expectNothingLeft()
})

test('a launcher that is killed leaves nothing: not of its services, of its Redis, nor of what has left their sessions', async () => {
  const server = await redisServer('system')
  if (server === undefined) throw new Error('no redis-server can be had')
  const leaver = `require('child_process').spawn(process.execPath, ['-e', '${stays}'], {detached: true, stdio: 'ignore'}).unref(); console.log('left'); ${stays}`
  stand = await makeStand({
    files: {
      'election-dev.config.json': JSON.stringify({ services: { leaver: { command: script(leaver), ready: { log: 'left' } } } }),
    },
  })
  const cli = stand.start(['--managed-redis', '--no-observer', '--json'], { PATH: `${join(server, '..')}:${process.env['PATH'] ?? ''}` })
  await cli.waitFor(/"event":"ready"/)
  await cli.waitFor(/"name":"leaver","kind":"\w+","state":"ready"/)
  const { mark } = stand
  expect(await mark.unguarded()).toHaveLength(4)
  // Redis is given an environment of its own
  const redis = Number(/"name":"redis","kind":"redis","state":"ready","pid":(\d+)/.exec(cli.stdout())?.[1])
  expect(exists(redis)).toBe(true)
  await cli.end('SIGKILL')
  await until(async () => (await mark.processes()).length === 0 && !exists(redis))
  // what is left of it in files goes with the next run
  const next = stand.start()
  await next.waitFor(/ready in/)
  expect(await next.end('SIGINT')).toMatchObject({ status: 130 })
  await stand.expectNothingLeft()
})

test('--log-file has every line with its time, and --log-only prints one service', async () => {
  stand = await makeStand({
    files: {
      'election-dev.config.json': JSON.stringify({ services: { mail: { command: script(`console.log('a letter'); ${stays}`) } } }),
    },
  })
  const file = join(stand.project.root, '..', `${stand.port}.log`)
  const cli = stand.start(['--log-file', file, '--log-only', 'backend', '--timestamps'])
  await cli.waitFor(/\d\d:\d\d:\d\d\.\d{3} backend\s+│ .*Listening on TCP/)
  await until(async () => /mail\s+│ a letter/.test(await readFile(file, 'utf8').catch(() => '')))
  await cli.end('SIGINT')
  expect(cli.stdout()).not.toContain('a letter')
  expect(await readFile(file, 'utf8')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d backend\s+│ .*Listening on TCP/m)
  await writeFile(file, '')
})

test('a Redis of the run is started again in its folder, whatever else has cleared up there', { tags: ['slow'] }, async () => {
  const server = await redisServer('system')
  if (server === undefined) throw new Error('no redis-server can be had')
  stand = await makeStand()
  const { project, mark } = stand
  const env = { PATH: `${join(server, '..')}:${process.env['PATH'] ?? ''}` }
  const cli = stand.start(['--managed-redis', '--json'], env)
  await cli.waitFor(/"event":"ready".*"state":"connected"/)
  await clearHome(project.root)
  const restarted = await runCli(['restart', 'redis'], { cwd: project.root, env: { ...mark.env, ...env } })
  expect(restarted).toMatchObject({ status: 0, stdout: expect.stringContaining('● connected') })
  await cli.end('SIGINT')
  await stand.expectNothingLeft()
})
