/** The chat of the Channels tutorial: a route with a parameter, and a consumer that any message but its own is the end of. */
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { runCli, startCli, type RunningCli } from '../support/cli.ts'
import { freshProject, installerEnvironment, type FreshProject } from '../support/fresh-project.ts'
import { freePort } from '../support/redis.ts'
import { environmentFolder } from '../support/tools.ts'

let project: FreshProject | undefined
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGTERM')
  await project?.remove()
})

const asgi = `import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings.dev")
from django.core.asgi import get_asgi_application
http = get_asgi_application()
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path
from votes.consumers import ChatConsumer
application = ProtocolTypeRouter({"http": http, "websocket": URLRouter([re_path(r"ws/chat/(?P<room_name>\\w+)/$", ChatConsumer.as_asgi())])})
`
const consumers = `import json
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

test.each([
  ['at a path that is made for its route', [], '/ws/chat/example/'],
  ['at the path that start was told', ['--path', '/ws/chat/lobby/'], '/ws/chat/lobby/'],
])('is proven by start, verify and doctor %s, and nothing that they send harms it', { timeout: 60_000 }, async (_, told, path) => {
  project = await freshProject({ files: { 'backend/server/asgi.py': asgi, 'backend/votes/consumers.py': consumers } })
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
    expect(stdout).toContain(`ws://127.0.0.1:${port}${path}`)
  }
  const { stdout } = await cli.end('SIGINT')
  expect(stdout).toMatch(new RegExp(`"event":"ready".*"url":"ws://127.0.0.1:${port}${path}","state":"connected"`))
  expect(stdout).not.toMatch(/Traceback|"event":"diagnosis"|"state":"not-connected"|ping-unanswered/)
})
