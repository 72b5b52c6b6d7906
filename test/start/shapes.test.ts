/** Healthy projects in shapes that people have: proven by start, verify and doctor, and nothing that they send harms one. */
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect } from 'vitest'
import { runCli, startCli, type RunningCli } from '../support/cli.ts'
import { freshProject, installerEnvironment, type FreshProject } from '../support/fresh-project.ts'
import { freePort } from '../support/redis.ts'
import { environmentFolder } from '../support/tools.ts'
import { variants } from '../support/variants.ts'

let project: FreshProject | undefined
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGTERM')
  await project?.remove()
})

const routed = (imports: string, routes: string) => `import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings.dev")
from django.core.asgi import get_asgi_application
http = get_asgi_application()
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path, re_path
${imports}
application = ProtocolTypeRouter({"http": http, "websocket": URLRouter([${routes}])})
`
/** The chat of the Channels tutorial: a route with a parameter, and a consumer that any message but its own is the end of. */
const chat = `import json
from channels.generic.websocket import AsyncWebsocketConsumer

class ChatConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        self.group = "chat_" + self.scope["url_route"]["kwargs"]["room_name"]
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data):
        message = json.loads(text_data)["message"]
        await self.channel_layer.group_send(self.group, {"type": "chat.message", "message": message})

    async def chat_message(self, event):
        await self.send(text_data=json.dumps({"message": event["message"]}))
`

/** The token is a part of the path, and a client has to offer a subprotocol. */
const feed = `from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from rest_framework_simplejwt.tokens import AccessToken

class FeedConsumer(AsyncJsonWebsocketConsumer):
    protocol = "votes.v1"

    async def connect(self):
        AccessToken(self.scope["url_route"]["kwargs"]["token"])
        if self.protocol not in self.scope["subprotocols"]:
            await self.close(code=4406)
        else:
            await self.accept(subprotocol=self.protocol)
`
const chatFiles = {
  'backend/server/asgi.py': routed(
    'from votes.consumers import ChatConsumer',
    String.raw`re_path(r"ws/chat/(?P<room_name>\w+)/$", ChatConsumer.as_asgi())`,
  ),
  'backend/votes/consumers.py': chat,
}
const feedFiles = {
  'backend/server/asgi.py': routed('from votes.consumers import FeedConsumer', 'path("ws/feed/<str:token>/", FeedConsumer.as_asgi())'),
  'backend/votes/consumers.py': feed,
}
const localhostFiles = {
  'backend/server/settings/dev.py': 'from .base import *\n\nDEBUG = True\nALLOWED_HOSTS = ["localhost"]\n',
}

const shapes: [where: string, files: Record<string, string>, told: string[], name: string, path: string][] = [
  ['a path with a token in it, by the subprotocol that is wanted', feedFiles, [], '127.0.0.1', '/ws/feed/election-dev-token/'],
  ['a path that is made for its route', chatFiles, [], '127.0.0.1', '/ws/chat/example/'],
  ['the path that start was told', chatFiles, ['--path', '/ws/chat/lobby/'], '127.0.0.1', '/ws/chat/lobby/'],
  ['localhost, where ALLOWED_HOSTS has that alone', localhostFiles, [], 'localhost', '/'],
]
variants(shapes, { title: 'at %s', quick: 0, timeout: 60_000 }, isProven)

async function isProven(...[, files, told, name, path]: (typeof shapes)[number]): Promise<void> {
  project = await freshProject({ files })
  const { root, backend } = project
  await symlink(environmentFolder('main'), join(backend, 'venv'))
  await writeFile(join(backend, '.env'), 'SECRET_KEY=of-no-worth-at-all-and-long-enough\n')
  const port = String(await freePort('127.0.0.1'))
  const env = installerEnvironment(false)
  cli = startCli(['start', '--setup', '--json', '--no-frontend', '--port', port, ...told], { cwd: root, env })
  await cli.waitFor(/"event":"(?:ready|end)"/)
  for (const command of ['verify', 'doctor']) {
    const { status, stdout } = await runCli([command, '--json'], { cwd: root, env })
    expect(status, stdout).toBe(0)
    // the doctor names the address that it has come to
    expect(stdout).toMatch(new RegExp(`ws://(?:127.0.0.1|${name}):${port}${path}`))
    expect(stdout).toContain(`"origin":"http://${name}:${port}"`)
  }
  const { stdout } = await cli.end('SIGINT')
  expect(stdout).toMatch(new RegExp(`"event":"ready".*"url":"ws://${name}:${port}${path}[^"]*","state":"connected"`))
  expect(stdout).toContain(`"url":"http://${name}:${port}/"`)
  expect(stdout).not.toMatch(/Traceback|"event":"diagnosis"|"state":"not-connected"|ping-unanswered|eyJ/)
}
