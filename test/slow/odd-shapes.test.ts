/** Healthy projects in odd shapes on each server: proven, nothing alarmed by `start`, `verify` or `doctor`, no traceback in their logs. */
import { beforeAll, expect, test } from 'vitest'
import { runCli, startCli } from '../support/cli.ts'
import { fillOdd, oddProjects } from '../support/odd-projects.ts'
import { makeProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { prepareEnvironment } from '../support/tools.ts'

/** Each server with its environment; the two runservers are those of the `daphne` app and of Channels 3, which comes first in INSTALLED_APPS. */
const servers = [
  { title: 'daphne', server: 'daphne', environment: 'main' },
  { title: 'uvicorn', server: 'uvicorn', environment: 'main' },
  { title: 'hypercorn', server: 'hypercorn', environment: 'main' },
  { title: 'the runserver of daphne', server: 'runserver', environment: 'main', app: 'daphne' },
  { title: 'daphne 3', server: 'daphne', environment: 'channels3' },
  { title: 'the runserver of Channels 3', server: 'runserver', environment: 'channels3', app: 'channels' },
] as const
const usualApps = ['django.contrib.contenttypes', 'django.contrib.auth', 'channels', 'updates']

beforeAll(() => prepareEnvironment('channels3'), 180_000)

test.for(oddProjects.flatMap((odd) => servers.map((server) => [`${odd.title}, on ${server.title}`, odd, server] as const)))(
  '%s',
  { timeout: 60_000 },
  async ([, odd, { server, environment, ...own }], { onTestFinished }) => {
    const options = { ...odd.options, environment }
    const apps = options.installedApps ?? usualApps
    const project = await makeProject(
      'app' in own
        ? {
            ...options,
            installedApps: [own.app, ...apps.filter((app) => app !== own.app)],
            settings: `${options.settings ?? ''}\nSTATIC_URL = "static/"`,
          }
        : options,
    )
    onTestFinished(project.remove)
    await fillOdd(project, odd, environment)
    const port = String(await freePort('127.0.0.1'))
    const cli = startCli(['start', '--json', '--no-frontend', '--server', server, '--port', port], { cwd: project.root })
    onTestFinished(() => void cli.end('SIGTERM'))
    await cli.waitFor(/"event":"(?:ready|end)"/)
    for (const command of ['verify', 'doctor']) {
      const { status, stdout } = await runCli([command, '--json'], { cwd: project.root })
      expect(status, stdout).toBe(0)
    }
    const { status, stdout } = await cli.end('SIGINT')
    expect(status).toBe(130)
    const events = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
    const { websocket, routes } = events.find(({ event }) => event === 'ready')
    expect(websocket).toMatchObject({ state: 'connected', user: odd.user ?? null })
    expect(new URL(websocket.url).pathname).toMatch(odd.path)
    expect((routes ?? []).filter(({ state }: { state: string }) => state !== 'connected')).toEqual([])
    expect(events.filter(({ event }) => ['warning', 'diagnosis', 'error'].includes(event))).toEqual([])
    expect(stdout).not.toMatch(/Traceback|eyJ|sessionid=/)
  },
)
