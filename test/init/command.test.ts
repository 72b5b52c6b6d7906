import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { runCli, startCli, startOnTerminal, type RunningCli } from '../support/cli.ts'
import { oldScripts } from '../support/old-scripts.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'

let project: TestProject | undefined
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGTERM')
  cli = undefined
  await project?.remove()
})

const frontend = { 'frontend/package.json': '{"name": "page", "scripts": {"dev": "vite", "build": "vite build"}}\n', 'frontend/yarn.lock': '# yarn lockfile v1\n' }

/** The whole of a file below the project. */
async function text(name: string): Promise<string> {
  return readFile(join(project?.root ?? '', name), 'utf8')
}

test('the five old scripts become a configuration with which start does what they did', async () => {
  // a port that is free here, in the place of 8000
  const port = await freePort('127.0.0.1')
  const scripts = Object.fromEntries(Object.entries(oldScripts).map(([file, script]) => [file, script.replaceAll('-p 8000', `-p ${port}`)]))
  project = await makeProject({ files: { ...scripts, ...frontend, 'backend/requirements.txt': 'daphne\n' } })
  const result = await runCli(['init', '--yes', '--json'], { cwd: project.root })
  expect(result.stderr).toBe('')
  expect(result.status).toBe(0)
  const report = JSON.parse(result.stdout)
  expect(report).toMatchObject({ command: 'init', ok: true, written: true })
  const fromFour = ['start-services.ps1', 'start-services.bat', 'start.ps1', 'backend/start-server.ps1']
  for (const key of ['host', 'port', 'application', 'server']) {
    const taken = report.taken.find((each: { key: string }) => each.key === key)
    expect(taken.places.map(({ file }: { file: string }) => file)).toEqual(fromFour)
  }
  expect(report.taken.find((each: { key: string }) => each.key === 'host').note).toContain('network')
  expect(report.notes).toContainEqual({
    text: 'It ends processes by their name, whoever started them',
    place: { file: 'stop-services.ps1', line: 2 },
    hint: 'election-dev stop replaces it: it ends exactly what start has started.',
  })
  // what start finds by itself isn't repeated: daphne, core.asgi:application, frontend/, its script dev
  expect(JSON.parse(await text('election-dev.config.json'))).toEqual({ host: '0.0.0.0', port, env: { DJANGO_LOG_LEVEL: 'DEBUG' } })

  cli = startCli(['start', '--no-frontend', '--json'], { cwd: project.root })
  await cli.waitFor(/"event":"ready"/)
  const ready = JSON.parse(cli.stdout().split('\n').find((line) => line.includes('"event":"ready"')) ?? '')
  expect(ready).toMatchObject({ backend: { host: '0.0.0.0', port, server: 'daphne' } })
  const { status } = await cli.end('SIGINT')
  expect(status).toBe(130)
})
