/** A consumer that accepts, and wants to hear in its first message who comes: a proof counts once that was said. */
import { expect, test } from 'vitest'
import { runCli, startCli } from '../support/cli.ts'
import { ending } from '../support/ends.ts'
import type { ProjectOptions } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { migrate, rowsOf, tokenApps } from '../support/session-project.ts'
import { variants } from '../support/variants.ts'

const { project, keep } = ending()

const imports = `import asyncio, json
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer, AsyncWebsocketConsumer
`
const authtoken = `
@database_sync_to_async
def user_of(key):
    from rest_framework.authtoken.models import Token
    found = Token.objects.select_related("user").filter(key=key).first()
    return found and found.user
`
const pyjwt = `
@database_sync_to_async
def user_of(token):
    import jwt
    from django.conf import settings
    from django.contrib.auth import get_user_model
    try:
        return get_user_model().objects.get(pk=jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"])["user_id"])
    except jwt.InvalidTokenError:
        return None
`
/** It waits for two seconds, and closes then. */
const waiting = `
    user = None

    async def connect(self):
        await self.accept()
        self.waiting = asyncio.create_task(self.end())

    async def end(self):
        await asyncio.sleep(3)
        if self.user is None:
            await self.close(code=4401)
`
const kinds = `${imports}${authtoken}
class Updates(AsyncJsonWebsocketConsumer):${waiting}
    async def receive_json(self, content):
        kind = content.get("type")
        if self.user is None and kind != "auth":
            await self.close(code=4401)
            return
        await self.authenticate(content.get("token", ""))

    async def authenticate(self, key):
        self.user = await user_of(key)
        if self.user is None:
            await self.close(code=4401)
            return
        await self.channel_layer.group_add("votes", self.channel_name)
        await self.send_json({"type": "welcome"})
`
const actions = `${imports}${pyjwt}
class Updates(AsyncJsonWebsocketConsumer):${waiting}
    async def receive_json(self, content):
        if content["action"] == "authenticate":
            self.user = await user_of(content["payload"]["jwt"])
            if self.user is None:
                await self.close(code=4401)
`
const bare = `${imports}${pyjwt.replaceAll('user_of', 'user_of_token')}
class Updates(AsyncWebsocketConsumer):${waiting}
    async def receive(self, text_data=None, bytes_data=None):
        self.user = await user_of_token(text_data)
        if self.user is None:
            await self.close(code=4401)
`
const untold = kinds
  .replace('kind != "auth"', 'kind not in self.known()')
  .replace('    async def authenticate', '    def known(self):\n        return ["aut" + "h"]\n\n    async def authenticate')

const made = (consumer: string, page?: string): ProjectOptions => ({
  consumer,
  installedApps: tokenApps,
  asgi: `import os
from django.core.asgi import get_asgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
http = get_asgi_application()
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path
from updates.consumers import Updates
application = ProtocolTypeRouter({"http": http, "websocket": URLRouter([path("ws/rota/", Updates.as_asgi())])})
`,
  files: page === undefined ? {} : { 'frontend/src/useRota.js': page },
})
const page = `export function useRota() {
  const socket = new WebSocket(\`ws://\${location.host}/ws/rota/\`)
  socket.onopen = () => socket.send(JSON.stringify({ type: 'auth', token: token() }))
}
`

async function begin(options: ProjectOptions, users: readonly string[] = ['usher']) {
  const at = await project(options)
  await migrate(at, users)
  const port = String(await freePort('127.0.0.1'))
  const cli = startCli(['start', '--json', '--no-frontend', '--port', port], { cwd: at.root })
  keep({ stop: () => cli.end('SIGTERM') })
  const [ready] = await cli.waitFor(/\{[^\n]*"event":"(?:ready|end)"[^\n]*/)
  return { at, cli, ready, port }
}

const said: [name: string, options: ProjectOptions][] = [
  ['as the page sends it, for a consumer that names its kind', made(kinds, page)],
  ['as the consumer reads it: another kind, one key within another', made(actions)],
  ['as the page sends it, where the consumer doesn’t tell its kind', made(untold, page)],
  ['a bare token', made(bare)],
]
variants(said, { quick: 1, timeout: 60_000 }, async (_, options) => {
  const { at, cli, ready, port } = await begin(options)
  expect(ready).toContain('"state":"connected"')
  expect(ready).toMatch(/"broadcast":\{"sent":2,"received":2/)
  for (const args of [['verify'], ['verify', `ws://127.0.0.1:${port}/ws/rota/`], ['doctor']]) {
    const { status, stdout } = await runCli([...args, '--json'], { cwd: at.root })
    expect(status, stdout).toBe(0)
  }
  const { stdout } = await cli.end('SIGINT')
  expect(stdout).not.toMatch(/"state":"not-connected"|Traceback|eyJ|\b[0-9a-f]{40}\b/)
  expect(await rowsOf(at, 'authtoken_token')).toBe(0)
})

test('one that can’t be read is asked for, and nothing is green', { timeout: 60_000 }, async () => {
  const { at, cli, ready } = await begin(made(untold))
  expect(ready).toContain('"state":"wants-token"')
  expect(ready).toMatch(/wants a token as its first message.*updates\/consumers\.py:\d+/)
  const { status, stdout } = await runCli(['doctor', '--json'], { cwd: at.root })
  expect(status).toBe(1)
  expect(stdout).toMatch(/"token-missing"[^]*as its first message/)
  const over = await cli.end('SIGINT')
  expect(over.stdout).not.toContain('"state":"connected"')
})

test('nor without anybody whom a token could be made for', { timeout: 60_000, tags: ['slow'] }, async () => {
  const { ready } = await begin(made(kinds, page), [])
  expect(ready).toMatch(/"state":"wants-token".*as its first message; none was sent.*frontend\/src\/useRota\.js:3/)
})

test('what raises after it is seen', { timeout: 60_000, tags: ['slow'] }, async () => {
  const { at, ready } = await begin(made(kinds.replace('"votes"', 'self.group'), page))
  expect(ready).toMatch(/"id":"consumer-exception".*no attribute 'group'.*updates\/consumers\.py:\d+/)
  const { stdout } = await runCli(['doctor', '--json'], { cwd: at.root })
  expect(stdout).toMatch(/"consumer-exception"[^]*no attribute 'group'/)
})
