/** The ways in which settings come by variables that nobody gives: each is green by `start --setup` alone. */
import { chmod, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { startCli, startOnTerminal, type RunningCli } from '../support/cli.ts'
import { installerEnvironment } from '../support/fresh-project.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'

let project: TestProject | undefined
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGTERM')
  await project?.remove()
})

/** What `start` with these arguments has written to standard output, once it was up or had ended. */
async function started(...args: readonly string[]): Promise<string> {
  const port = String(await freePort('127.0.0.1'))
  cli = startCli(['start', ...args, '--json', '--port', port], {
    cwd: project?.root ?? '',
    env: { ...installerEnvironment(false), USE_REDIS_FOR_CHANNELS: 'False' },
  })
  await cli.waitFor(/"event":"(?:ready|end)"/)
  return (await cli.end('SIGINT')).stdout
}

const green = /"event":"ready".*"state":"connected"/

test('django-environ that loads a file of another name: one of its keys more, all else as it was', { timeout: 90_000 }, async () => {
  project = await makeProject({
    style: 'plain',
    environment: 'main',
    settings:
      'import environ\nenv = environ.Env()\nenv.read_env(BASE_DIR / "conf" / "local.env")\nLIMIT = env.int("VOTE_LIMIT")\nSITE = env.url("VOTE_SITE_URL")\n',
    files: { 'backend/conf/local.env': '# kept\r\nOTHER = 1\r\n', 'backend/.envs/.local/.django': 'VOTE_LIMIT=7\n' },
  })
  const file = join(project.backend, 'conf', 'local.env')
  await chmod(file, 0o640)
  expect(await started('--setup')).toMatch(green)
  expect(await readFile(file, 'utf8')).toBe('# kept\r\nOTHER = 1\r\nVOTE_LIMIT=7\r\nVOTE_SITE_URL=http://localhost:8000\r\n')
  expect((await stat(file)).mode & 0o777).toBe(0o640)
})

test('os.environ alone: the configuration gives them, to this run and to the next', { timeout: 90_000 }, async () => {
  project = await makeProject({
    style: 'plain',
    environment: 'main',
    // a step after that of the variables needs them, too
    installedApps: ['django.contrib.contenttypes', 'django.contrib.auth', 'channels', 'updates'],
    settings:
      'ALLOWED_HOSTS = os.environ["VOTE_HOSTS"].split(",")\nLIMIT = int(os.environ["VOTE_LIMIT"])\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}\n',
    files: { '.env.example': 'VOTE_LIMIT=9\n' },
  })
  const first = await started('--setup')
  expect(first).toMatch(/"setup-done","id":"env-variables-missing"[^]*"setup-done","id":"migrations-pending"/)
  expect(first).toMatch(green)
  expect(await started()).toMatch(green)
  expect(JSON.parse(await readFile(join(project.root, 'election-dev.config.json'), 'utf8'))).toEqual({
    env: { VOTE_HOSTS: 'localhost,127.0.0.1', VOTE_LIMIT: '9' },
  })
})

test('pydantic-settings, with a prefix and a file of its own', { timeout: 240_000 }, async () => {
  project = await makeProject({
    style: 'plain',
    environment: undefined,
    settings: `
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
class Given(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="VOTE_", env_file=BASE_DIR / "vote.env")
    jwt_signing_key: str
    allowed_hosts: list[str]
    limit: int
    mode: str = "local"
given = Given()
ALLOWED_HOSTS = given.allowed_hosts
`,
    files: {
      'backend/requirements.txt': 'Django>=4.2,<6\nchannels~=4.2\ndaphne~=4.1\npydantic-settings~=2.6\n',
      'compose.yml': 'services:\n  web:\n    build: backend\n    environment:\n      VOTE_LIMIT: 12\n',
    },
  })
  expect(await started('--setup')).toMatch(green)
  expect(await readFile(join(project.backend, 'vote.env'), 'utf8')).toMatch(
    /^VOTE_JWT_SIGNING_KEY=[\w-]{64}\nVOTE_ALLOWED_HOSTS=\["localhost","127.0.0.1"\]\nVOTE_LIMIT=12\n$/,
  )
})

test('one that nobody knows: named with its line, and nothing is written', { timeout: 90_000 }, async () => {
  project = await makeProject({
    hasDotenv: false,
    environment: 'main',
    settings: 'LIMIT = config("VOTE_LIMIT", cast=int)\nMAP = config("MAP_API_KEY")\n',
    files: { 'backend/.env.example': 'SECRET_KEY=change-me\nVOTE_LIMIT=9\nMAP_API_KEY=your-key-here\n' },
  })
  const said = await started('--setup')
  expect(said).toMatch(/"env-variables-missing"/)
  expect(said).toMatch(/MAP_API_KEY {3}core\/settings\.py:\d+ {3}no file here has a value for it/)
  expect(said).toContain('Set MAP_API_KEY in backend/.env; what is left start --setup makes.')
  await expect(readFile(join(project.backend, '.env'))).rejects.toThrow('ENOENT')
})

test('on a terminal it is asked for: a secret is not shown', { timeout: 90_000 }, async () => {
  const typed = secret()
  project = await makeProject({
    hasDotenv: false,
    environment: 'main',
    settings: 'LIMIT = config("VOTE_LIMIT", cast=int)\nMAP = config("MAP_API_KEY")\n',
  })
  cli = startOnTerminal(['start', '--setup', '--port', String(await freePort('127.0.0.1'))], {
    cwd: project.root,
    env: { ...installerEnvironment(false), USE_REDIS_FOR_CHANNELS: 'False', COLUMNS: '100' },
  })
  await cli.waitFor(/VOTE_LIMIT, which core\/settings\.py:\d+ asks for/)
  cli.child.stdin?.write('14\r')
  await cli.waitFor(/MAP_API_KEY, which core\/settings\.py:\d+ asks for/)
  cli.child.stdin?.write(`${typed}\r`)
  await cli.waitFor(/● connected/)
  cli.child.stdin?.write('\u0003')
  const { stdout } = await cli.end()
  expect(stdout).not.toContain(typed)
  expect(await readFile(join(project.backend, '.env'), 'utf8')).toMatch(
    new RegExp(String.raw`^SECRET_KEY=[\w-]{64}\nVOTE_LIMIT=14\nMAP_API_KEY=${typed}\n$`),
  )
})
