/** The name by which this machine is asked follows ALLOWED_HOSTS. */
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { runCli, startCli, type RunningCli } from '../support/cli.ts'
import { freshProject, installerEnvironment, type FreshProject } from '../support/fresh-project.ts'
import { freePort } from '../support/redis.ts'
import { environmentFolder } from '../support/tools.ts'

let project: FreshProject | undefined
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGTERM')
  await project?.remove()
})

test('a project that allows localhost alone is proven there, by start, verify and doctor', { timeout: 60_000 }, async () => {
  const settings = 'from .base import *\n\nDEBUG = True\nALLOWED_HOSTS = ["localhost"]\n'
  project = await freshProject({ files: { 'backend/server/settings/dev.py': settings } })
  const { root, backend } = project
  await symlink(environmentFolder('main'), join(backend, 'venv'))
  await writeFile(join(backend, '.env'), 'SECRET_KEY=of-no-worth-at-all-and-long-enough\n')
  const port = String(await freePort('127.0.0.1'))
  const env = installerEnvironment(false)
  cli = startCli(['start', '--setup', '--json', '--no-frontend', '--port', port], { cwd: root, env })
  await cli.waitFor(/"event":"(?:ready|end)"/)
  for (const command of ['verify', 'doctor']) {
    const { status, stdout } = await runCli([command, '--json'], { cwd: root, env })
    expect(status, stdout).toBe(0)
    // the doctor names the address that it has come to
    expect(stdout).toMatch(new RegExp(`ws://(?:localhost|127.0.0.1):${port}/`))
    expect(stdout).toContain(`"origin":"http://localhost:${port}"`)
  }
  const { stdout } = await cli.end('SIGINT')
  expect(stdout).toMatch(new RegExp(`"event":"ready".*"url":"ws://localhost:${port}/[^"]*","state":"connected"`))
  expect(stdout).toContain(`"url":"http://localhost:${port}/"`)
  expect(stdout).not.toMatch(/allowed-hosts|origin-rejected/)
})
