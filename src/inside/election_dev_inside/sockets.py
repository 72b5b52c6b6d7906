"""The application as the server sees it: every event of a WebSocket goes through unchanged, and the launcher is told of it."""

import asyncio
import hmac
import sys
import time

from .broadcast import Probes
from .frames import consumer_of, described, refuser
from .identity import user_of

HEADER = b"x-election-dev"
# a socket that is proven beside another one, and whether a part of its path was made up
BESIDE, MADE_UP = b"x-election-dev-beside", b"made-up"
# what every command of ours calls itself: the doctor and `verify` don't know the nonce of a run
AGENT = b"election-dev"


class Observer:
    """Stands where the application stood."""

    def __init__(self, application, channel):
        self._application = application
        self._channel = channel
        self._last = 0
        self._open = 0
        self._probes = channel.probes = Probes()
        channel.on_request = self._asked
        channel.tell({"event": "observing", "id": 0})

    async def __call__(self, scope, receive, send):
        if self._channel.loop is None:
            self._channel.loop = asyncio.get_running_loop()
        if scope["type"] != "websocket":
            return await self._application(scope, receive, send)
        return await self._socket(scope, receive, send)

    async def _socket(self, scope, receive, send):
        tell = self._channel.tell
        self._last += 1
        ident = self._last
        accepted = False
        code = None
        closer = {}

        async def observed_receive():
            nonlocal code
            if probe is not None:
                probe.asked += 1
                # the first one is the handshake itself
                if probe.asked == 2 and accepted and code is None:
                    tell({"event": "idle", "id": ident, "busy": probe.is_busy()})
            message = await receive()
            if message["type"] == "websocket.disconnect" and code is None:
                code = message.get("code")
            return message

        async def observed_send(message):
            nonlocal accepted, code, closer
            kind = message.get("type") if isinstance(message, dict) else None
            if kind != "websocket.send":
                if kind == "websocket.accept" and not accepted:
                    accepted = True
                    self._open += 1
                    if probe is not None:
                        probe.accepted_at = time.monotonic()
                    consumer = consumer_of(sys._getframe(1), self) if probe is None else probe.consumer
                    tell({"event": "accepted", "id": ident, "open": self._open, "user": user_of(consumer)})
                elif kind == "websocket.close":
                    code = message.get("code") or 1000
                    if not accepted:
                        tell({"event": "refused", "id": ident, "code": code, **refuser(sys._getframe(1), self)})
                    elif probe is not None:
                        closer = refuser(sys._getframe(1), self)
                elif kind == "websocket.http.response.start":
                    tell({"event": "refused", "id": ident, "status": message.get("status"), **refuser(sys._getframe(1), self)})
            await send(message)

        probe = None
        beside = [value for name, value in scope["headers"] if name.lower() == BESIDE]
        if self._is_ours(scope):
            scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0].lower() not in (HEADER, BESIDE)]}
            probe = self._probes.begin(send, not beside)
        about = {"id": ident, "path": str(scope.get("path", ""))[:300],
                 "probe": probe is not None, "page": not has(scope, b"user-agent", AGENT)}
        tell({"event": "opened", **about})
        try:
            return await self._application(scope, observed_receive, observed_send)
        except Exception as error:
            tell({"event": "raised", **about, "phase": "after" if accepted else "before", **described(error)})
            # what comes of a value that one of our commands has made up is nothing for the log of the application
            if MADE_UP not in beside:
                raise
            if code is None:
                await send({"type": "websocket.close", "code": 1011})
        finally:
            if probe is not None:
                self._probes.end(probe)
            if accepted:
                self._open -= 1
                tell({"event": "closed", "id": ident, "code": code, "open": self._open, **closer})

    def _is_ours(self, scope):
        return has(scope, HEADER, self._channel.nonce.encode())

    async def _asked(self, request):
        ask, ident, group = request.get("ask"), request.get("id"), request.get("group")
        tell = self._channel.tell
        if ask == "broadcast":
            tell({"event": "broadcast", "id": ident, **await self._probes.broadcast(ident)})
        elif ask == "join":
            outcome = await self._probes.join(ident, group, lambda: tell({"event": "joined", "id": ident}))
            tell({"event": "left", "id": ident, **outcome})
        elif ask == "send":
            tell({"event": "sent", "id": ident, **await self._probes.send(ident, group)})


def has(scope, header, value):
    """Whether a header of the handshake has this value. One of them is a secret, so it is told in no less time how much of it was right."""
    return any(name.lower() == header and hmac.compare_digest(found, value) for name, found in scope.get("headers", ()))
