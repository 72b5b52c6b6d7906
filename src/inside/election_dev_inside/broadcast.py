"""One message through the channel layer to the launcher's own sockets, and to nobody else's."""

import asyncio
import contextvars
import json
import secrets
import sys
import time

from .frames import described, trim
from .standing import STUCK, all_begun, chain, is_synchronous, stuck, threads_frames, under_way
from .telling import tell

PROBE_TYPE = "election_dev.probe"
# a message that has not come so many seconds after it was sent is lost
DEADLINE = 1
# one from another process is asked for in between
CROSSING = 3

# the probe that the running task serves: middleware copies scopes, and a context is never copied away
_probe = contextvars.ContextVar("election_dev_probe", default=None)


class Probe:
    """A WebSocket of the launcher's own: its server's send, and its consumer once it is known."""

    __slots__ = ("accepted_at", "asked", "before", "consumer", "expected", "groups", "joins", "send", "task")

    def __init__(self, send, joins):
        self.send = send
        # whether broadcasts are proven with it
        self.joins = joins
        self.task = asyncio.current_task()
        self.before = all_begun()
        self.asked = 0
        self.accepted_at = None
        self.consumer = None
        self.expected = {}
        self.groups = []

    def is_busy(self):
        """Whether the project does anything yet that has begun with it."""
        return under_way(self.before)


class Joining:
    """The channel layer of one of the launcher's sockets: the project's own, and which groups are joined through it is remembered."""

    def __init__(self, layer, groups):
        self._layer = layer
        self._groups = groups

    def __getattr__(self, name):
        return getattr(self._layer, name)

    async def group_add(self, group, channel):
        await self._layer.group_add(group, channel)
        if group not in self._groups:
            self._groups.append(group)


class Probes:
    """Those that are open."""

    def __init__(self):
        self._open = []
        self._last = None
        self._is_patched = False

    def begin(self, send, joins=True):
        """In the task that serves the socket, before the application has it."""
        probe = Probe(send, joins)
        self._patch()
        self._open.append(probe)
        if joins:
            self._last = probe
        _probe.set(probe)
        return probe

    def end(self, probe):
        self._open.remove(probe)

    async def broadcast(self, ident):
        """Sends one message to all of them through their channel layer, in a group that nobody else is in."""
        group = "election-dev." + secrets.token_hex(8)
        return await self._grouped(ident, group, lambda layer: layer.group_send(group, message(ident)), DEADLINE)

    async def join(self, ident, group, joined):
        """Puts all of them into a group until the message of this number, which another process sends, has come to each."""

        async def tell(_):
            joined()

        return await self._grouped(ident, group, tell, CROSSING)

    async def send(self, ident, group):
        """Sends one message to a group that sockets of another process have joined."""
        layer, _, why = self._layer()
        if layer is None:
            return {"sent": 0, "why": why}
        try:
            await layer.group_send(group, message(ident))
            return {"sent": 1}
        except Exception as error:
            return {"sent": 0, "why": "raised", "raised": described(error)}

    def facts(self):
        """What the consumer of the last of them is, the groups that it has joined, and where one stands that has never returned from connect()."""
        consumer = getattr(self._last, "consumer", None)
        if consumer is not None:
            kind = type(consumer)
            tell("consumer", **{"outcome": "accepted", "after_ms": 0, "offered": [], "messages": 0, "frames": [], "groups": self._last.groups,
                                "handlers": handlers_of(kind), "consumer": kind.__name__, "synchronous": is_synchronous(kind), **self._standing()})

    def _standing(self):
        """Of one that has asked for nothing since it was accepted. Waits for it, in the thread of the look."""
        def waits(probe):
            return probe.joins and probe in self._open and probe.accepted_at is not None and probe.asked < 2

        probe = next(filter(waits, list(self._open)), None)
        while probe is not None and waits(probe):
            if time.monotonic() - probe.accepted_at >= STUCK:
                frames = trim(chain(probe.task) + threads_frames())
                return {"later": "open", "takes": False, "stuck": stuck(frames), "frames": frames}
            time.sleep(0.05)
        return {}

    def _layer(self):
        probes = [probe for probe in self._open if probe.joins and hasattr(probe.consumer, "channel_layer")]
        layer = probes[0].consumer.channel_layer if probes else None
        # our own groups are none of the project's
        layer = layer._layer if isinstance(layer, Joining) else layer
        return layer, probes, "no-layer" if probes else "no-consumer"

    async def _grouped(self, ident, group, begin, deadline):
        """With all of them in the group: what is to begin, and the message at each of them or the deadline."""
        layer, probes, why = self._layer()
        if layer is None:
            return {"sent": 0, "why": why}
        names = [probe.consumer.channel_name for probe in probes]
        for probe in probes:
            probe.expected[ident] = asyncio.get_running_loop().create_future()
        try:
            for name in names:
                await layer.group_add(group, name)
            await begin(layer)
            # a layer may deliver only as long as the sockets are in the group
            await asyncio.wait([probe.expected[ident] for probe in probes], timeout=deadline)
            return {"sent": len(names)}
        except Exception as error:
            return {"sent": 0, "why": "raised", "raised": described(error)}
        finally:
            for probe in probes:
                del probe.expected[ident]
            for name in names:
                try:
                    await layer.group_discard(group, name)
                except Exception:
                    # said by what was raised before it
                    break

    def _patch(self):
        """Once, before the launcher's first socket: its consumers are given a look at what comes to them. No others are touched."""
        consumers = sys.modules.get("channels.consumer")
        if self._is_patched or consumers is None:
            return
        self._is_patched = True
        call = consumers.AsyncConsumer.__call__

        async def observed_call(consumer, scope, receive, send):
            probe = _probe.get()
            if probe is not None:
                attend(probe, consumer)
            return await call(consumer, scope, receive, send)

        consumers.AsyncConsumer.__call__ = observed_call


def message(ident):
    return {"type": PROBE_TYPE, "id": ident}


def attend(probe, consumer):
    """What comes to this one consumer goes on to it, but for our own message: that is answered to its client alone."""
    dispatch = consumer.dispatch
    probe.consumer = consumer

    async def observed_dispatch(event):
        layer = getattr(consumer, "channel_layer", None)
        if layer is not None and not isinstance(layer, Joining):
            consumer.channel_layer = Joining(layer, probe.groups)
        if event.get("type") != PROBE_TYPE:
            await dispatch(event)
            return
        ident = event.get("id")
        await probe.send({"type": "websocket.send", "text": json.dumps(message(ident))})
        arrived = probe.expected.get(ident)
        if arrived is not None and not arrived.done():
            arrived.set_result(None)

    consumer.dispatch = observed_dispatch


def handlers_of(kind):
    """Names of a consumer's methods that may take a message."""
    return [name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name, None))]
