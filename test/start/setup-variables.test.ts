/** A checkout whose settings ask for variables that nobody gives is green by `start --setup` alone: values of the compose file, or made. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { runCli, startCli, type RunningCli } from '../support/cli.ts'
import { installerEnvironment, listing } from '../support/fresh-project.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'

let project: TestProject | undefined
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGTERM')
  await project?.remove()
})

const compose = `services:
  store:
    image: postgres:16
  queue:
    image: redis:7
    ports: ["6390:6379"]
  api:
    build: ./backend
    command: daphne -b 0.0.0.0 core.asgi:application
    environment:
      SECRET_KEY: change-me
      VOTE_DEBUG: "False"
      VOTE_HOSTS: vote.example.org
      VOTE_LIMIT: \${VOTE_LIMIT:-12}
      VOTE_QUEUE_URL: redis://queue:6379/2
      VOTE_PAGE_URL: https://vote.example.org
`
const settings = `
from core.parts import *
DEBUG = config("VOTE_DEBUG", cast=bool)
ALLOWED_HOSTS = config("VOTE_HOSTS", cast=Csv())
if not DEBUG:
    SENTRY_DSN = config("SENTRY_DSN")
`
const parts = `from decouple import Csv, config
LIMIT = config("VOTE_LIMIT", cast=int)
QUEUE = config("VOTE_QUEUE_URL")
PAGE_URL = config("VOTE_PAGE_URL")
EMAIL_BACKEND = config("EMAIL_BACKEND")
COOKIE = config("SESSION_COOKIE_SECURE", cast=bool)
`

test('eight variables, settings in two files, and a compose file', { timeout: 60_000 }, async () => {
  project = await makeProject({
    hasDotenv: false,
    environment: 'main',
    settings,
    files: { 'backend/core/parts.py': parts, 'compose.yml': compose },
  })
  const { root, backend } = project
  // what chooses the layer is written nowhere then
  const env = { ...installerEnvironment(false), USE_REDIS_FOR_CHANNELS: 'False' }
  const port = String(await freePort('127.0.0.1'))

  const before = await listing(root)
  const refused = await runCli(['start', '--json', '--port', port], { cwd: root, env })
  expect(refused.status).toBe(1)
  const names = [
    'SECRET_KEY',
    'VOTE_DEBUG',
    'VOTE_HOSTS',
    'VOTE_LIMIT',
    'VOTE_QUEUE_URL',
    'VOTE_PAGE_URL',
    'EMAIL_BACKEND',
    'SESSION_COOKIE_SECURE',
  ]
  expect(refused.stdout).toContain('"env-variables-missing"')
  for (const name of names) expect(refused.stdout).toMatch(new RegExp(String.raw`${name} {3}core/(?:settings|parts)\.py:\d+`))
  expect(refused.stdout).toContain('12 in compose.yml:14')
  expect(refused.stdout).not.toContain('SENTRY_DSN')
  expect(refused.stdout).toContain(`[["election-dev","start","--setup","--port","${port}"]]`)
  expect(await listing(root)).toEqual(before)

  cli = startCli(['start', '--setup', '--json', '--port', port], { cwd: root, env })
  await cli.waitFor(/"event":"(?:ready|end)"/)
  const { stdout } = await cli.end('SIGINT')
  expect(stdout).toMatch(/"event":"ready".*"state":"connected"/)
  const text = await readFile(join(backend, '.env'), 'utf8')
  const key = secret(/^SECRET_KEY=([\w-]{64})$/m.exec(text)?.[1] ?? '')
  expect(stdout).not.toContain(key)
  expect(text.replace(key, 'KEY').split('\n').toSorted()).toEqual([
    '',
    'EMAIL_BACKEND=django.core.mail.backends.console.EmailBackend',
    'SECRET_KEY=KEY',
    'SESSION_COOKIE_SECURE=False',
    'VOTE_DEBUG=True',
    'VOTE_HOSTS=localhost,127.0.0.1',
    'VOTE_LIMIT=12',
    'VOTE_PAGE_URL=http://localhost:5173',
    'VOTE_QUEUE_URL=redis://127.0.0.1:6390/2',
  ])
  expect((await runCli(['doctor', '--undo', '--yes'], { cwd: root, env })).stdout).toContain('backend/.env')
  await expect(readFile(join(backend, '.env'))).rejects.toThrow('ENOENT')
})

const sample = `# copy me to .env
DEBUG=True   # never in production
ALLOWED_HOSTS=localhost,tally.localhost
VOTE_HOST=redis
REDIS_HOST=redis
SECRET_KEY=change-me
VOTE_TITLE="The spring vote"
`

test('a sample of which some values hold in containers alone is copied without them', { timeout: 60_000 }, async () => {
  project = await makeProject({
    hasDotenv: false,
    environment: 'main',
    settings:
      'from decouple import config\nREDIS = config("REDIS_HOST")\nPAGE = config("SITE_URL")\nTITLE = config("VOTE_TITLE", default="")\n',
    files: { 'backend/.env.sample': sample },
  })
  const { root, backend } = project
  const env = { ...installerEnvironment(false), USE_REDIS_FOR_CHANNELS: 'False' }
  cli = startCli(['start', '--setup', '--json', '--port', String(await freePort('127.0.0.1'))], { cwd: root, env })
  await cli.waitFor(/"event":"(?:ready|end)"/)
  const { stdout } = await cli.end('SIGINT')
  expect(stdout).toMatch(/"event":"ready".*"state":"connected"/)
  expect(stdout).toMatch(
    /"command":"cp backend\/\.env\.sample backend\/\.env","evidence":"[^"]*other than its example has it: REDIS_HOST=127\.0\.0\.1, SITE_URL=/,
  )
  const text = await readFile(join(backend, '.env'), 'utf8')
  const key = secret(/^SECRET_KEY=([\w-]{64})$/m.exec(text)?.[1] ?? '')
  expect(text).toBe(
    `${sample.replace('REDIS_HOST=redis', 'REDIS_HOST=127.0.0.1').replace('change-me', key)}SITE_URL=http://localhost:8000\n`,
  )
})
