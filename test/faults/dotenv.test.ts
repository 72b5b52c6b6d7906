/** .env: what isn't read, is read as something else, or is beaten by a variable. */
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeBench, nobody, urlOf, write } from '../support/bench.ts'
import { doctor, real } from '../support/doctor.ts'
import { freePort } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'
import { pythonOf, run } from '../support/tools.ts'
import type { TestProject } from '../support/project.ts'

const bench = makeBench()

const daphne = (port: number) => ['-m', 'daphne', '-b', '127.0.0.1', '-p', String(port), 'core.asgi:application']
const serveWith = (project: TestProject, env: Readonly<Record<string, string>>) =>
  bench.program(pythonOf('main'), daphne, { cwd: project.backend, env })

/** A consumer that refuses a token that SECRET_KEY did not sign. */
const jwtConsumer = `
from urllib.parse import parse_qs
import jwt
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        try:
            jwt.decode(parse_qs(self.scope["query_string"].decode()).get("token", [""])[0], settings.SECRET_KEY, algorithms=["HS256"])
        except jwt.InvalidTokenError:
            await self.close(4001)
            return
        await self.accept()
        await self.send_json({"type": "welcome"})

    async def receive_json(self, content):
        await self.send_json({"type": "pong"})
`

async function tokenOf(key: string): Promise<string> {
  const { stdout } = await run(pythonOf('main'), [
    '-c',
    'import sys, time, jwt; print(jwt.encode({"user_id": 1, "exp": int(time.time()) + 600}, sys.argv[1], algorithm="HS256"))',
    key,
  ])
  return secret(stdout.trim())
}

real('env-bool-typo', 'decouple refuses a word that is no boolean', async () => {
  const project = await bench.project({ dotenv: ['USE_REDIS_FOR_CHANNELS=ture'] })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('env-bool-typo')
  expect(answer.evidence).toContain('backend/.env:3: USE_REDIS_FOR_CHANNELS=ture')
})

/** The settings take any text for true. */
const boolOfText = (port: number) => `
if bool(os.environ.get("USE_REDIS_FOR_CHANNELS")):
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [("127.0.0.1", ${port})]}}}
`

real('env-bool-typo', 'bool("False") asks for a Redis that is not there', async () => {
  const project = await bench.project({ style: 'plain', settings: boolOfText(await freePort('127.0.0.1')) })
  const server = await serveWith(project, { USE_REDIS_FOR_CHANNELS: 'False' })
  const answer = await doctor(project.root, { url: urlOf(server.port), env: { USE_REDIS_FOR_CHANNELS: 'False' } })
  expect(answer.id, answer.evidence).toBe('env-bool-typo')
  expect(answer.evidence).toContain('USE_REDIS_FOR_CHANNELS=False')
  expect(answer.evidence).toMatch(/core\/settings\.py:\d+/)
})

real('env-bool-typo', 'the same, seen in the environment of the server alone', async () => {
  const project = await bench.project({ style: 'plain', settings: boolOfText(await freePort('127.0.0.1')) })
  const server = await serveWith(project, { USE_REDIS_FOR_CHANNELS: 'False' })
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('env-bool-typo')
  expect(answer.evidence).toContain(`PID ${server.pid}`)
})

real('env-bool-typo', 'python-dotenv, and a text that is never empty', async () => {
  const project = await bench.project({
    style: 'plain',
    hasDotenv: true,
    dotenv: ['USE_REDIS_FOR_CHANNELS=False'],
    settings: `from dotenv import load_dotenv\nload_dotenv(BASE_DIR / ".env")\n${boolOfText(await freePort('127.0.0.1'))
      .trim()
      .replace('bool(os.environ.get("USE_REDIS_FOR_CHANNELS"))', 'os.getenv("USE_REDIS_FOR_CHANNELS", False)')}`,
  })
  const server = await bench.serve('uvicorn', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('env-bool-typo')
  expect(answer.evidence).toContain('backend/.env:3: USE_REDIS_FOR_CHANNELS=False')
})

test('env-bool-typo: django-environ takes a word that is no boolean for false, and all works: worth a warning', async () => {
  const project = await bench.project({ style: 'environ', dotenv: ['USE_REDIS_FOR_CHANNELS=ture'] })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBeUndefined()
  expect(answer.warnings).toContain('env-bool-typo')
})

real('env-not-loaded', 'there is only an example', async () => {
  const project = await bench.project({ hasDotenv: false, files: { 'backend/.env.example': 'SECRET_KEY=\n' } })
  const url = await nobody()
  const answer = await doctor(project.root, { url })
  expect(answer.id, answer.evidence).toBe('env-not-loaded')
  expect(answer.evidence).toContain('SECRET_KEY not found')
  expect(answer.diagnosis?.remedy.commands).toEqual([['election-dev', 'start', '--setup', '--port', new URL(url).port]])
})

real('env-variables-missing', 'several, by two ways, all of them in one go', async () => {
  const project = await bench.project({
    hasDotenv: false,
    settings: `
import os
from core.more import LIMIT
PAGE = os.environ["PAGE_URL"]
HOSTS = config("HOSTS", default="")
MODE = os.environ.get("MODE")
def later():
    return os.environ["LATER"]
`,
    files: { 'backend/core/more.py': 'from decouple import config\nLIMIT = config("LIMIT", cast=int)\n' },
  })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('env-variables-missing')
  expect(answer.diagnosis?.title).toBe('The settings need 3 variables that are not set: SECRET_KEY, PAGE_URL, LIMIT')
  expect(answer.evidence).toMatch(/^SECRET_KEY {3}core\/settings\.py:\d+ {3}a random key$/m)
  expect(answer.evidence).toMatch(/^PAGE_URL {3}core\/settings\.py:\d+ {3}made for development: http:\/\/localhost:5173$/m)
  expect(answer.evidence).toMatch(/^LIMIT {3}core\/more\.py:2 {3}no file here has a value for it$/m)
  expect(answer.diagnosis?.remedy).toMatchObject({
    text: expect.stringContaining('Set LIMIT in backend/.env and "envDefaults" of'),
    commands: [],
  })
})

real('env-variables-missing', 'python-dotenv, os.environ by a helper, and what only production asks for', async () => {
  const project = await bench.project({
    style: 'plain',
    settings: `
from dotenv import load_dotenv
from core.need import need
load_dotenv(BASE_DIR / ".env")
ALLOWED_HOSTS = need("VOTE_HOSTS").split(",")
if not DEBUG:
    SENTRY = need("SENTRY_DSN")
`,
    files: {
      'backend/core/need.py':
        'import os\ndef need(name):\n    try:\n        return os.environ[name]\n    except KeyError:\n        raise RuntimeError(f"{name} is missing")\n',
    },
  })
  const url = await nobody()
  const answer = await doctor(project.root, { url })
  expect(answer.id, answer.evidence).toBe('env-variables-missing')
  expect(answer.diagnosis?.title).toBe('The settings need VOTE_HOSTS, which is not set')
  expect(answer.diagnosis?.remedy).toMatchObject({
    text: 'Put it into backend/.env, as start --setup does.',
    commands: [['election-dev', 'start', '--setup', '--port', new URL(url).port]],
  })
})

real('own-module-missing', 'settings that want a module that only its sample is there of', async () => {
  const project = await bench.project({
    style: 'plain',
    settings: 'from .local_settings import *\n',
    files: { 'backend/core/local_settings.py.sample': 'ELECTION = "spring"\n' },
  })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('own-module-missing')
  expect(answer.diagnosis?.title).toBe("core/settings.py imports backend/core/local_settings.py, which isn't there")
  expect(answer.diagnosis?.remedy.commands).toEqual([['cp', 'backend/core/local_settings.py.sample', 'backend/core/local_settings.py']])
})

real('own-module-missing', 'an import that may fail, and a key that nobody gives then', async () => {
  const project = await bench.project({
    style: 'plain',
    settings:
      'SECRET_KEY = ""\ntry:\n    from core.secret.example_keys import *\nexcept ImportError:\n    pass\ntry:\n    from core.mine import *\nexcept ImportError:\n    pass\n',
    files: { 'backend/core/example_mine.py': 'SECRET_KEY = "of-this-machine-alone-0123456789"\n' },
  })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('own-module-missing')
  expect(answer.diagnosis?.remedy.commands).toEqual([['cp', 'backend/core/example_mine.py', 'backend/core/mine.py']])
})

real(
  'asgi-import-error',
  "a module of the project's own that nothing could be copied from is none of DJANGO_SETTINGS_MODULE's",
  async () => {
    const project = await bench.project({ style: 'plain', settings: 'from .local_settings import *\n' })
    const answer = await doctor(project.root, { url: await nobody() })
    expect(answer.id, answer.evidence).toBe('asgi-import-error')
    expect(answer.evidence).toContain("No module named 'core.local_settings'")
  },
)

real('env-not-loaded', 'the editor saved it as .env.txt', async () => {
  const project = await bench.project()
  await rename(join(project.backend, '.env'), join(project.backend, '.env.txt'))
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('env-not-loaded')
  expect(answer.evidence).toContain('backend/.env.txt is there')
})

real('env-not-loaded', 'it is in a folder of an app, in a project of django-environ', async () => {
  const project = await bench.project({ style: 'environ' })
  await rename(join(project.backend, '.env'), join(project.backend, 'updates', '.env'))
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('env-not-loaded')
  expect(answer.evidence).toContain('backend/updates/.env is there')
  expect(answer.diagnosis?.remedy.commands).toEqual([['cp', 'backend/updates/.env', 'backend/.env']])
})

real('env-not-loaded', 'silently: the default asks for Redis, and the .env that says otherwise is elsewhere', async () => {
  const port = await freePort('127.0.0.1')
  const project = await bench.project({
    hasDotenv: false,
    settings: `
if config("USE_REDIS_FOR_CHANNELS", default=True, cast=bool):
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [("127.0.0.1", ${port})]}}}
`,
    files: { 'backend/updates/.env': 'USE_REDIS_FOR_CHANNELS=False\n' },
  })
  await write(
    project,
    'backend/core/settings.py',
    (await readSettings(project)).replace('config("SECRET_KEY")', 'config("SECRET_KEY", default="only-for-tests-0000000000000000")'),
  )
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('env-not-loaded')
  expect(answer.evidence).toContain('backend/updates/.env:1: USE_REDIS_FOR_CHANNELS=False')
  expect(answer.evidence).toContain('There is no backend/.env')
})

real('env-not-loaded', 'silently: a plain project whose settings never read the .env beside manage.py', async () => {
  const redis = await bench.redis()
  const project = await bench.project({
    style: 'plain',
    hasDotenv: true,
    dotenv: [`REDIS_PORT=${redis.port}`],
    settings: `CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [("127.0.0.1", int(os.environ.get("REDIS_PORT", "${await freePort('127.0.0.1')}")))]}}}`,
  })
  const server = await bench.serve('uvicorn', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('env-not-loaded')
  expect(answer.evidence).toContain(`backend/.env:3: REDIS_PORT=${redis.port}`)
})

real('env-not-loaded', 'silently: the default of SECRET_KEY refuses the tokens of the key in the .env elsewhere', async () => {
  const key = secret('k'.repeat(20) + String(Math.random()).slice(2) + 'e'.repeat(20))
  const project = await bench.project({
    hasDotenv: false,
    consumer: jwtConsumer,
    files: { 'backend/updates/.env': `SECRET_KEY=${key}\n` },
  })
  await write(
    project,
    'backend/core/settings.py',
    (await readSettings(project)).replace('config("SECRET_KEY")', 'config("SECRET_KEY", default="only-for-tests-00000000000000000000000")'),
  )
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port), token: await tokenOf(key) })
  expect(answer.id, answer.evidence).toBe('env-not-loaded')
  expect(answer.evidence).toContain('backend/updates/.env:1: SECRET_KEY=***')
})

test('a .env in another folder that is loaded by its path: nothing is wrong', async () => {
  const project = await bench.project({
    style: 'plain',
    settings: 'from dotenv import load_dotenv\nload_dotenv(BASE_DIR / "updates" / ".env")',
    files: { 'backend/updates/.env': 'USE_REDIS_FOR_CHANNELS=False\n' },
  })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBeUndefined()
})

real('env-encoding', 'a byte order mark makes the first key another one', async () => {
  const project = await bench.project()
  await write(project, 'backend/.env', '\u{feff}SECRET_KEY=only-for-tests-000000000000000000\n')
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('env-encoding')
  expect(answer.evidence).toContain('EF BB BF')
})

real('env-encoding', 'UTF-16, as PowerShell writes it', async () => {
  const project = await bench.project({ package: 'config' })
  await write(project, 'backend/.env', Buffer.from('\u{feff}SECRET_KEY=only-for-tests-000000000000000000\r\n', 'utf16le'))
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('env-encoding')
  expect(answer.evidence).toContain('FF FE')
})

real('env-encoding', 'a byte order mark under django-environ', async () => {
  const project = await bench.project({ style: 'environ' })
  await write(project, 'backend/.env', '\u{feff}SECRET_KEY=only-for-tests-000000000000000000\n')
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('env-encoding')
})

test('CRLF and a byte order mark before a comment: nothing is wrong', async () => {
  const project = await bench.project()
  await write(project, 'backend/.env', '\u{feff}# mine\r\nSECRET_KEY=only-for-tests-000000000000000000\r\nUSE_REDIS_FOR_CHANNELS=False\r\n')
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBeUndefined()
})

real('env-value-malformed', 'a comment behind a number', async () => {
  const project = await bench.project({ dotenv: ['USE_REDIS_FOR_CHANNELS=True', 'REDIS_PORT=6379  # default'] })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('env-value-malformed')
  expect(answer.evidence).toContain('backend/.env:4: REDIS_PORT=6379  # default')
})

real('env-value-malformed', 'a host with the port in it, with the server up', async () => {
  const redis = await bench.redis()
  const project = await bench.project({
    dotenv: ['USE_REDIS_FOR_CHANNELS=True', `REDIS_HOST=127.0.0.1:${redis.port}`, `REDIS_PORT=${redis.port}`],
  })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('env-value-malformed')
  expect(answer.evidence).toContain(`REDIS_HOST in backend/.env:4 is \`127.0.0.1:${redis.port}\``)
})

real('env-shadowed', "REDIS_PORT in the environment of the server, not in the doctor's", async () => {
  const redis = await bench.redis()
  const other = String(await freePort('127.0.0.1'))
  const project = await bench.project({ dotenv: ['USE_REDIS_FOR_CHANNELS=True', `REDIS_PORT=${redis.port}`] })
  const server = await serveWith(project, { REDIS_PORT: other })
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('env-shadowed')
  expect(answer.evidence).toContain(`backend/.env:4: REDIS_PORT=${redis.port}`)
  expect(answer.evidence).toContain(`REDIS_PORT=${other}`)
  expect(answer.evidence).toContain(`PID ${server.pid}`)
})

real('env-shadowed', 'USE_REDIS_FOR_CHANNELS of the shell asks for a Redis that .env does not want', async () => {
  const project = await bench.project({
    style: 'environ',
    dotenv: ['USE_REDIS_FOR_CHANNELS=False', `REDIS_PORT=${await freePort('127.0.0.1')}`],
  })
  const server = await bench.program(
    pythonOf('main'),
    (port) => ['-m', 'uvicorn', '--host', '127.0.0.1', '--port', String(port), 'core.asgi:application'],
    { cwd: project.backend, env: { USE_REDIS_FOR_CHANNELS: 'True' } },
  )
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('env-shadowed')
  expect(answer.evidence).toContain('backend/.env:3: USE_REDIS_FOR_CHANNELS=False')
})

real('env-shadowed', 'SECRET_KEY of the shell refuses the tokens of the key in .env', async () => {
  const key = secret('s'.repeat(20) + String(Math.random()).slice(2) + 'h'.repeat(20))
  const project = await bench.project({ consumer: jwtConsumer })
  await write(project, 'backend/.env', `SECRET_KEY=${key}\n`)
  const server = await serveWith(project, { SECRET_KEY: secret(`another-${'0'.repeat(40)}`) })
  const answer = await doctor(project.root, { url: urlOf(server.port), token: await tokenOf(key) })
  expect(answer.id, answer.evidence).toBe('env-shadowed')
  expect(answer.evidence).toContain('backend/.env:1: SECRET_KEY=***')
})

test('a shell that says otherwise, and all works: nothing is wrong', async () => {
  const redis = await bench.redis()
  const project = await bench.project({ dotenv: ['USE_REDIS_FOR_CHANNELS=True', `REDIS_PORT=${await freePort('127.0.0.1')}`] })
  const server = await serveWith(project, { REDIS_PORT: String(redis.port) })
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBeUndefined()
})

async function readSettings(project: TestProject): Promise<string> {
  return readFile(join(project.backend, 'core', 'settings.py'), 'utf8')
}
