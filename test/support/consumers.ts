/** Consumers with one fault each, as projects have them. */

const head =
  'import asyncio, time\nfrom channels.generic.websocket import AsyncJsonWebsocketConsumer\n\nclass Updates(AsyncJsonWebsocketConsumer):\n'

/** Greets, and passes over every message. */
export const silentConsumer = `${head}    async def connect(self):
        await self.accept()
        await self.send_json({"type": "welcome"})

    async def receive_json(self, content):
        pass
`

export const raisesBeforeAccept = `${head}    async def connect(self):
        raise ValueError("no such election")
`

export const raisesAfterAccept = `${head}    async def connect(self):
        await self.accept()
        raise ValueError("no such election")
`

export const raisesOnPing = `${head}    async def connect(self):
        await self.accept()

    async def receive_json(self, content):
        await self.send_json({"result": content["election"]})
`

export const closesWith4001 = `${head}    async def connect(self):
        await self.accept()
        await self.close(code=4001)
`

export const acceptMissing = `${head}    async def connect(self):
        pass
`

export const blocks = `${head}    async def connect(self):
        time.sleep(60)
        await self.accept()
`

export const endsTheProcess = `${head}    async def connect(self):
        await self.accept()

    async def receive_json(self, content):
        import os
        os.abort()
`

/** Answers pings, and dies of a message of its own three seconds later. */
export const diesLater = `${head}    async def connect(self):
        await self.accept()
        self.later = asyncio.create_task(self.end())

    async def end(self):
        await asyncio.sleep(3)
        await self.channel_layer.send(self.channel_name, {"type": "tally"})

    async def tally(self, event):
        raise ValueError("no such election")

    async def receive_json(self, content):
        if content.get("type") == "ping":
            await self.send_json({"type": "pong"})
`

/** Wants a token that PyJWT made with the project's SECRET_KEY; it closes with 4001 otherwise. */
export const pyjwtConsumer = `${head}    async def connect(self):
        from urllib.parse import parse_qs
        import jwt
        from django.conf import settings
        token = parse_qs(self.scope["query_string"].decode()).get("token", [""])[0]
        try:
            jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"], options={"require": ["voter"]})
        except jwt.InvalidTokenError:
            await self.close(code=4001)
            return
        await self.accept()

    async def receive_json(self, content):
        if content.get("type") == "ping":
            await self.send_json({"type": "pong"})
`

/** asgi.py without a WebSocket part. */
export const httpOnlyAsgi = `import os
from django.core.asgi import get_asgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
application = get_asgi_application()
`

/** Asks the database who there is, before it accepts. */
export const asksDatabase = `
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.contrib.auth import get_user_model

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await database_sync_to_async(get_user_model().objects.count)()
        await self.channel_layer.group_add("updates", self.channel_name)
        await self.accept()
        await self.send_json({"type": "welcome"})

    async def receive_json(self, content):
        await self.send_json({"type": "pong"})
`

/** A stand-in for the package dj_database_url, whose `config` gives nothing where its variable isn't there. */
export const databaseUrlModule = `import os
from urllib.parse import unquote
def config():
    url = os.environ.get("DATABASE_URL")
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": unquote(url.split("///")[1])} if url else {}
`

/** Each accepts, answers pings, and closes 1.5 s later, in line 11: inside the time for which a socket has to live. */
export const closesLater = {
  'a task': `
import asyncio
from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await self.accept()
        self.task = asyncio.create_task(self.expire())
    async def expire(self):
        await asyncio.sleep(1.5)
        await self.close()
    async def receive_json(self, content):
        await self.send_json({"type": "pong"})
`,
  'a timer of the loop': `
import asyncio
from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await self.accept()
        asyncio.get_running_loop().call_later(1.5, self.begin)

    async def expire(self):
        await self.close()
    def begin(self):
        self.task = asyncio.ensure_future(self.expire())
    async def receive_json(self, content):
        await self.send_json({"type": "pong"})
`,
  'a thread': `
from threading import Timer
from channels.generic.websocket import JsonWebsocketConsumer

class Updates(JsonWebsocketConsumer):
    def connect(self):
        self.accept()
        Timer(1.5, self.expire).start()

    def expire(self):
        self.close()
    def receive_json(self, content):
        self.send_json({"type": "pong"})
`,
} as const

/** Its handler ends each socket a moment after it was accepted, and the first one a moment before the second. */
export const raisesAtItsOwnBroadcast = `from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await self.channel_layer.group_add("hall", self.channel_name)
        await self.accept()
        await self.channel_layer.group_send("hall", {"type": "user.joined", "name": "somebody"})

    async def user_joined(self, event):
        await self.send_json({"user": event["user"]})
`
