import { afterEach, expect, test } from 'vitest'
import { startCli, type RunningCli } from '../support/cli.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'

let project: TestProject | undefined
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGTERM')
  await project?.remove()
})

test.each([
  ['the seed layout, decouple, daphne', {}, 'daphne'],
  ['plain os.environ, config.asgi', { style: 'plain', package: 'config' } as const, 'daphne'],
  ['django-environ', { style: 'environ' } as const, 'daphne'],
  ['uvicorn only', { style: 'plain', environment: 'uvicorn' } as const, 'uvicorn'],
  ['hypercorn only', { style: 'plain', environment: 'hypercorn' } as const, 'hypercorn'],
])('%s: starts with no configuration, green', async (_, options, server) => {
  project = await makeProject(options)
  const port = await freePort('127.0.0.1')
  cli = startCli(['start', '--port', String(port)], { cwd: project.root })
  const [banner] = await cli.waitFor(/ready in[\s\S]*Channels.*/)
  expect(banner).toContain('● connected')
  expect(banner).toContain(`ws://127.0.0.1:${port}/ws/election-updates/`)
  expect(banner).toContain(server)
  const { status } = await cli.end('SIGINT')
  expect(status).toBe(130)
})
