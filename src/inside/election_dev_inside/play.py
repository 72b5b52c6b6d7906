"""The page's handshake, played to the application in this process: what the consumer does, and where."""

import asyncio
import json
import sys
import threading
import time
import traceback

from .broadcast import handlers_of
from .database import Guard
from .frames import decided, is_consumer, is_own, raised, raised_owns, stack_of, trim
from .layer import Recorder
from .standing import STUCK, all_begun, is_synchronous, stuck, under_way, waiting_frames
from .telling import hide, tell

SECRET_NAMES = ("token", "jwt", "auth", "key", "ticket", "secret", "password", "cookie", "session")
# How long an application has to be at rest, having answered nothing, until it counts as done.
REST = 0.3
PING_AFTER = 0.2


def hide_tokens(wanted):
    """What the page carries as a proof of who it is must stand in no fact."""
    from urllib.parse import parse_qsl

    if not wanted:
        return
    pairs = list((wanted.get("headers") or {}).items()) + [("", value) for value in wanted.get("subprotocols") or ()]
    if wanted.get("first"):
        hide(wanted["first"], everywhere=True)
    query = (wanted.get("query_string") or "").lstrip("?")
    pairs += parse_qsl(query) + [tuple(part.split("=", 1)) for part in query.split("&") if "=" in part]
    for name, value in pairs:
        value = str(value)
        known = any(part in name.lower() for part in SECRET_NAMES)
        for part in {value, value.split(" ")[-1]}:
            if (known and len(part) >= 8) or len(part) >= 32:
                hide(part, everywhere=True)


def scope_of(wanted):
    """The scope as daphne makes it."""
    from urllib.parse import unquote

    path, offered = wanted["path"], list(wanted.get("subprotocols") or ())
    headers = {name.lower(): str(value) for name, value in (wanted.get("headers") or {}).items()}
    host = headers.pop("host", "localhost:8000")
    every = {"host": host, "upgrade": "websocket", "connection": "Upgrade", "sec-websocket-version": "13",
             "sec-websocket-key": "ZWxlY3Rpb24tZGV2LXByb2I="}
    if wanted.get("origin"):
        every["origin"] = wanted["origin"]
    if offered:
        every["sec-websocket-protocol"] = ", ".join(offered)
    every.update(headers)
    port = host.rpartition(":")[2]
    return {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "scheme": "ws",
        "http_version": "1.1",
        "path": unquote(path),
        "raw_path": path.encode("latin1", "replace"),
        "root_path": "",
        "query_string": (wanted.get("query_string") or "").lstrip("?").encode("latin1", "replace"),
        "headers": [(name.encode("latin1", "replace"), value.encode("latin1", "replace")) for name, value in every.items()],
        "client": ["127.0.0.1", 50000],
        "server": ["127.0.0.1", int(port) if port.isdigit() else 8000],
        "subprotocols": offered,
    }


class Handshake:
    """One connection: what the application was sent, and what it answered with."""

    def __init__(self, application, wanted, state):
        self.application, self.wanted = application, wanted
        self.recorder, self.guard = Recorder(), Guard(state)
        self.begun = time.monotonic()
        self.asked, self.asked_at = 0, None
        self.answer = None
        self.ended = None
        self.messages = 0
        self.pinged = False
        self.pong = None
        self.consumer = None

    def ms(self):
        return round((time.monotonic() - self.begun) * 1000)

    async def receive(self):
        self.asked, self.asked_at = self.asked + 1, time.monotonic()
        return await self.queue.get()

    async def send(self, message):
        kind = message["type"]
        if kind == "websocket.send":
            self.messages += 1
            if self.pinged and is_pong(message.get("text")):
                self.pong = True
        if self.answer is None and kind == "websocket.accept":
            self.answer = {"outcome": "accepted", "after_ms": self.ms(), "subprotocol": message.get("subprotocol"), "frames": []}
        elif self.answer is None and kind in ("websocket.close", "websocket.http.response.start"):
            closer = self.closer()
            code = message.get("code")
            # what an `except` around it hides: the exception is still being handled
            handled = sys.exc_info()[1]
            self.answer = {"outcome": "closed", "after_ms": self.ms(), "code": code if isinstance(code, int) else None,
                           "raised": raised(handled) if handled is not None else None, **closer}
        elif self.ended is None and kind == "websocket.close":
            code = message.get("code")
            self.ended = {"later": "closed", "later_code": code if isinstance(code, int) else 1000, **self.closer()}

    def closer(self):
        """Who closes: the lines of the project on the stack, what they decide by, and the middleware where it wasn't a consumer."""
        stacks = [sys._getframe(1)]
        # a synchronous consumer sends from a thread, which waits for this to end
        stacks += [frame for ident, frame in sys._current_frames().items() if ident != threading.get_ident()]
        for stack in stacks:
            who, middleware = self.on_stack(stack)
            if who or middleware:
                owns = [(frame, line) for frame, line in traceback.walk_stack(stack) if is_own(frame.f_code.co_filename)]
                if who and not any(is_consumer(frame.f_locals.get("self")) for frame, _ in owns):
                    owns = raised_owns(sys.exc_info()[1]) or owns
                told = {name: value for name, value in decided(owns).items() if name in ("because", "user")}
                frames = [frame for frame in stack_of(stack) if frame["own"]]
                return {"frames": trim(frames), "refused_by": None if who else middleware, **told}
        return {"frames": [], "refused_by": None}

    @staticmethod
    def on_stack(frame):
        """Whether a consumer is on the stack, and the innermost middleware."""
        from channels.consumer import AsyncConsumer
        from channels.security.websocket import WebsocketDenier

        middleware = None
        for frame, _ in traceback.walk_stack(frame):
            owner = frame.f_locals.get("self")
            if isinstance(owner, AsyncConsumer) and not isinstance(owner, WebsocketDenier):
                return True, None
            if middleware is None and frame.f_code.co_name == "__call__" and owner is not None:
                if not isinstance(owner, (WebsocketDenier, Handshake)) and hasattr(owner, "__call__"):
                    middleware = type(owner).__name__
            elif middleware is None and {"scope", "receive", "send"} <= set(frame.f_locals) and owner is None:
                middleware = frame.f_code.co_name
        return False, middleware

    async def play(self):
        self.queue = asyncio.Queue()
        self.queue.put_nowait({"type": "websocket.connect"})
        others = all_begun()
        self.begun = time.monotonic()
        task = asyncio.ensure_future(self.serve())
        found = await self.until_answer(task, others)
        if found["outcome"] == "accepted":
            found.update(await self.after_accept(task, others))
        self.report(found)
        await self.leave(task)

    async def serve(self):
        # what isn't an ASGI application fails here as it does in a server
        await self.application(scope_of(self.wanted), self.receive, self.send)

    async def until_answer(self, task, others):
        """Waits for the first answer, an exception, rest without an answer, or the limit."""
        limit = self.begun + float(self.wanted.get("limit_s") or 6.5)
        while True:
            if self.answer is not None:
                return self.answer
            if task.done():
                error = None if task.cancelled() else task.exception()
                if error is None:
                    return {"outcome": "returned", "after_ms": self.ms(), "frames": []}
                return {"outcome": "raised", "after_ms": self.ms(), "raised": raised(error), "frames": []}
            now = time.monotonic()
            if self.asked > 1 and now - self.asked_at >= REST and not under_way(others | {task}):
                return {"outcome": "returned", "after_ms": round((self.asked_at - self.begun) * 1000), "frames": []}
            if now >= limit:
                # connect() itself has ended: it is a task of the project that still runs
                outcome = "returned" if self.asked > 1 else "waiting"
                return {"outcome": outcome, "after_ms": self.ms(), "frames": waiting_frames(task, others)}
            await asyncio.wait({task}, timeout=0.02)

    async def after_accept(self, task, others):
        """Watches the open connection, with a ping where one is wanted, until nothing more is to come of it."""
        opened, ping = time.monotonic(), self.wanted.get("ping")
        end = opened + float(self.wanted.get("watch_s") or 1.2)
        first = self.wanted.get("first")
        if first:
            self.queue.put_nowait({"type": "websocket.receive", "text": first, "bytes": None})
        greeted = bool(first)
        found = {"later": "open"}
        # until its connect() has returned, an application asks for nothing more
        while time.monotonic() < (end if self.asked > 1 + greeted else max(end, opened + STUCK)):
            if self.ended is not None:
                found = self.ended
                break
            if task.done():
                error = None if task.cancelled() else task.exception()
                if error is not None:
                    found = {"later": "raised", "raised": raised(error)}
                break
            at_rest = self.asked > 1 + greeted + self.pinged and not under_way(others | {task})
            if at_rest and (self.pinged or not ping) and (self.pong or time.monotonic() - self.asked_at >= REST):
                break
            if ping and not self.pinged and (at_rest or time.monotonic() - opened >= PING_AFTER):
                self.pinged = True
                self.queue.put_nowait({"type": "websocket.receive", "text": json.dumps(ping), "bytes": None})
            await asyncio.wait({task}, timeout=0.02)
            if task.done() or self.ended:
                end = max(end, time.monotonic() + 0.01)
        if self.pinged:
            found["pong"] = self.pong is True
        if found["later"] == "open" and not task.done() and self.asked < 2:
            frames = waiting_frames(task, others)
            found.update(takes=False, stuck=stuck(frames), frames=frames)
        return dict(found, later_after="ping" if self.pinged else "connect")

    def report(self, found):
        # what a consumer makes of an error of ours says nothing of how it is with the server
        if self.guard.why is not None:
            found = {"after_ms": found["after_ms"], "outcome": "skipped", "why": self.guard.why}
        offered = list(self.wanted.get("subprotocols") or ())
        consumer = self.consumer
        tell("consumer", offered=offered, messages=self.messages, groups=self.recorder.groups,
             handlers=handlers_of(consumer) if consumer else [], database_error=self.guard.error,
             consumer=consumer.__name__ if consumer else None, synchronous=is_synchronous(consumer), **dict({"frames": []}, **found))

    async def leave(self, task):
        """The connection ends as it does when a page goes away; what doesn't end by itself is cancelled."""
        if not task.done():
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1001})
            await asyncio.wait({task}, timeout=0.5)
        task.cancel()
        await asyncio.wait({task}, timeout=0.2)
        if task.done() and not task.cancelled():
            task.exception()


def is_pong(text):
    try:
        message = json.loads(text)
    except (TypeError, ValueError):
        return False
    return isinstance(message, dict) and message.get("type") == "pong"


def play(application, wanted, state):
    """Plays the handshake with layers of our own and a database that can't be written to."""
    from channels import consumer as base
    from channels.security.websocket import WebsocketDenier

    handshake = Handshake(application, wanted, state)
    handshake.recorder.install()
    handshake.guard.install()
    original = base.AsyncConsumer.__call__

    async def called(self, scope, receive, send):
        if not isinstance(self, WebsocketDenier):
            handshake.consumer = type(self)
        return await original(self, scope, receive, send)

    base.AsyncConsumer.__call__ = called
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # the end of the process ends what is left: a thread that still stands would be waited for
    loop.run_until_complete(handshake.play())
