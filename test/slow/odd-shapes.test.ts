/** Healthy projects in odd shapes on each server: proven, nothing alarmed by `start`, `verify` or `doctor`, no traceback in their logs. */
import { expect, test } from 'vitest'
import { runCli, startCli } from '../support/cli.ts'
import { fillOdd, oddProjects } from '../support/odd-projects.ts'
import { makeProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'

const servers = ['daphne', 'uvicorn', 'hypercorn', 'runserver'] as const

test.for(oddProjects.flatMap((odd) => servers.map((server) => [`${odd.title}, on ${server}`, odd, server] as const)))(
  '%s',
  { timeout: 60_000 },
  async ([, odd, server], { onTestFinished }) => {
    const { options } = odd
    const installedApps = [
      'daphne',
      ...(options.installedApps ?? ['django.contrib.contenttypes', 'django.contrib.auth', 'channels', 'updates']),
    ]
    const project = await makeProject(
      server === 'runserver' ? { ...options, installedApps, settings: `${options.settings ?? ''}\nSTATIC_URL = "static/"` } : options,
    )
    onTestFinished(project.remove)
    await fillOdd(project, odd)
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
