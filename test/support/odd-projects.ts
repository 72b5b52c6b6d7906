/** Ten healthy projects in shapes that people have, for whatever must not take an oddity for a fault. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ProjectOptions, TestProject } from './project.ts'
import { pythonOf, type EnvironmentName } from './tools.ts'

const run = promisify(execFile)

/** One of them. */
export interface OddProject {
  readonly title: string
  readonly options: ProjectOptions
  /** The path that is proven, as a pattern. */
  readonly path: RegExp
  /** Who is seen at the consumer; undefined: the application doesn't ask. */
  readonly user?: string
  /** Python that is run by manage.py shell once the tables are there. */
  readonly rows?: string
}

const apps = ['django.contrib.contenttypes', 'django.contrib.auth', 'django.contrib.sessions', 'channels', 'updates']

const asgi = (imports: string, application: string) => `import os
from django.core.asgi import get_asgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
http = get_asgi_application()
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator, OriginValidator
from django.urls import path, re_path
from updates.consumers import *
${imports}
${application}
`
const routed = (routes: string, around = 'AllowedHostsOriginValidator(%)') =>
  asgi('', `application = ProtocolTypeRouter({"http": http, "websocket": ${around.replace('%', `URLRouter([${routes}])`)}})`)

const consumer = (body: string, name = 'Updates', base = 'AsyncJsonWebsocketConsumer') => `from channels.generic.websocket import ${base}

class ${name}(${base}):
${body.replace(/^/gm, '    ')}
`

const tokenReader = `from channels.db import database_sync_to_async
from django.contrib.auth.models import AnonymousUser
from rest_framework.authtoken.models import Token

@database_sync_to_async
def user_of(key):
    found = Token.objects.select_related("user").filter(key=key).first()
    return found.user if found else AnonymousUser()

class TokenHeader:
    def __init__(self, inner):
        self.inner = inner

    async def __call__(self, scope, receive, send):
        kind, _, key = dict(scope["headers"]).get(b"authorization", b"").decode().partition(" ")
        user = await user_of(key) if kind == "Token" else AnonymousUser()
        return await self.inner(dict(scope, user=user), receive, send)
`

const isKnown = 'if not self.scope["user"].is_authenticated:\n    await self.close(code=4401)\nelse:\n    await self.accept()'
const connect = (body: string) => `async def connect(self):\n${body.replace(/^/gm, '    ')}`

export const oddProjects: readonly OddProject[] = [
  {
    title: 'a chat whose messages are all its own, at a pattern without ^',
    path: /^\/ws\/chat\/\w+\/$/,
    options: {
      asgi: routed(String.raw`re_path(r"ws/chat/(?P<room>\w+)/$", Chat.as_asgi())`),
      consumer: `import json\n${consumer(
        `async def connect(self):
    self.room = "chat_" + self.scope["url_route"]["kwargs"]["room"]
    await self.channel_layer.group_add(self.room, self.channel_name)
    await self.accept()

async def receive(self, text_data):
    await self.channel_layer.group_send(self.room, {"type": "chat.message", "text": json.loads(text_data)["message"]})

async def chat_message(self, event):
    await self.send(text_data=event["text"])`,
        'Chat',
        'AsyncWebsocketConsumer',
      )}`,
    },
  },
  {
    title: 'a nested router, a row by its key, a session in the database',
    path: /^\/live\/groups\/1\/$/,
    user: 'usher',
    rows: 'from django.contrib.auth.models import Group; Group.objects.create(name="one")',
    options: {
      installedApps: apps,
      asgi: routed(
        'path("live/", URLRouter([path("groups/<int:group_id>/", Updates.as_asgi())]))',
        'AllowedHostsOriginValidator(AuthMiddlewareStack(%))',
      ),
      consumer: `from channels.db import database_sync_to_async\nfrom channels.exceptions import DenyConnection\nfrom django.contrib.auth.models import Group\n${consumer(
        connect(`if self.scope["user"].is_anonymous:
    raise DenyConnection("log in")
await database_sync_to_async(Group.objects.get)(pk=self.scope["url_route"]["kwargs"]["group_id"])
await self.accept()`),
      )}`,
    },
  },
  {
    title: 'a session in a signed cookie of another name, refused after accept',
    path: /^\/sock$/,
    user: 'usher',
    options: {
      installedApps: apps,
      settings: 'SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"\nSESSION_COOKIE_NAME = "rota_sid"',
      asgi: routed('path("sock", Updates.as_asgi())', 'AuthMiddlewareStack(%)'),
      consumer: consumer(connect('await self.accept()\nif self.scope["user"].is_anonymous:\n    await self.close(code=4001)')),
    },
  },
  {
    title: 'a token of authtoken in a header',
    path: /^\/ws\/rota\/$/,
    user: 'usher',
    options: {
      installedApps: [...apps, 'rest_framework', 'rest_framework.authtoken'],
      asgi: asgi(
        'from updates.reader import TokenHeader',
        'application = ProtocolTypeRouter({"http": http, "websocket": TokenHeader(URLRouter([path("ws/rota/", Updates.as_asgi())]))})',
      ),
      consumer: consumer(connect(isKnown)),
      files: { 'backend/updates/reader.py': tokenReader },
    },
  },
  {
    title: 'a subprotocol that is wanted, and Origins of localhost alone',
    path: /^\/ws\/feed\/$/,
    options: {
      asgi: routed(
        'path("ws/feed/", Updates.as_asgi())',
        'OriginValidator(%, ["http://localhost", "http://.localhost:5173", "localhost"])',
      ),
      consumer: consumer(
        `protocol = "rota.v2"\n\n${connect('if self.protocol not in self.scope["subprotocols"]:\n    await self.close(code=4406)\nelse:\n    await self.accept(subprotocol=self.protocol)')}`,
      ),
    },
  },
  {
    title: 'a function around it all, and ALLOWED_HOSTS of localhost alone',
    path: /^\/ws\/desk\/$/,
    options: {
      settings: 'ALLOWED_HOSTS = ["localhost"]',
      asgi: asgi(
        '',
        `sockets = AllowedHostsOriginValidator(URLRouter([path("ws/desk/", Updates.as_asgi())]))

async def application(scope, receive, send):
    if scope["type"] == "websocket":
        return await sockets(scope, receive, send)
    return await http(scope, receive, send)`,
      ),
      consumer: consumer(connect('await self.accept()')),
    },
  },
  {
    title: 'three WebSockets, one of them synchronous',
    path: /^\/ws\/a\/$/,
    options: {
      asgi: routed('path("ws/a/", Updates.as_asgi()), path("ws/b/<slug:name>/", Updates.as_asgi()), path("ws/c/", Old.as_asgi())'),
      consumer: `${consumer(connect('await self.accept()'))}
${consumer('groups = ["old"]\n\ndef connect(self):\n    self.accept()', 'Old', 'WebsocketConsumer')}`,
    },
  },
  {
    title: 'a consumer that speaks first, and never hears anything',
    path: /^\/ticker\/$/,
    options: {
      asgi: routed('path("ticker/", Updates.as_asgi())'),
      consumer: `import asyncio\n${consumer(`${connect('await self.accept()\nself.task = asyncio.ensure_future(self.tick())')}

async def tick(self):
    while True:
        await self.send_json({"tick": True})
        await asyncio.sleep(0.2)

async def disconnect(self, code):
    if hasattr(self, "task"):
        self.task.cancel()

async def receive_json(self, content):
    raise ValueError("nobody speaks here")`)}`,
    },
  },
  {
    title: 'a token in the path, of simplejwt',
    path: /^\/ws\/votes\/election-dev-token\/$/,
    options: {
      asgi: routed('path("ws/votes/<str:token>/", Updates.as_asgi())'),
      consumer: `from rest_framework_simplejwt.tokens import AccessToken\n${consumer(connect('AccessToken(self.scope["url_route"]["kwargs"]["token"])\nawait self.accept()'))}`,
    },
  },
  {
    title: 'a consumer of its own kind, with no layer',
    path: /^\/echo\/$/,
    options: {
      settings: 'CHANNEL_LAYERS = {}',
      asgi: routed('path("echo/", Updates.as_asgi())'),
      consumer: `from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer

class Updates(AsyncConsumer):
    async def websocket_connect(self, event):
        await self.send({"type": "websocket.accept"})

    async def websocket_receive(self, event):
        await self.send({"type": "websocket.send", "text": event["text"].upper()})

    async def websocket_disconnect(self, event):
        raise StopConsumer()
`,
    },
  },
]

/** Tables, a user, and the rows that it wants. */
export async function fillOdd({ backend }: TestProject, { rows }: OddProject, environment: EnvironmentName = 'main'): Promise<void> {
  const manage = (...args: readonly string[]) => run(pythonOf(environment), ['manage.py', ...args], { cwd: backend })
  await manage('migrate')
  await manage('shell', '-c', `from django.contrib.auth.models import User; User.objects.create_user("usher")\n${rows ?? ''}`)
}
