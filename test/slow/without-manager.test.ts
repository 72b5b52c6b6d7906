/** A project of Poetry or pipenv on a machine that has neither: what it asks for by name is installed, in the versions of its lock. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { startCli, type RunningCli } from '../support/cli.ts'
import { freshProject, installerEnvironment, type FreshProject } from '../support/fresh-project.ts'
import { freePort } from '../support/redis.ts'

let project: FreshProject | undefined
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGTERM')
  await project?.remove()
})

const rest = 'python-decouple = "^3.8"\ndjangorestframework-simplejwt = "^5.3"\n'
test.each<[string, Readonly<Record<string, string>>, RegExp]>([
  [
    'poetry',
    {
      'backend/pyproject.toml': `[tool.poetry]\nname = "votes"\nversion = "1"\npackage-mode = false\n\n[tool.poetry.dependencies]\npython = "^3.9"\nDjango = ">=4.2,<6"\nchannels = { version = "^4.2", extras = ["daphne"] }\n${rest}`,
      'backend/poetry.lock': '[[package]]\nname = "django"\nversion = "5.1.4"\n\n[[package]]\nname = "channels"\nversion = "4.2.0"\n',
    },
    /^(?:django-5\.1\.4|channels-4\.2\.0)\.dist-info$/,
  ],
  [
    'pipenv',
    {
      'backend/Pipfile': `[packages]\nDjango = "==5.1.4"\nchannels = {version = "==4.2.0", extras = ["daphne"]}\npython-decouple = "*"\ndjangorestframework-simplejwt = "~=5.3"\n`,
    },
    /^(?:django-5\.1\.4|channels-4\.2\.0)\.dist-info$/,
  ],
])('%s', { timeout: 240_000 }, async (tool, files, locked) => {
  project = await freshProject({ requirements: [], files })
  const { root, backend } = project
  const port = String(await freePort('127.0.0.1'))
  cli = startCli(['start', '--setup', '--json', '--no-frontend', '--port', port], { cwd: root, env: installerEnvironment(false) })
  await cli.waitFor(/"event":"(?:ready|end)"/)
  const { stdout } = await cli.end('SIGINT')
  expect(stdout).toContain(`${tool} isn't on the PATH: what the project asks for by name is installed`)
  expect(stdout).toMatch(/"event":"ready".*"state":"connected"/)
  const lib = join(backend, 'venv', 'lib')
  expect(existsSync(lib)).toBe(true)
  const [python = ''] = await readdir(lib)
  const installed = (await readdir(join(lib, python, 'site-packages')))
    .map((name) => name.toLowerCase())
    .filter((name) => locked.test(name))
  expect(installed).toHaveLength(2)
})
