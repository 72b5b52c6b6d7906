import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { runCli, startCli, startOnTerminal, type RunningCli } from '../support/cli.ts'
import { freshProject, installerEnvironment, listing, type FreshOptions, type FreshProject } from '../support/fresh-project.ts'
import { makeProject } from '../support/project.ts'
import { freePort, until } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'
import { environmentFolder, prepareEnvironment, type EnvironmentName } from '../support/tools.ts'

let project: FreshProject | undefined
let cli: RunningCli | undefined

beforeAll(async () => {
  await prepareEnvironment('uv')
}, 120_000)

afterEach(async () => {
  await cli?.end('SIGTERM')
  cli = undefined
  await project?.remove()
})

/** A fresh checkout with an environment of the tests: `main` has what the project needs, `uv` has pip and nothing of it. */
async function checkout(environment: EnvironmentName, options: FreshOptions = {}): Promise<FreshProject> {
  project = await freshProject(options)
  await symlink(environmentFolder(environment), join(project.backend, 'venv'))
  return project
}

describe.skipIf(process.platform === 'win32')('on a terminal it asks', { timeout: 120_000 }, () => {
  test.each([
    ['n', 'n\r', 1],
    ['the end of the input', '\u0004', 1],
    ['Ctrl+C', '\u0003', 130],
  ])('%s changes nothing', async (_, answer, status) => {
    const { root } = await checkout('main')
    const before = await listing(root)
    cli = startOnTerminal(['start'], { cwd: root, env: installerEnvironment(false) })
    await cli.waitFor(/Make all of it now\? \[Y\/n\]/)
    cli.child.stdin?.write(answer)
    expect((await cli.end()).status, cli.stdout()).toBe(status)
    expect(await listing(root)).toEqual(before)
  })

  test('Enter does it all', async () => {
    const { root } = await checkout('main')
    const port = String(await freePort('127.0.0.1'))
    cli = startOnTerminal(['start', '--port', port], { cwd: root, env: { ...installerEnvironment(false), COLUMNS: '100' } })
    await cli.waitFor(/Make all of it now\? \[Y\/n\]/)
    cli.child.stdin?.write('\r')
    await cli.waitFor(/● connected/)
    cli.child.stdin?.write('\u0003')
    const { status, stdout } = await cli.end()
    expect(status).toBe(130)
    expect(stdout.match(/Missing, in this order/g)).toHaveLength(1)
    expect(stdout).toMatch(/the database has no active user · can't be undone/)
    // while it goes on in the bottom line, and each with its time once it is done
    expect(stdout).toMatch(/the database tables · Applying/)
    expect(stdout).toMatch(/✔ cp backend\/\.env\.example backend\/\.env {3}\d[\d.]* m?s/)
    expect(stdout).toMatch(/✔ backend\/venv\/bin\/python backend\/manage\.py migrate {3}\d/)
    expect(stdout).toMatch(/Setup: \d+\.\d s in all\. election-dev doctor --undo undoes what it can/)
    const undone = await runCli(['doctor', '--undo', '--yes'], { cwd: root })
    expect(undone.stdout).toMatch(/backend\/\.env {3}removed/)
    expect(undone.stdout).toMatch(/db\.sqlite3 {3}removed/)
    expect(existsSync(join(root, 'backend', '.env'))).toBe(false)
  })

  test('--json asks nothing', async () => {
    const { root } = await checkout('main')
    cli = startOnTerminal(['start', '--json'], { cwd: root, env: installerEnvironment(false) })
    const { status, stdout } = await cli.end()
    expect(status).toBe(1)
    expect(stdout).toMatch(/"event":"diagnosis","diagnosis":\{"id":"env-not-loaded".*"commands":\[\["election-dev","start","--setup"\]\]/)
    expect(stdout).not.toContain('Make all of it')
  })
})

describe('a step that fails', { timeout: 60_000 }, () => {
  test('says which line it is about, and the installer’s words', async () => {
    const { root } = await checkout('uv', { requirements: ['--no-index', 'there-is-no-such-package==1.0'] })
    const { status, stderr } = await runCli(['start', '--setup'], { cwd: root, env: installerEnvironment(false) })
    expect(status).toBe(1)
    expect(stderr).toMatch(/there-is-no-such-package==1\.0 is not to be found {3}requirement-not-installable/)
    expect(stderr).toContain('backend/requirements.txt:2: there-is-no-such-package==1.0')
    expect(stderr).toContain('No matching distribution found for there-is-no-such-package==1.0')
    expect(existsSync(join(root, 'backend', '.env'))).toBe(false)
  })

  test('a folder that cannot be made is told, without a stack', async () => {
    const { root, backend } = await checkout('main')
    await writeFile(join(backend, 'logs'), 'a file')
    const { status, stderr } = await runCli(['start', '--setup'], { cwd: root, env: installerEnvironment(false) })
    expect(status, stderr).toBe(1)
    expect(stderr).toContain('mkdir -p backend/logs failed')
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  test('settings that still fail once all is there are the cause', { tags: ['slow'] }, async () => {
    const { root } = await checkout('main', {
      files: { 'backend/server/settings/dev.py': 'from .base import *\nALLOWED_HOSTS = [config("NOWHERE_NAMED")]\n' },
    })
    const { status, stdout } = await runCli(['start', '--setup'], { cwd: root, env: installerEnvironment(false) })
    expect(status).toBe(1)
    expect(stdout).toMatch(/NOWHERE_NAMED {3}server\/settings\/dev\.py:2 {3}no file here has a value for it/)
  })
})

test.skipIf(process.platform !== 'linux')(
  'Ctrl+C during a step ends it and all that it started, leaves nothing half-made, and the next run goes on there',
  { timeout: 60_000 },
  async () => {
    // a build of pip's: a process of a process, which waits for ever
    const slow =
      'import os, threading\nopen(os.path.join(os.path.dirname(__file__), "pid"), "w").write(str(os.getpid()))\nthreading.Event().wait()\n'
    project = await freshProject({
      requirements: ['./slow'],
      files: {
        'backend/slow/pyproject.toml': '[build-system]\nrequires = []\nbuild-backend = "slow"\nbackend-path = ["."]\n',
        'backend/slow/slow.py': slow,
      },
    })
    const { root, backend } = project
    const before = await listing(root)
    cli = startCli(['start', '--setup'], { cwd: root, env: installerEnvironment(true) })
    const pidFile = join(backend, 'slow', 'pid')
    await until(async () => existsSync(pidFile) && (await readFile(pidFile, 'utf8')) !== '')
    const pid = Number(await readFile(pidFile, 'utf8'))
    const { status, stdout } = await cli.end('SIGINT')
    expect(status).toBe(130)
    expect(stdout).toMatch(/› uv venv backend\/venv\n {2}› uv pip install .*\n {2}Setup: \d.* in all\. election-dev doctor --undo/)
    // one that has ended and that nobody waits for, as in a container, is a zombie: it runs no more
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').then(
      (stat) => /\) (\S)/.exec(stat)?.[1],
      () => 'gone',
    )
    expect(['gone', 'Z']).toContain(state)
    const more = Object.keys(await listing(root)).filter((name) => !(name in before) && !/^(?:backend\/venv|\.election-dev)/.test(name))
    expect(more).toEqual([join('backend', 'slow', 'pid')])
    const { stderr } = await runCli(['start'], { cwd: root, env: installerEnvironment(true) })
    expect(stderr).toMatch(/1\. the packages of .*: {2}uv pip install/)
    const undone = await runCli(['doctor', '--undo', '--yes'], { cwd: root })
    expect(undone.stdout).toMatch(/backend\/venv {3}removed/)
  },
)

test.skipIf(process.platform === 'win32')('an environment whose making fails is not left half-made', { timeout: 60_000 }, async () => {
  project = await freshProject()
  // a python3 as Debian has it without python3-venv: it makes the folder, then fails
  const bin = join(project.root, '..', 'bin')
  await mkdir(bin)
  const real = join(environmentFolder('django'), 'bin', 'python')
  await writeFile(
    join(bin, 'python3'),
    `#!/bin/sh\nif [ "$2" = venv ]; then mkdir -p "$3/bin" && touch "$3/pyvenv.cfg"; echo "ensurepip is not available" >&2; exit 1; fi\nexec ${real} "$@"\n`,
    { mode: 0o755 },
  )
  const env = installerEnvironment(false)
  const before = await listing(project.root)
  // Python tells its own path, so the wrapper is named as the one that tells it
  await writeFile(
    join(bin, 'python3'),
    (await readFile(join(bin, 'python3'), 'utf8')).replace(
      'exec',
      `case "$2" in *sys.executable*) echo "${join(bin, 'python3')}"; exit 0;; esac\nexec`,
    ),
    { mode: 0o755 },
  )
  const { status, stderr } = await runCli(['start', '--setup'], { cwd: project.root, env: { ...env, PATH: `${bin}:${env['PATH'] ?? ''}` } })
  expect(status).toBe(1)
  expect(stderr).toContain('ensurepip is not available')
  expect(await listing(project.root)).toEqual(before)
  expect(await readdir(project.backend)).not.toContain('venv')
})

describe('tables', { timeout: 60_000 }, () => {
  test('that are missing are caught, although all else is there', async () => {
    const { root } = await checkout('main', { files: { 'backend/.env': `SECRET_KEY=${secret()}\n`, 'backend/logs/.keep': '' } })
    const port = String(await freePort('127.0.0.1'))
    const { status, stderr } = await runCli(['start', '--port', port], { cwd: root, env: installerEnvironment(false) })
    expect(status).toBe(1)
    expect(stderr).toContain('migrations-pending')
    expect(stderr).toContain('backend/venv/bin/python backend/manage.py migrate')
  })

  test('that the WebSocket needs not stop nothing, nor does a .env that the settings can do without', async () => {
    project = await makeProject({ style: 'plain', files: { 'backend/.env.example': 'DEBUG=True\n' } })
    cli = startCli(['start', '--port', String(await freePort('127.0.0.1'))], { cwd: project.root })
    await cli.waitFor(/● connected/)
  })
})
