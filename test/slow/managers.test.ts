/** The tools that keep a project's environment by themselves: each installs what its lock has, and adds what the code imports and nobody asks for. */
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { typed } from '../../src/host/shell.ts'
import { environmentIn } from '../support/checkout-run.ts'
import { pipsIndex } from '../support/checkouts.ts'
import { runCli, startCli, type RunningCli } from '../support/cli.ts'
import { freshProject, type FreshProject } from '../support/fresh-project.ts'
import { freePort } from '../support/redis.ts'
import { run } from '../support/tools.ts'

let project: FreshProject | undefined
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGTERM')
  await project?.remove()
})

// without python-decouple, which the settings import
const wanted = ['Django>=4.2,<6', 'channels~=4.2', 'daphne~=4.1', 'djangorestframework-simplejwt~=5.3', 'setuptools<81']
const standard = `[project]
name = "votes"
version = "0.1.0"
requires-python = ">=3.9"
dependencies = ${JSON.stringify(wanted)}
`
const parts = wanted.map((line) => /^([\w-]+)(.*)$/.exec(line)).flatMap((match) => (match === null ? [] : [[match[1], match[2]] as const]))
const table = parts.map(([name, version]) => `${name} = "${version}"\n`).join('')

const tools = [
  { tool: 'uv', name: 'pyproject.toml', text: standard, lock: 'uv lock', install: 'uv sync', add: 'uv add' },
  {
    tool: 'poetry',
    name: 'pyproject.toml',
    text: `[tool.poetry]\nname = "votes"\nversion = "0.1.0"\ndescription = ""\nauthors = []\npackage-mode = false\n\n[tool.poetry.dependencies]\npython = ">=3.9,<4.0"\n${table}`,
    lock: `poetry source add -n simple "$(${pipsIndex})" && poetry lock -n`,
    install: 'poetry install',
    add: 'poetry add',
  },
  {
    tool: 'pdm',
    name: 'pyproject.toml',
    text: `${standard}\n[tool.pdm]\ndistribution = false\n`,
    lock: 'pdm lock',
    install: 'pdm sync',
    add: 'pdm add',
  },
  {
    tool: 'pipenv',
    name: 'Pipfile',
    text: `[packages]\n${table}`,
    lock: 'pipenv lock',
    install: 'pipenv install --dev',
    add: 'pipenv install',
  },
] as const

async function locked({ tool, name, text, lock }: (typeof tools)[number]) {
  project = await freshProject({ files: { [`backend/${name}`]: text } })
  const { root, backend } = project
  await rm(join(backend, 'requirements.txt'))
  const home = join(root, '..', 'home')
  await mkdir(home)
  const env = await environmentIn(home, { tools: [tool] })
  await run('sh', ['-c', lock], { cwd: backend, env, maxBuffer: 64e6 })
  return { root, backend, env }
}

test.each(tools)(
  '$tool: what the doctor prints adds to the lock, and stays when the tool is called again',
  { timeout: 420_000 },
  async (kind) => {
    const { tool, install, add } = kind
    const { root, backend, env } = await locked(kind)
    await run('sh', ['-c', install], { cwd: backend, env, maxBuffer: 64e6 })
    const look = async () => JSON.parse((await runCli(['doctor', '--json'], { cwd: root, env })).stdout).diagnosis
    const { id, remedy } = await look()
    expect([id, remedy.commands]).toEqual([
      'missing-dep',
      [
        ['cd', 'backend'],
        [...add.split(' '), 'python-decouple'],
      ],
    ])
    const lines = [...remedy.commands.map((words: readonly string[]) => typed(words)), install, `${tool} run python -c 'import decouple'`]
    await run('sh', ['-ec', lines.join('\n')], { cwd: root, env, maxBuffer: 64e6 })
    expect((await look())?.id).not.toBe('missing-dep')
  },
)

test.each(tools)('$tool', { timeout: 420_000 }, async (kind) => {
  const { install, add } = kind
  const { root, env } = await locked(kind)
  const port = String(await freePort('127.0.0.1'))
  cli = startCli(['start', '--setup', '--json', '--no-frontend', '--port', port], { cwd: root, env })
  await cli.waitFor(/"event":"(?:ready|end)"/)
  const { stdout } = await cli.end('SIGINT')
  const done = [...stdout.matchAll(/"event":"setup-done","id":"[\w-]+","command":"([^"]*)"/g)].map(([, command]) => command)
  expect(done).toContain(`cd backend && ${install}`)
  expect(done).toContain(`cd backend && ${add} python-decouple`)
  expect(stdout).toMatch(/"event":"ready".*"state":"connected"/)
})

test('pdm as the CI job and the image of an export call it', { timeout: 240_000 }, async () => {
  project = await freshProject({ files: { 'backend/pyproject.toml': `${standard}\n[tool.pdm]\ndistribution = false\n` } })
  const { root, backend } = project
  const home = join(root, '..', 'home')
  await mkdir(home)
  const env = await environmentIn(home, { tools: ['pdm'] })
  await run('pdm', ['lock'], { cwd: backend, env, maxBuffer: 64e6 })
  await run('pdm', ['export', '--prod', '-o', 'all.txt'], { cwd: backend, env, maxBuffer: 64e6 })
  expect(await readFile(join(backend, 'all.txt'), 'utf8')).toMatch(/^django==\d[^]*^daphne==|^daphne==\d[^]*^django==/m)
  await run('pdm', ['sync', '--project', 'backend'], { cwd: root, env, maxBuffer: 64e6 })
  expect((await run(join(backend, '.venv', 'bin', 'python'), ['-c', 'import django, daphne; print("there")'])).stdout).toBe('there\n')
})
