import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect } from 'vitest'
import type { RunningCli } from '../support/cli.ts'
import { doctor, real } from '../support/doctor.ts'
import { fix, fixAndStart, undo } from '../support/fix.ts'
import { ownEnvironment } from '../support/own-environment.ts'
import { makeProject, openConsumer, type ProjectOptions, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { startProgram, type RunningServer } from '../support/servers.ts'
import { environmentFolder, type EnvironmentName } from '../support/tools.ts'

let project: TestProject | undefined
let server: RunningServer | undefined
let cli: RunningCli | undefined
afterEach(async () => {
  await cli?.end('SIGTERM')
  await server?.stop()
  await project?.remove()
  project = server = cli = undefined
})

const urlOf = (port: number) => `ws://127.0.0.1:${port}/ws/election-updates/`

async function lacking(without: RegExp, options: ProjectOptions = {}, from: EnvironmentName = 'main'): Promise<TestProject> {
  project = await makeProject({ ...options, environment: undefined })
  await ownEnvironment(join(project.backend, 'venv'), from, without)
  return project
}

/** What is installed stays installed; nothing of the cause is left. */
async function installs(id: string, project: TestProject, url: string): Promise<void> {
  const answer = await fix(project.root, { url, yes: false })
  expect(answer.made[0], JSON.stringify(answer.made)).toMatchObject({ id, kind: 'command', outcome: 'done' })
  const again = await doctor(project.root, { url })
  expect(again.id, again.evidence).toBe('server-not-running')
}

const slow = 120_000

real(
  'missing-dep',
  'the one package, in the version that requirements.txt asks for',
  async () => {
    const project = await lacking(/^(?:jwt|pyjwt)/i, {
      settings: 'import jwt',
      files: { 'backend/requirements.txt': 'Django\nchannels\ndaphne\npyjwt==2.8.0\n' },
    })
    const url = urlOf(await freePort('127.0.0.1'))
    await installs('missing-dep', project, url)
    const libraries = join(project.backend, 'venv', 'lib')
    const [version = ''] = await readdir(libraries)
    expect(await readdir(join(libraries, version, 'site-packages'))).toContainEqual(expect.stringMatching(/^pyjwt-2\.8\.0\.dist-info$/i))
  },
  slow,
)

real(
  'daphne-missing',
  'it is installed',
  async () => {
    const project = await lacking(/^daphne/i, { files: { 'backend/requirements.txt': 'Django\nchannels\ndaphne\n' } })
    await installs('daphne-missing', project, urlOf(await freePort('127.0.0.1')))
  },
  slow,
)

real(
  'channels-redis-missing',
  'it is installed; the running server is left to the caller',
  async () => {
    const project = await lacking(/^channels_redis/i, { dotenv: ['USE_REDIS_FOR_CHANNELS=True'] })
    const python = join(project.backend, 'venv', 'bin', 'python')
    server = await startProgram(python, (port) => ['-m', 'daphne', '-p', String(port), 'core.asgi:application'], { cwd: project.backend })
    const answer = await fix(project.root, { url: urlOf(server.port), yes: false })
    expect(
      answer.made.map(({ kind, outcome }) => `${kind} ${outcome}`),
      JSON.stringify(answer.made),
    ).toEqual(['command done', 'signal handed-over', 'hand-over handed-over'])
    expect(answer.made[0]?.id).toBe('channels-redis-missing')
    expect(answer.id).not.toBe('channels-redis-missing')
  },
  slow,
)

real(
  'ws-library-missing',
  'uvicorn gets one',
  async () => {
    const project = await lacking(/^nothing$/, { style: 'plain' }, 'uvicornPlain')
    const python = join(project.backend, 'venv', 'bin', 'python')
    server = await startProgram(python, (port) => ['-m', 'uvicorn', '--port', String(port), 'core.asgi:application'], {
      cwd: project.backend,
    })
    const answer = await fix(project.root, { url: urlOf(server.port), yes: false })
    expect(answer.made[0], JSON.stringify(answer.made)).toMatchObject({ id: 'ws-library-missing', kind: 'command', outcome: 'done' })
    const { port } = server
    await server.stop()
    server = await startProgram(python, () => ['-m', 'uvicorn', '--port', String(port), 'core.asgi:application'], {
      cwd: project.backend,
      port,
    })
    const again = await doctor(project.root, { url: urlOf(port) })
    expect(again.state, again.evidence).toBe('healthy')
  },
  slow,
)

/** The packages of a prepared environment without a download: an environment that is made anew finds them by its requirements. */
const requirements = 'asgiref\n'

real(
  'venv-broken',
  'it is made anew in its place, and --undo brings the old one back',
  async () => {
    project = await makeProject({ environment: undefined, files: { 'backend/requirements.txt': requirements } })
    const folder = join(project.backend, 'venv')
    await mkdir(join(folder, 'bin'), { recursive: true })
    await writeFile(join(folder, 'pyvenv.cfg'), 'home = /nowhere/bin\n')
    await symlink('/nowhere/bin/python3', join(folder, 'bin', 'python'))
    const url = urlOf(await freePort('127.0.0.1'))
    const word = await fix(project.root, { url, yes: false })
    expect(word.made.every(({ id, outcome }) => id === 'venv-broken' && outcome === 'needs-word')).toBe(true)
    const answer = await fix(project.root, { url, args: ['venv-broken'] })
    expect(
      answer.made.map(({ kind, outcome }) => `${kind} ${outcome}`),
      JSON.stringify(answer.made),
    ).toEqual(['command done', 'command done'])
    const again = await doctor(project.root, { url })
    expect(again.id, again.evidence).not.toBe('venv-broken')
    expect((await undo(project.root)).status).toBe(0)
    expect(await readlink(join(folder, 'bin', 'python'))).toBe('/nowhere/bin/python3')
  },
  slow,
)

real(
  'venv-missing',
  'one is made beside manage.py, and --undo takes it away',
  async () => {
    project = await makeProject({ environment: undefined, files: { 'backend/requirements.txt': requirements } })
    const url = urlOf(await freePort('127.0.0.1'))
    const answer = await fix(project.root, { url, args: ['venv-missing'] })
    expect(
      answer.made.map(({ kind, outcome }) => `${kind} ${outcome}`),
      JSON.stringify(answer.made),
    ).toEqual(['command done', 'command done'])
    const again = await doctor(project.root, { url })
    expect(again.id, again.evidence).not.toBe('venv-missing')
    expect((await undo(project.root)).status).toBe(0)
    await expect(lstat(join(project.backend, 'venv'))).rejects.toThrow(/ENOENT/)
  },
  slow,
)

real(
  'python-too-old',
  'a newer Python of the PATH makes the environment anew, and --undo brings the old one back',
  async () => {
    const newer = await newerPython()
    if (newer === undefined) return
    const project = await lacking(/^nothing$/, {
      style: 'plain',
      consumer: `${openConsumer}\nlabel = f"{dict(a=1)["a"]}"\n`,
      files: { 'backend/requirements.txt': requirements },
    })
    const url = urlOf(await freePort('127.0.0.1'))
    const config = join(project.backend, 'venv', 'pyvenv.cfg')
    const old = await readFile(config, 'utf8')
    const env = { PATH: `${newer}:${process.env['PATH'] ?? ''}` }
    const answer = await fix(project.root, { url, env, args: ['python-too-old'] })
    expect(
      answer.made.map(({ id, kind, outcome }) => `${id} ${kind} ${outcome}`),
      `${answer.evidence} ${JSON.stringify(answer.made)}`,
    ).toEqual(['python-too-old command done', 'python-too-old command done'])
    expect(await readFile(config, 'utf8')).toMatch(/version = 3\.1[2-9]/)
    expect((await undo(project.root)).status).toBe(0)
    expect(await readFile(config, 'utf8')).toBe(old)
  },
  slow,
)

/** The folder of a Python of 3.12 or newer that pyenv has, where the environments are older. */
async function newerPython(): Promise<string | undefined> {
  const versions = join(homedir(), '.pyenv', 'versions')
  const [name] = (await readdir(versions).catch(() => [])).filter((entry) => /^3\.1[2-9]\./.test(entry)).toSorted()
  const [ours = ''] = await readdir(join(environmentFolder('main'), 'lib'))
  return name === undefined || Number(ours.replace('python3.', '')) >= 12 ? undefined : join(versions, name, 'bin')
}

real(
  'venv-broken',
  'only its scripts are dead: start runs the server as a module',
  async () => {
    const project = await lacking(/^nothing$/)
    const script = join(project.backend, 'venv', 'bin', 'daphne')
    await writeFile(script, '#!/nowhere/venv/bin/python\n', { mode: 0o755 })
    const url = urlOf(await freePort('127.0.0.1'))
    const answer = await fix(project.root, { url })
    expect(answer.made, answer.evidence).toMatchObject([{ id: 'venv-broken', kind: 'hand-over', outcome: 'handed-over' }])
    cli = await fixAndStart(project.root, ['--url', url, '--yes'])
    const again = await doctor(project.root, { url })
    expect(again.state, again.evidence).toBe('healthy')
  },
  slow,
)
