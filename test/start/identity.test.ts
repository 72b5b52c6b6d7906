/** As whom the WebSocket is proven: a session that is made through the project's own engine, and taken back. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli, startCli, startOnTerminal } from '../support/cli.ts'
import { ending } from '../support/ends.ts'
import { listening } from '../support/node-servers.ts'
import { browser } from '../support/page-look.ts'
import { freePort } from '../support/redis.ts'
import { startServer } from '../support/servers.ts'
import { engines, guards, deleteRows, migrate, rowsOf, sessionProject, sessionsOf, tokenApps } from '../support/session-project.ts'
import type { ProjectOptions, TestProject } from '../support/project.ts'

const { project, keep } = ending()

async function begin(made: TestProject, ...args: readonly string[]) {
  const port = String(await freePort('127.0.0.1'))
  const cli = startCli(['start', '--json', '--no-frontend', '--port', port, ...args], { cwd: made.root })
  keep({ stop: () => cli.end('SIGTERM') })
  const [ready] = await cli.waitFor(/\{[^\n]*"event":"(?:ready|end)"[^\n]*/)
  return { cli, ready, port }
}

type Case = [engine: Parameters<typeof sessionProject>[0], guard: keyof typeof guards, server: 'daphne' | 'uvicorn' | 'hypercorn']
const cases: Case[] = [
  ['database', 'before', 'daphne'],
  ['database', 'after', 'uvicorn'],
  ['cached_db', 'before', 'hypercorn'],
  ['file', 'after', 'daphne'],
  ['cache', 'before', 'uvicorn'],
  ['signed_cookies', 'after', 'hypercorn'],
]

const title = '%s, closed %s accept, on %s: as the user, and nothing is left'
test.each(cases.slice(0, 1))(title, { timeout: 60_000 }, isUser)
test.each(cases.slice(1))(title, { timeout: 60_000, tags: ['slow'] }, isUser)

async function isUser(...[engine, guard, server]: Case): Promise<void> {
  const made = await project(sessionProject(engine, guards[guard]))
  await migrate(made, ['usher', '+warden'])
  const { cli, ready, port } = await begin(made, '--server', server)
  expect(ready).toContain('"state":"connected","user":"warden"')
  expect(ready).toContain("warden is an account of this project's database")
  const kept = await sessionsOf(made)
  expect(kept).toBe(['cache', 'signed_cookies'].includes(engine) ? 0 : 1)
  const url = `ws://127.0.0.1:${port}/ws/rota/`
  for (const args of [['verify'], ['doctor'], ['verify', url], ['doctor', '--url', url]]) {
    const { status, stdout } = await runCli([...args, '--json'], { cwd: made.root })
    // what is kept in the memory of the server, no other process can write
    expect(status, stdout).toBe(engine === 'cache' ? 1 : 0)
    if (engine === 'cache') expect(stdout).toMatch(/session-missing.*sessions are kept in the memory of the server/s)
  }
  expect(await sessionsOf(made)).toBe(kept)
  const { status, stdout } = await cli.end('SIGINT')
  expect(status).toBe(130)
  expect(await sessionsOf(made)).toBe(0)
  expect(stdout).not.toMatch(engine === 'cache' ? /sessionid=/ : /Traceback|sessionid=|votes_session=/)
}

test('the session is taken back where the launcher is killed', { timeout: 60_000 }, async () => {
  const made = await project(sessionProject('database', guards.before))
  await migrate(made, ['usher'])
  const { cli, ready } = await begin(made, '--user', 'usher')
  expect(ready).toContain('"user":"usher"')
  expect(ready).not.toContain('is an account')
  expect(await sessionsOf(made)).toBe(1)
  await cli.end('SIGKILL')
  await expect.poll(() => sessionsOf(made), { timeout: 10_000 }).toBe(0)
})

/** Serves a page in a process of its own, which works in `cwd`; each line it prints is the cookies of a request. */
async function pageIn(cwd: string): Promise<{ readonly origin: string; readonly cookies: () => string }> {
  const script = `require('node:http').createServer((request, response) => {
    console.log('cookies: ' + (request.headers.cookie ?? 'none'))
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>')
  }).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
  const child = spawn(process.execPath, ['-e', script], { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  keep({
    stop: async () => {
      child.kill()
      await exited
    },
  })
  let said = ''
  child.stdout.on('data', (chunk) => (said += String(chunk)))
  await expect.poll(() => said, { timeout: 10_000 }).toMatch(/^\d+\n/)
  return { origin: `http://localhost:${Number.parseInt(said, 10)}`, cookies: () => said }
}

test.skipIf(browser === undefined)(
  'the page gets the session where a process of the project serves it',
  { timeout: 90_000, tags: ['slow'] },
  async () => {
    const made = await project(sessionProject('database', guards.before))
    await migrate(made, ['usher'])
    const { port } = await begin(made)
    for (const cwd of [made.root, tmpdir()]) {
      const page = await pageIn(cwd)
      const looked = await runCli(['verify', '--json', '--browser', '--port', port, '--origin', page.origin], { cwd: made.root })
      expect(looked.stdout).toContain('"state":"yellow"')
      if (cwd === made.root) {
        expect(page.cookies()).toMatch(/cookies: \w+=\w{20}/)
        expect(looked.stdout).not.toContain('opened without a user')
      } else {
        expect(page.cookies()).not.toMatch(/cookies: (?!none)/)
        expect(looked.stdout).toMatch(
          /opens no WebSocket .* · opened without a user: PID \d+, .* is not seen to be a process of this project/,
        )
      }
    }
  },
)

const at = (port: number) => `ws://127.0.0.1:${port}/ws/rota/`

test('of several URLs each of this project is come to as the same user, and a stranger as nobody', { timeout: 90_000 }, async () => {
  const made = await project(sessionProject('database', guards.before))
  await migrate(made, ['usher'])
  const [one, other] = [await startServer('daphne', made), await startServer('daphne', made)]
  keep(one)
  keep(other)
  const cookies: (string | undefined)[] = []
  const stranger = createServer().on('upgrade', ({ headers }, socket) => {
    cookies.push(headers.cookie)
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  })
  const named = [at(one.port), at(other.port), at(await listening(keep, stranger))].flatMap((url) => ['--url', url])
  const send = ['--send', '{"text": "{marker}"}']
  const both = await runCli(['verify', '--json', ...named.slice(0, 4), ...send], { cwd: made.root })
  expect(JSON.parse(both.stdout)).toMatchObject({ instances: [{ state: 'proven' }, { state: 'proven' }] })
  const doctor = await runCli(['doctor', ...named], { cwd: made.root })
  const strange = new RegExp(`The instance at ${named.at(-1)}: .*token-missing[^]*goes to a server of this project alone: PID \\d+`)
  expect(doctor.stdout).toMatch(strange)
  expect(doctor.stdout).not.toContain(`The instance at ${at(other.port)}`)
  expect(cookies.length).toBeGreaterThan(0)
  expect(cookies).toEqual(cookies.map(() => undefined))
  expect(await sessionsOf(made)).toBe(0)
})

test('the user that the setup makes is the one', { timeout: 60_000, tags: ['slow'] }, async () => {
  const made = await project(sessionProject('database', guards.before))
  const { cli, ready } = await begin(made, '--setup')
  expect(ready).toContain('"user":"developer"')
  expect(ready).not.toContain('is an account')
  await cli.end('SIGINT')
  await migrate(made, ['+aadmin'])
  const again = await begin(made)
  expect(again.ready).toContain('"user":"developer"')
})

test('sessions on another machine are not written to', { timeout: 60_000 }, async () => {
  const made = await project({
    ...sessionProject('cache', guards.before),
    settings: `${engines.cache}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://cache.example.invalid:6379/1"}}`,
  })
  await migrate(made, ['usher'])
  const { ready } = await begin(made)
  expect(ready).toContain('"state":"wants-token"')
  expect(ready).toMatch(/session-missing.*sessions are kept on cache\.example\.invalid, which is another machine/)
})

test('and are asked about on a terminal', { timeout: 60_000, tags: ['slow'] }, async () => {
  const made = await project({
    ...sessionProject('cache', guards.before),
    settings: `${engines.cache}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://cache.example.invalid:6379/1"}}`,
  })
  await migrate(made, ['usher'])
  const port = String(await freePort('127.0.0.1'))
  const cli = startOnTerminal(['start', '--no-frontend', '--port', port], { cwd: made.root })
  keep({ stop: () => cli.end('SIGTERM') })
  await cli.waitFor(/What identifies usher is kept on cache\.example\.invalid, which is another machine\. Make it there/)
  cli.child.stdin?.write('y\n')
  // the name leads nowhere: that it was tried is what there is to see
  await cli.waitFor(/wants\s+a\s+login[\s\S]*No session could be made: \w*(?:Connection|gai)\w*/)
})

const own = (consumer: string, more: ProjectOptions = {}): ProjectOptions => ({ ...sessionProject('database', ''), consumer, ...more })

test('a rule of the application is told with its code, file and line', { tags: ['slow'], timeout: 60_000 }, async () => {
  const made = await project(
    own(`from channels.generic.websocket import AsyncWebsocketConsumer

class Updates(AsyncWebsocketConsumer):
    async def connect(self):
        await self.accept()
        if not self.scope["user"].groups.model or not self.scope["user"].is_staff:
            await self.refuse(4403)

    async def refuse(self, code):
        await self.close(code=code)
`),
  )
  await migrate(made, ['usher'])
  const { ready, port } = await begin(made)
  expect(ready).toContain('"state":"refused"')
  expect(ready).toMatch(/"id":"application-refuses".*refuses usher.*closes with 4403 at updates\/consumers\.py:7: if .*is_staff/)
  const verified = await runCli(['verify', '--json', '--port', port], { cwd: made.root })
  expect(verified.stdout).toMatch(/"state":\s*"refused".*"application-refuses"/s)
})

/** A middleware of the project's own: where it reads the token, and how it finds the user by one. */
const middleware = (read: string, find: string) => `from urllib.parse import parse_qs
from channels.db import database_sync_to_async
from django.contrib.auth.models import AnonymousUser
${find}

class Reading:
    def __init__(self, inner):
        self.inner = inner

    async def __call__(self, scope, receive, send):
        token = ${read}
        user = await database_sync_to_async(user_of)(token) if token else None
        return await self.inner({**scope, "user": user or AnonymousUser()}, receive, send)
`
const authtoken = `from rest_framework.authtoken.models import Token
def user_of(key):
    found = Token.objects.select_related("user").filter(key=key).first()
    return found and found.user`
const pyjwt = `import jwt
from django.conf import settings
from django.contrib.auth import get_user_model
def user_of(token):
    claims = jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"])
    return get_user_model().objects.get(pk=claims["user_id"])`

const tokens: readonly (readonly [name: string, find: string, read: string, accept: string])[] = [
  ['authtoken in the query', authtoken, 'parse_qs(scope["query_string"].decode()).get("auth", [""])[0]', 'await self.accept()'],
  [
    'authtoken in a header',
    authtoken,
    'dict(scope["headers"]).get(b"authorization", b"").decode().partition("Token ")[2]',
    'await self.accept()',
  ],
  ['PyJWT in a cookie', pyjwt, 'scope["cookies"].get("votes_jwt")', 'await self.accept()'],
  [
    'PyJWT after a subprotocol',
    pyjwt,
    '(scope["subprotocols"] + ["", ""])[1] if scope["subprotocols"][:1] == ["bearer"] else ""',
    'await self.accept(subprotocol="bearer")',
  ],
]
test.each(tokens)('%s', { timeout: 60_000, tags: ['slow'] }, isTokensUser)

async function tokensProject([, find, read, accept]: (typeof tokens)[number], files: Readonly<Record<string, string>> = {}) {
  const made = await project({
    ...sessionProject(
      'database',
      `if not self.scope["user"].is_authenticated:\n            await self.close(code=4401)\n        else:\n            ${accept}`,
    ),
    installedApps: tokenApps,
    asgi: `import os
from django.core.asgi import get_asgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
http = get_asgi_application()
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.sessions import CookieMiddleware
from django.urls import path
from updates.consumers import Updates
from updates.reading import Reading
application = ProtocolTypeRouter({"http": http, "websocket": CookieMiddleware(Reading(URLRouter([path("ws/rota/", Updates.as_asgi())])))})
`,
    files: { 'backend/updates/reading.py': middleware(read, find), ...files },
  })
  await migrate(made, ['usher'])
  return made
}

async function isTokensUser(...row: (typeof tokens)[number]): Promise<void> {
  const [name] = row
  const made = await tokensProject(row)
  const { cli, ready, port } = await begin(made)
  expect(ready).toContain('"state":"connected","user":"usher"')
  for (const args of [['verify'], ['doctor'], ['verify', at(Number(port))]]) {
    const { status, stdout } = await runCli([...args, '--json'], { cwd: made.root })
    expect(status, stdout).toBe(0)
  }
  // that URL is a page's, which would have its token in it
  const named = await runCli(['doctor', '--json', '--url', at(Number(port))], { cwd: made.root })
  expect(JSON.parse(named.stdout)).toMatchObject({ diagnosis: name.endsWith('in the query') ? { id: 'token-missing' } : null })
  const { stdout } = await cli.end('SIGINT')
  expect(await rowsOf(made, 'authtoken_token')).toBe(0)
  expect(stdout).not.toMatch(/Traceback|eyJ|\b[0-9a-f]{40}\b/)
}

const bySubprotocol = tokens.filter(([name]) => name.endsWith('after a subprotocol'))
test.each(bySubprotocol)('%s, which a page calls another one', { timeout: 60_000, tags: ['slow'] }, async (...row) => {
  const page = "export const open = (token) => new WebSocket('ws://localhost:8000/ws/rota/', ['access_token', token])\n"
  const made = await tokensProject(row, { 'frontend/src/live.js': page })
  const { ready } = await begin(made)
  const { stdout } = await runCli(['doctor', '--json'], { cwd: made.root })
  for (const told of [ready, stdout]) {
    expect(told).toMatch(/"id":\s*"subprotocol-mismatch"/)
    expect(told).toContain('The page offers access_token with its token, and the application reads the token after bearer')
    expect(told).toContain('The page offers access_token (frontend/src/live.js:1)')
  }
})

test('nothing that stands for a user goes to a program that is not this project’s', { timeout: 60_000 }, async () => {
  const got: string[] = []
  const stranger = createServer((request, response) => {
    got.push(`${request.url} ${JSON.stringify(request.headers)}`)
    response.end()
  })
  stranger.on('upgrade', (request, socket) => {
    got.push(`${request.url} ${JSON.stringify(request.headers)}`)
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  })
  const port = await listening(keep, stranger)
  const made = await project({
    ...sessionProject('database', guards.before),
    files: { 'frontend/src/live.js': `new WebSocket('ws://127.0.0.1:${port}/ws/rota/')\n` },
  })
  await migrate(made, ['usher'])
  const url = `ws://127.0.0.1:${port}/ws/rota/`
  for (const args of [
    ['verify', '--port', String(port)],
    ['doctor', '--port', String(port)],
    ['doctor'],
    ['verify', url],
    ['doctor', '--url', url],
  ]) {
    got.length = 0
    await runCli([...args, '--json'], { cwd: made.root })
    expect(got.join('\n')).toMatch(/upgrade/)
    expect(got.join('\n')).not.toMatch(/cookie|sessionid|token=|authorization/i)
  }
})

/** Ends every socket that was opened before the file `end-now` was written. */
const endable = `${guards.before}
        import asyncio, os, time
        begun = time.time()
        async def end():
            while not os.path.exists("end-now") or os.path.getmtime("end-now") < begun:
                await asyncio.sleep(0.05)
            await self.close(code=4000)
        self.ending = asyncio.ensure_future(end())`
/** A clock that is set forward by SIGUSR2. */
const clock = `const now = performance.now.bind(performance)
let ahead = 0
performance.now = () => now() + ahead
process.on('SIGUSR2', () => { ahead = 51 * 60_000 })`

test('before its hour is over the session is made anew for the next proof', { timeout: 60_000, tags: ['slow'] }, async () => {
  const made = await project(sessionProject('database', endable))
  await migrate(made, ['usher'])
  const port = String(await freePort('127.0.0.1'))
  const cli = startCli(['start', '--json', '--no-frontend', '--port', port], {
    cwd: made.root,
    env: { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(clock)}` },
  })
  keep({ stop: () => cli.end('SIGTERM') })
  await cli.waitFor(/"event":"ready".*"user":"usher"/)
  await deleteRows(made, 'django_session')
  cli.child.kill('SIGUSR2')
  await writeFile(join(made.backend, 'end-now'), '')
  await cli.waitFor(/"event":"ready"[^]*"state":"not-connected"[^]*"state":"connected"/)
  expect(await sessionsOf(made)).toBe(1)
})
