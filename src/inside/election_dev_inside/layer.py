"""The channel layer: the one that the project configures, a message through it, and one of our own to play with."""

import asyncio
import secrets
import sys
import time

from .telling import hide, tell


def redis_hosts(hosts):
    """Where each entry of `hosts` leads, and whether it has a password; never the password. Nothing for what isn't a list."""
    found = []
    for entry in hosts if isinstance(hosts, (list, tuple)) else ():
        try:
            found.append(redis_host(entry))
        except Exception:  # what can't be read is for the layer itself to refuse
            continue
    return [host for host in found if host is not None]


def redis_host(entry):
    if isinstance(entry, (list, tuple)) and len(entry) >= 2:
        entry = {"host": entry[0], "port": entry[1]}
    elif isinstance(entry, str):
        entry = {"address": entry}
    if not isinstance(entry, dict):
        return None
    password = entry.get("password")
    hide(password)
    address = entry.get("address") or entry.get("host")
    found = {"host": "localhost", "port": port_of(entry.get("port", 6379)), "tls": bool(entry.get("ssl"))}
    if isinstance(address, (list, tuple)):
        found.update(host=str(address[0]), port=port_of(address[1]))
    elif isinstance(address, str) and "://" in address:
        found = from_url(address)
    elif address:
        found["host"] = str(address)
    elif entry.get("path"):
        found["socket"] = str(entry["path"])
    elif entry.get("sentinels"):
        sentinels = [{"host": str(host), "port": port_of(port)} for host, port in entry["sentinels"]]
        found.update(sentinels=sentinels, master=str(entry.get("master_name")))
    if "db" in entry:
        found["db"] = port_of(entry["db"])
    return dict(found, password=bool(password) or found.get("password", False))


def port_of(value):
    return value if isinstance(value, int) and not isinstance(value, bool) else str(value)


def from_url(url):
    """As redis-py reads it: the query's db before the path's, and no number in the path of a socket."""
    from urllib.parse import parse_qs, unquote, urlsplit

    parts = urlsplit(url)
    query = parse_qs(parts.query)
    for secret in (parts.password, unquote(parts.password or ""), *query.get("password", ())):
        hide(secret)
    path = parts.path.strip("/")
    number = query["db"][0] if "db" in query else path if parts.scheme != "unix" else ""
    found = {"host": parts.hostname or "localhost", "port": 6379 if parts.scheme == "unix" else parts.port or 6379,
             "db": int(number) if number.isdigit() else 0, "tls": parts.scheme == "rediss",
             "password": bool(parts.password or query.get("password"))}
    return dict(found, socket=unquote(parts.path)) if parts.scheme == "unix" else found


def build():
    """The default layer, made as channels does; without CHANNEL_LAYERS there is none."""
    from django.conf import settings

    if not getattr(settings, "CHANNEL_LAYERS", None):
        return None
    from channels.layers import channel_layers

    if "default" not in channel_layers.configs:
        raise KeyError("CHANNEL_LAYERS has no 'default'")
    layer = channel_layers.make_backend("default")
    tell("layer", backend=str(settings.CHANNEL_LAYERS["default"].get("BACKEND")), **waiting(layer))
    return layer


def waiting(layer):
    """
    Of a layer that waits for its messages inside one command (BZPOPMIN): how long it waits, and after how long its client
    gives up reading, in seconds; `read_limit` is None where it never does. Nothing of any other layer.
    The connections are made as the layer makes them, and not opened.
    """
    core = sys.modules.get("channels_redis.core")
    if core is None or not isinstance(layer, core.RedisChannelLayer) or not hasattr(layer, "create_pool"):
        return {}
    # channels_redis 4.0 takes entries out of the host that it is given, which is the settings' own
    layer.hosts = [dict(host) for host in layer.hosts]

    async def limits():
        connections = [layer.create_pool(index).make_connection() for index in range(len(layer.hosts))]
        return [getattr(connection, "socket_timeout", None) for connection in connections]

    # locks of asyncio want a loop before Python 3.10
    loop = asyncio.new_event_loop()
    try:
        # JSON has no infinity
        found = [limit for limit in loop.run_until_complete(limits()) if limit is not None and limit < 1e9]
        return {"read_limit": min(found, default=None), "waits": layer.brpop_timeout}
    except Exception:  # what can't be made is told by the message that needs it
        return {}
    finally:
        loop.close()


def trip(layer, limit=2.0):
    """One message through a group that nobody else knows."""
    group = "election-dev." + secrets.token_hex(8)
    nonce = secrets.token_hex(8)
    begun = time.monotonic()

    async def there_and_back():
        channel = await layer.new_channel()
        try:
            await layer.group_add(group, channel)
            await layer.group_send(group, {"type": "election.dev", "nonce": nonce})
            message = await layer.receive(channel)
        finally:
            # in a task of its own: the deadline must not keep it from tidying up
            await asyncio.shield(asyncio.ensure_future(discard(channel)))
        return message.get("nonce") == nonce

    async def discard(channel):
        try:
            await asyncio.wait_for(layer.group_discard(group, channel), 0.5)
        except Exception:  # the error that led here says more
            pass

    async def whole():
        try:
            return await asyncio.wait_for(there_and_back(), limit)
        except asyncio.TimeoutError:
            raise TimeoutError("no message came through within %g s" % limit) from None
        finally:
            close = getattr(layer, "close_pools", None)
            if close is not None:
                try:
                    await asyncio.wait_for(close(), 0.5)
                except Exception:
                    pass

    # asyncio.run() would wait for a look-up of the host's name that hangs
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    received = loop.run_until_complete(whole())
    tell("trip", received=received, elapsed_ms=round((time.monotonic() - begun) * 1000))


class Recorder:
    """Puts an in-memory layer in place of every layer that is configured, and remembers the groups."""

    def __init__(self):
        self.groups = []

    def install(self):
        from channels.layers import InMemoryChannelLayer, channel_layers

        groups = self.groups

        class RecordingLayer(InMemoryChannelLayer):
            async def group_add(self, group, channel):
                await super().group_add(group, channel)
                if group not in groups:
                    groups.append(group)

        for alias in list(channel_layers.configs or {}):
            try:
                original = channel_layers[alias]
            except Exception:  # the consumer meets the same error
                continue
            # an error of the consumer's names the layer that its project has
            layer = type(type(original).__name__, (RecordingLayer,), {})()
            channel_layers.set(alias, layer)
            # a module that took the layer at its import has the original one
            for name in ("new_channel", "send", "receive", "group_add", "group_discard", "group_send"):
                try:
                    setattr(original, name, getattr(layer, name))
                except AttributeError:
                    continue
