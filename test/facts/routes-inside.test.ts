/** What the look from inside tells of routes: through wrappers of any kind, and what the sources of their consumers say. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { prepareEnvironment, pythonOf, root, run } from '../support/tools.ts'

beforeAll(() => prepareEnvironment('main'), 120_000)

/** Runs a program beside the package, with Django set up; gives what it prints as JSON. */
async function asked(modules: Readonly<Record<string, string>>, program: string): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'election-dev-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const [name, text] of Object.entries(modules)) await writeFile(join(folder, `${name}.py`), text)
  const begin = `
import json, sys
sys.path[:0] = sys.argv[1:]
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"], STATIC_URL="static/",
                   DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
django.setup()
`
  const { stdout } = await run(pythonOf('main'), ['-c', begin + program, join(root, 'src/inside'), folder])
  return JSON.parse(stdout)
}

const wrapped = `
import functools
from channels.auth import AuthMiddlewareStack
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from django.urls import path, re_path

class Updates(AsyncWebsocketConsumer):
    pass

class Slotted:
    __slots__ = ("_next",)
    def __init__(self, inner):
        self._next = inner
    async def __call__(self, scope, receive, send):
        await self._next(scope, receive, send)

class Listed:
    def __init__(self, *inner):
        self.chain = list(inner)
    async def __call__(self, scope, receive, send):
        await self.chain[0](scope, receive, send)

def decorated(inner):
    async def timed(scope, receive, send):
        await inner(scope, receive, send)
    return timed

async def handed(inner, scope, receive, send):
    await inner(scope, receive, send)

http = get_asgi_application()
sockets = URLRouter([path("ws/a/", Updates.as_asgi())])
router = ProtocolTypeRouter({"http": http, "websocket": AuthMiddlewareStack(sockets)})

async def by_type(scope, receive, send):
    if scope["type"] == "websocket":
        await sockets(scope, receive, send)
    else:
        await http(scope, receive, send)

async def by_hand(scope, receive, send):
    if scope["type"] != "websocket":
        return await http(scope, receive, send)
    await receive()
    await send({"type": "websocket.accept"})

class Router(URLRouter):
    pass

every = {
    "slots": Slotted(router),
    "a list": Listed(router),
    "a closure": decorated(router),
    "a partial": functools.partial(handed, router),
    "a method": Slotted(Slotted(router)).__call__,
    "static files": ASGIStaticFilesHandler(router),
    "a subclass": ProtocolTypeRouter({"http": http, "websocket": Router([path("ws/a/", Updates.as_asgi())])}),
    "a function by type": by_type,
    "middleware at the route": ProtocolTypeRouter({"websocket": URLRouter([path("ws/a/", decorated(Updates.as_asgi()))])}),
    "nested": ProtocolTypeRouter({"websocket": URLRouter([re_path(r"^ws/", AuthMiddlewareStack(URLRouter([path("a/", Updates.as_asgi())])))])}),
    "a consumer alone": ProtocolTypeRouter({"websocket": AuthMiddlewareStack(Updates.as_asgi())}),
    "by hand": by_hand,
    "by hand beside a router": decorated(Listed(by_hand, ProtocolTypeRouter({"http": http}))),
    "no WebSocket": ProtocolTypeRouter({"http": http}),
    "Django alone": http,
    "no routes": ProtocolTypeRouter({"websocket": URLRouter([])}),
}
`

test('routes through wrappers of every kind; what could not be read is told apart from what is not there', async () => {
  const told = await asked(
    { wrapped },
    `
import wrapped
from election_dev_inside import routes
told = {}
routes.tell = lambda fact, **what: told.update({name: [what["kind"], what["websocket"], what["unread"], [route["route"] for route in what["routes"]]]})
for name, application in wrapped.every.items():
    routes.facts(application)
print(json.dumps(told))
`,
  )
  const read = ['router', true, false, ['ws/a/']]
  expect(told).toEqual({
    slots: read,
    'a list': read,
    'a closure': read,
    'a partial': read,
    'a method': read,
    'static files': read,
    'a subclass': read,
    'a function by type': ['other', true, false, ['ws/a/']],
    'middleware at the route': read,
    nested: ['router', true, false, ['^ws/a/']],
    'a consumer alone': ['router', true, false, ['']],
    'by hand': ['other', false, true, []],
    'by hand beside a router': ['router', false, true, []],
    'no WebSocket': ['router', false, false, []],
    'Django alone': ['http-only', false, false, []],
    'no routes': ['router', true, false, []],
  })
})

const receiving = (name: string, body: string, more = '') => `
class ${name}(AsyncJsonWebsocketConsumer):
${body.replace(/^/gm, '    ')}
${more}
`
const consumers = `
from channels.generic.websocket import AsyncJsonWebsocketConsumer, AsyncWebsocketConsumer
import json
PING, PONG = "ping", "pong"
${receiving('Plain', 'async def receive_json(self, content):\n    if content.get("type") == "ping":\n        await self.send_json({"type": "pong"})')}
${receiving('Named', 'async def receive_json(self, content):\n    kind = content["type"]\n    if kind in (PING, "hello"):\n        await self.send_json({"type": PONG})')}
${receiving('Handed', 'async def receive_json(self, content):\n    await self.take(content.get("type"))\nasync def take(self, kind):\n    if kind == "ping":\n        await self.send_json({"type": "pong"})')}
${receiving('Inherits', 'pass').replace('AsyncJsonWebsocketConsumer', 'Plain')}
${receiving('Whole', 'async def receive_json(self, content):\n    if content == {"type": "ping"}:\n        await self.send_json({"type": "pong"})')}
${receiving('OtherKey', 'async def receive_json(self, content):\n    if content["action"] == "ping":\n        await self.send_json({"action": "pong"})')}
${receiving('Beats', 'async def beat(self):\n    await self.send_json({"type": "ping"})\nasync def receive_json(self, content):\n    self.pong_at = content["at"]')}
${receiving('DiesBefore', 'async def receive_json(self, content):\n    room = content["room"]\n    if content["type"] == "ping":\n        await self.send_json({"type": "pong", "room": room})')}
${receiving('Bare', 'async def receive(self, text_data):\n    if text_data == "ping":\n        await self.send(text_data="pong")\n    else:\n        json.loads(text_data)["message"]')}
${receiving('Ignores', 'async def receive_json(self, content):\n    if content.get("type") == "ping":\n        return')}
`

test('who answers {"type": "ping"}: it is compared with the type of the message, nothing is read before it, and there is a pong', async () => {
  const told = await asked(
    { consumers },
    `
import consumers
from election_dev_inside.spoken import answers_ping
names = ("Plain", "Named", "Handed", "Inherits", "Whole", "OtherKey", "Beats", "DiesBefore", "Bare", "Ignores")
print(json.dumps([name for name in names if answers_ping(getattr(consumers, name))]))
`,
  )
  expect(told).toEqual(['Plain', 'Named', 'Handed', 'Inherits', 'Whole'])
})

const offering = `
from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer
SUPPORTED = ("votes.v2", "votes.v1")
class Chosen(AsyncWebsocketConsumer):
    async def connect(self):
        wanted = next((each for each in self.scope["subprotocols"] if each in SUPPORTED), None)
        await (self.accept(wanted) if wanted else self.close())
class First(AsyncWebsocketConsumer):
    async def connect(self):
        offered = self.scope["subprotocols"]
        if not offered or offered[0] != "mqtt":
            await self.close()
class Crossed(WebsocketConsumer):
    spoken = {"stomp"}
    def connect(self):
        if set(self.scope["subprotocols"]) & self.spoken:
            self.accept("stomp")
class Given(AsyncWebsocketConsumer):
    def __init__(self, subscription_protocols=("graphql-transport-ws",)):
        self.protocols = subscription_protocols
        super().__init__()
    async def connect(self):
        await self.accept(self.pick(self.scope["subprotocols"]))
class Looped(AsyncWebsocketConsumer):
    async def connect(self):
        for name in ("votes.v3", "votes.v2"):
            if name in self.scope["subprotocols"]:
                return await self.accept(name)
        await self.close(code=4406)
class Token(AsyncWebsocketConsumer):
    protocol_version = "1"
    async def connect(self):
        self.token = self.scope["subprotocols"][-1]
        await self.accept()
`

test('the subprotocols that are wanted, in the ways that consumers and libraries say it', async () => {
  const told = await asked(
    { offering },
    `
import offering
from election_dev_inside.spoken import subprotocols
names = ("Chosen", "First", "Crossed", "Given", "Looped", "Token")
print(json.dumps([subprotocols(getattr(offering, name)) for name in names] + [subprotocols(offering.Given, {"subscription_protocols": ["graphql-ws"]})]))
`,
  )
  expect(told).toEqual([
    ['votes.v2', 'votes.v1'],
    ['mqtt'],
    ['stomp'],
    ['graphql-transport-ws'],
    ['votes.v3', 'votes.v2'],
    [],
    ['graphql-ws'],
  ])
})

test('a row is asked for where the name tells model and field; else the value is made up, and that is told', async () => {
  const told = await asked(
    {},
    `
from django.core.management import call_command
from django.contrib.auth.models import Group, User
from django.urls import path, re_path
from election_dev_inside.samples import sample
def made(route):
    found = sample((path(route, lambda request: None).pattern,), object)
    return [found.path, [[each["name"], each["model"]] for each in found.unfilled]]
call_command("migrate", verbosity=0)
Group.objects.create(pk=7, name="teller")
Group.objects.create(pk=8, name="no/slash")
print(json.dumps([made(route) for route in ("g/<int:group_id>/", "g/<str:group_name>/", "g/<int:group>/", "p/<int:permission_codename>/", "u/<int:user_id>/", "r/<slug:room>/", "<slug:group_name>/<int:page>/")]))
`,
  )
  expect(told).toEqual([
    ['/g/7/', []],
    ['/g/teller/', []],
    ['/g/7/', []],
    ['/p/1/', [['permission_codename', null]]],
    ['/u/1/', [['user_id', 'auth.User']]],
    ['/r/example/', [['room', null]]],
    ['/teller/1/', [['page', null]]],
  ])
})

const looking = `
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth.models import Group, Permission, User
from django.shortcuts import get_object_or_404

class Wrapped(AsyncWebsocketConsumer):
    async def connect(self):
        self.room_name = self.scope["url_route"]["kwargs"]["room"]
        self.room = await database_sync_to_async(Group.objects.get)(name__iexact=self.room_name)
        await self.accept()

class Handed(AsyncWebsocketConsumer):
    async def connect(self):
        kwargs = self.scope["url_route"]["kwargs"]
        self.found = await self.find(int(kwargs.get("room")))

    @database_sync_to_async
    def find(self, number):
        return get_object_or_404(User.objects.select_related("groups"), groups__pk=number)

class Elsewhere(AsyncWebsocketConsumer):
    async def connect(self):
        room = self.scope["url_route"]["kwargs"]["room"]
        user = await User.objects.filter(username=self.scope["user"].username).afirst()
        await self.channel_layer.group_add(room, self.channel_name)

class Told(AsyncWebsocketConsumer):
    async def connect(self):
        room: str = self.scope["url_route"]["kwargs"]["room"]
        self.group = f"room_{room}"
        await User.objects.filter(last_name=self.group).afirst()
        await Group.objects.aget(name=room)
        await self.accept()

    async def receive_json(self, content):
        await User.objects.aget(username=content["room"])

class Private(AsyncWebsocketConsumer):
    async def connect(self):
        await User.objects.aget(password=self.scope["url_route"]["kwargs"]["room"])

class Staff(AsyncWebsocketConsumer):
    async def connect(self):
        await User.objects.aget(first_name=self.scope["url_route"]["kwargs"]["room"], is_staff=True)

class None_(AsyncWebsocketConsumer):
    async def connect(self):
        await User.objects.aget(first_name=self.scope["url_route"]["kwargs"]["room"], is_superuser=True)

class Empty(AsyncWebsocketConsumer):
    async def connect(self):
        name = self.scope["url_route"]["kwargs"]["group_name"]
        await User.objects.aget(username=name)
`

test('what the consumer looks a parameter up by goes before its name: a wrapped query, a method of its own, a field of a related row', async () => {
  const told = await asked(
    { looking },
    `
import looking
from django.core.management import call_command
from django.contrib.auth.models import Group, User
from django.urls import path
from election_dev_inside.samples import sample
def made(route, name):
    found = sample((path(route, lambda request: None).pattern,), getattr(looking, name))
    return [found.path, [[each["name"], each["model"]] for each in found.unfilled], found.models]
call_command("migrate", verbosity=0)
Group.objects.create(pk=7, name="teller")
nobody = [made("<str:room>/", "Handed"), made("<str:group_name>/", "Empty")]
user = User.objects.create(username="ada")
user.groups.add(7)
user.set_password("of no worth")
user.save()
User.objects.create(username="bob", first_name="")
User.objects.create(username="eve", first_name="50% off? #1", is_staff=True)
print(json.dumps(nobody + [made("<str:room>/", name) for name in ("Wrapped", "Handed", "Elsewhere", "Told", "Private", "Staff", "None_")] + [made("<slug:room>/", "Staff")]))
`,
  )
  expect(told).toEqual([
    ['/example/', [['room', 'auth.User']], ['User']],
    // its name is a group's, and what is asked for is a user
    ['/example/', [['group_name', 'auth.User']], ['User']],
    ['/teller/', [], ['Group']],
    ['/7/', [], ['User']],
    ['/example/', [['room', null]], []],
    ['/teller/', [], ['Group']],
    // nobody's password stands in a path
    ['/example/', [['room', null]], []],
    ['/50%25%20off%3F%20%231/', [], ['User']],
    // the table isn't empty, though none of its rows is asked for
    ['/example/', [['room', null]], []],
    // and no row holds what the pattern takes
    ['/example/', [['room', null]], []],
  ])
})

const asking = `
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.contrib.auth.models import Group

class Connecting(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await self.enter()

    async def enter(self):
        await Group.objects.aget(pk=1)
        await self.accept()

class Receiving(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await self.accept()

    async def receive_json(self, content):
        await self.store(content)

    async def store(self, content):
        await Group.objects.acreate(name=content["name"])

class Inheriting(Connecting):
    async def receive_json(self, content):
        pass

async def plain(scope, receive, send):
    await Group.objects.aget(pk=1)
`

test('that a consumer asks for a row counts where it is connected', async () => {
  const told = await asked(
    { asking },
    `
import asking
from election_dev_inside.spoken import looks_up
print(json.dumps([bool(looks_up(getattr(asking, name))) for name in ("Connecting", "Receiving", "Inheriting", "plain")]))
`,
  )
  expect(told).toEqual([true, false, true, true])
})
