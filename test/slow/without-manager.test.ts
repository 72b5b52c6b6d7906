/** A project of Poetry or pipenv on a machine that has neither: what it asks for by name is installed, in the versions of its lock. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readdir, readFile, writeFile } from 'node:fs/promises'
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

const sources = '\n[tool.uv.sources]\nvote-tally = { workspace = true }\n'
const workspace = {
  'pyproject.toml': '[project]\nname = "all"\nversion = "1"\n[tool.uv.workspace]\nmembers = ["backend", "packages/*"]\n',
  'uv.lock': '[[package]]\nname = "django"\n[[package]]\nname = "channels"\n[[package]]\nname = "site"\nsource = { virtual = "backend" }\n',
  'packages/tally/pyproject.toml':
    '[project]\nname = "vote-tally"\nversion = "1"\n[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n[tool.setuptools]\npackages = ["vote_tally"]\n',
  'packages/tally/vote_tally/__init__.py': 'shares = 1\n',
}
const asking = (more: string) =>
  `[project]\nname = "site"\nversion = "1"\ndependencies = ["Django>=4.2,<6", "channels[daphne]>=4.2", "python-decouple>=3.8", "djangorestframework-simplejwt>=5.3"${more}]\n`

/** The root URLs import a member of the workspace, as the checks of every command of manage.py find out. */
async function withImport({ backend }: FreshProject): Promise<void> {
  const urls = join(backend, 'server', 'urls.py')
  await writeFile(urls, `import vote_tally\n${await readFile(urls, 'utf8')}`)
}

test('uv: members of the workspace are installed from their folders', { timeout: 240_000 }, async () => {
  project = await freshProject({
    requirements: [],
    files: { ...workspace, 'backend/pyproject.toml': `${asking(', "vote-tally"')}${sources}` },
  })
  await withImport(project)
  const port = String(await freePort('127.0.0.1'))
  cli = startCli(['start', '--setup', '--json', '--no-frontend', '--port', port], { cwd: project.root, env: installerEnvironment(false) })
  await cli.waitFor(/"event":"(?:ready|end)"/)
  const { stdout } = await cli.end('SIGINT')
  expect(stdout).toContain('-e packages/tally')
  expect(stdout).toMatch(/"event":"ready".*"state":"connected"/)
})

test('a member that nothing asks for: the failing migration is told as what is missing', { timeout: 240_000 }, async () => {
  project = await freshProject({ requirements: [], files: { ...workspace, 'backend/pyproject.toml': asking('') } })
  await withImport(project)
  cli = startCli(['start', '--setup', '--no-frontend'], { cwd: project.root, env: installerEnvironment(false) })
  const { status, stderr } = await cli.end()
  expect(status).toBe(1)
  expect(stderr).toContain("A module that the code imports isn't installed: vote_tally")
  expect(stderr).toContain('missing-dep')
  expect(stderr).toContain('backend/server/urls.py:1 imports it')
})
