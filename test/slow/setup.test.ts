import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { runCli, startCli, type RunningCli } from '../support/cli.ts'
import { freshProject, installerEnvironment, listing, type FreshProject } from '../support/fresh-project.ts'
import { freePort } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'
import { basePython, environmentFolder, prepareEnvironment } from '../support/tools.ts'
import { runToEnd } from '../../src/host/processes.ts'

let project: FreshProject | undefined
let cli: RunningCli | undefined

beforeAll(async () => {
  await prepareEnvironment('uv')
}, 120_000)

afterEach(async () => {
  await cli?.end('SIGTERM')
  await project?.remove()
})

/** The lines that a person could type, in their order. */
function commandsOf(text: string): string[] {
  return [...text.matchAll(/^ {4}\d+\. .+?: {2}(.+)$/gm)].flatMap((match) => match[1] ?? [])
}

const later = ['cp backend/.env.example backend/.env', 'mkdir -p backend/logs']
const variants = [
  {
    name: 'no environment at all, with uv',
    uv: true,
    prepare: async () => {},
    commands: [
      'uv venv backend/venv',
      'uv pip install --python backend/venv/bin/python -r backend/requirements.txt',
      ...later,
      'backend/venv/bin/python backend/manage.py migrate',
      'election-dev makes it, and shows its password',
    ],
  },
  {
    name: 'a ready environment one level above the backend',
    uv: false,
    prepare: async ({ root }: FreshProject) => symlink(environmentFolder('main'), join(root, 'venv')),
    commands: [...later, 'venv/bin/python backend/manage.py migrate', 'election-dev makes it, and shows its password'],
  },
  {
    name: 'an environment without packages, with pip',
    uv: false,
    prepare: async ({ backend }: FreshProject) => {
      const made = await runToEnd(basePython(), ['-m', 'venv', join(backend, '.venv')], { deadlineMs: 60_000 })
      expect(made.exitCode).toBe(0)
    },
    commands: [
      'backend/.venv/bin/python -m pip install -r backend/requirements.txt',
      ...later,
      'backend/.venv/bin/python backend/manage.py migrate',
      'election-dev makes it, and shows its password',
    ],
  },
]

test.each(variants)(
  '$name: says all that is missing, then makes it and is green',
  { timeout: 240_000 },
  async ({ uv, prepare, commands }) => {
    project = await freshProject()
    await prepare(project)
    const env = installerEnvironment(uv)
    const port = String(await freePort('127.0.0.1'))

    const before = await listing(project.root)
    const refused = await runCli(['start', '--port', port], { cwd: project.root, env })
    expect(refused.status, refused.stderr).toBe(1)
    expect(refused.stderr).toContain("This checkout isn't ready to run")
    expect(commandsOf(refused.stderr)).toEqual(commands)
    expect(await listing(project.root)).toEqual(before)

    cli = startCli(['start', '--setup', '--port', port], { cwd: project.root, env })
    await cli.waitFor(/Channels/)
    const first = await cli.end('SIGINT')
    for (const command of commands) expect(first.stdout).toContain(command)
    expect(first.stdout).toMatch(/ready in .*\n[\s\S]*\/ws\/votes\/ {3}● connected/)
    const [, user, password = ''] = /people\.Person\): {2}(\S+) {3}password (\S+)/.exec(first.stdout) ?? []
    expect(user).toBe('developer@example.com')
    expect(password.length).toBeGreaterThanOrEqual(16)
    expect(`${first.stdout}${first.stderr}`.split(password)).toHaveLength(2)
    expect(await holding(project.root, password)).toEqual([])

    for (const args of [['start'], ['start', '--setup']]) {
      cli = startCli([...args, '--port', port], { cwd: project.root, env })
      await cli.waitFor(/Channels/)
      const again = await cli.end('SIGINT')
      expect(again.stdout).toContain('● connected')
      expect(`${again.stdout}${again.stderr}`).not.toMatch(/Missing|createsuperuser|password|setup/i)
    }
  },
)

test('what was listed and is not needed after all is said: variables that the shell has', { timeout: 240_000 }, async () => {
  project = await freshProject()
  const env = { ...installerEnvironment(true), SECRET_KEY: secret(), DEBUG: 'True' }
  const port = String(await freePort('127.0.0.1'))
  cli = startCli(['start', '--setup', '--port', port], { cwd: project.root, env })
  await cli.waitFor(/Channels/)
  // the database that the run uses is taken from under nobody
  const undone = await runCli(['doctor', '--undo', '--yes'], { cwd: project.root, env })
  expect(undone).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/A run of this project is up \(PID \d+\)[^]*election-dev stop/),
  })
  const { stdout } = await cli.end('SIGINT')
  expect(stdout).toMatch(/\d {2}\S*\.env +cp backend\/\.env\.example backend\/\.env/)
  expect(stdout).toMatch(/not needed after all: \S*\.env$/m)
  expect(stdout).toContain('● connected')
  expect(await listing(project.root)).not.toContain('backend/.env')
})

/** Files below the folder that hold the text. */
async function holding(folder: string, text: string): Promise<string[]> {
  const found = await runToEnd('grep', ['-rlF', '--', text, folder], { deadlineMs: 30_000 })
  expect(found.exitCode, found.stderr).toBe(1)
  return found.stdout.split('\n').filter((line) => line !== '')
}
