"""
Stands between the ASGI server and the application while `election-dev start` runs it:

    ELECTION_DEV_APPLICATION=core.asgi:application python -m daphne election_dev_observer:application

Everything goes through unchanged. The launcher is told, over a pipe of its own,
what becomes of each WebSocket (never a token, a query, a header or a message),
and it may have one message broadcast to its own sockets. When the launcher is
gone, this process ends itself. Standard library only, Python 3.8 or newer.
"""

import asyncio
import contextvars
import hmac
import importlib
import inspect
import json
import os
import secrets
import select
import signal
import socket
import sys
import threading
import time

HEADER = b"x-election-dev"
PROBE_TYPE = "election_dev.probe"
# the launcher's descriptors: what it asks comes on the first, events go out on the second
READ_FD, WRITE_FD = 3, 4
# events that the launcher doesn't read (it may be stopped by Ctrl+Z) are kept up to this many bytes
BACKLOG = 65536
# a server that is told to end has so many seconds before it is made to
GRACE = 1

_HERE = os.path.dirname(os.path.abspath(__file__))
_STDLIB = os.path.dirname(os.path.abspath(os.__file__))
# the probe that the running task serves: middleware copies scopes, and a context is never copied away
_probe = contextvars.ContextVar("election_dev_probe", default=None)


class Channel:
    """The two pipes to the launcher."""

    def __init__(self, read, write, nonce, rest):
        self.nonce = nonce
        self.loop = None
        self.on_request = None
        self._read = read
        self._write = write
        self._unread = rest
        self._unsent = b""
        self._tasks = set()

    def tell(self, event):
        """Writes one event. Never waits: a launcher that doesn't read must not stop the server."""
        if len(self._unsent) > BACKLOG or self._write is None:
            return
        data = self._unsent + json.dumps(event, separators=(",", ":")).encode() + b"\n"
        try:
            self._unsent = data[self._write(data) :]
        except (BlockingIOError, InterruptedError):
            self._unsent = data
        except OSError:
            # the launcher is gone, which the reading thread acts upon
            self._write = None

    def listen(self):
        """Takes what the launcher asks; its end is the end of this process. Runs in a thread of its own."""
        while True:
            *lines, self._unread = self._unread.split(b"\n")
            for line in lines:
                self._take(line)
            try:
                data = self._read(4096)
            except OSError:
                data = b""
            if not data:
                break
            self._unread += data
        end_all(self.loop)

    def forget(self):
        """In a forked child: neither the launcher's pipes nor its end are any of its business."""
        self._write = None
        for fd in (READ_FD, WRITE_FD):
            try:
                os.close(fd)
            except OSError:
                pass

    def _take(self, line):
        loop, on_request = self.loop, self.on_request
        if loop is None or on_request is None:
            return
        try:
            request = json.loads(line)
            loop.call_soon_threadsafe(self._begin, on_request, request)
        except (ValueError, RuntimeError):
            pass

    def _begin(self, on_request, request):
        # a loop holds its tasks weakly
        task = asyncio.ensure_future(on_request(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def end_all(loop):
    """Ends this server and what it leads: by its own signal handler, which is run by the event loop, or by force."""
    if loop is not None and not loop.is_closed():
        try:
            loop.call_soon_threadsafe(ask_to_end)
            time.sleep(GRACE)
        except RuntimeError:
            pass
    if leads_group():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def ask_to_end():
    if leads_group():
        os.killpg(os.getpid(), signal.SIGTERM)
    else:
        signal.raise_signal(signal.SIGTERM)


def leads_group():
    """The launcher starts its server as the leader of a process group, so all of the group is the server's."""
    return hasattr(os, "killpg") and os.getpgrp() == os.getpid()


def connect():
    """The channel to the launcher, or None where the descriptors are somebody else's: a worker that the server spawned has others."""
    opened = windows_pipes() if os.name == "nt" else sockets()
    if opened is None:
        return None
    read, write = opened
    rest = b""
    while b"\n" not in rest:
        data = read(4096)
        if not data:
            end_all(None)
        rest += data
    line, rest = rest.split(b"\n", 1)
    channel = Channel(read, write, json.loads(line)["election-dev"], rest)
    for fd in (READ_FD, WRITE_FD):
        os.set_inheritable(fd, False)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=channel.forget)
    channel.tell({"event": "hello", "nonce": channel.nonce, "pid": os.getpid()})
    threading.Thread(target=channel.listen, name="election-dev", daemon=True).start()
    return channel


def sockets():
    """Node makes its pipes of Unix sockets, so one call can be told not to wait."""
    ends = []
    try:
        for fd in (READ_FD, WRITE_FD):
            ends.append(socket.socket(fileno=fd))
        # waited for and looked at, not taken: what isn't ours is left as it is
        select.select([READ_FD], [], [], GRACE)
        head = ends[0].recv(16, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        if head not in (b"", b'{"election-dev":'):
            raise OSError
    except OSError:
        for end in ends:
            end.detach()
        return None
    flags = socket.MSG_DONTWAIT | getattr(socket, "MSG_NOSIGNAL", 0)
    return ends[0].recv, lambda data: ends[1].send(data, flags)


def windows_pipes():
    """Descriptors above 2 are inherited through the C runtime. A pipe's write may wait there, so a thread does it."""
    import queue

    try:
        os.fstat(READ_FD), os.fstat(WRITE_FD)
    except OSError:
        return None
    waiting = queue.SimpleQueue()

    def write_all():
        while True:
            try:
                os.write(WRITE_FD, waiting.get())
            except OSError:
                return

    def write(data):
        # what nobody reads isn't kept for ever
        if waiting.qsize() < 1000:
            waiting.put(data)
        return len(data)

    threading.Thread(target=write_all, name="election-dev-events", daemon=True).start()
    return lambda size: os.read(READ_FD, size), write


class Probe:
    """A WebSocket of the launcher's own: its server's send, and its consumer once it is known."""

    __slots__ = ("consumer", "delivered", "send")

    def __init__(self, send):
        self.send = send
        self.consumer = None
        self.delivered = None


class Observer:
    """The application as the server sees it."""

    def __init__(self, application, channel):
        self._application = application
        self._channel = channel
        self._last = 0
        self._open = 0
        self._probes = []
        self._is_patched = False
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

        async def observed_receive():
            nonlocal code
            message = await receive()
            if message["type"] == "websocket.disconnect" and code is None:
                code = message.get("code")
            return message

        async def observed_send(message):
            nonlocal accepted, code
            kind = message.get("type") if isinstance(message, dict) else None
            if kind != "websocket.send":
                if kind == "websocket.accept" and not accepted:
                    accepted = True
                    self._open += 1
                    tell({"event": "accepted", "id": ident, "open": self._open})
                elif kind == "websocket.close":
                    code = message.get("code") or 1000
                    if not accepted:
                        tell({"event": "refused", "id": ident, "code": code, **refuser(sys._getframe(1))})
                elif kind == "websocket.http.response.start":
                    tell({"event": "refused", "id": ident, "status": message.get("status"), **refuser(sys._getframe(1))})
            await send(message)

        probe = None
        if self._is_ours(scope):
            probe = Probe(send)
            scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0].lower() != HEADER]}
            self._patch()
            self._probes.append(probe)
            _probe.set(probe)
        about = {"id": ident, "path": str(scope.get("path", ""))[:300], "probe": probe is not None}
        tell({"event": "opened", **about})
        try:
            return await self._application(scope, observed_receive, observed_send)
        except Exception as error:
            tell({"event": "raised", **about, "phase": "after" if accepted else "before", **described(error)})
            raise
        finally:
            if probe is not None:
                self._probes.remove(probe)
            if accepted:
                self._open -= 1
                tell({"event": "closed", "id": ident, "code": code, "open": self._open})

    def _is_ours(self, scope):
        nonce = self._channel.nonce.encode()
        return any(name.lower() == HEADER and hmac.compare_digest(value, nonce) for name, value in scope.get("headers", ()))

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

    async def _asked(self, request):
        if request.get("ask") == "broadcast":
            self._channel.tell({"event": "broadcast", "id": request.get("id"), **await self._broadcast(request.get("id"))})

    async def _broadcast(self, ident):
        """Sends one message to the launcher's own sockets through their channel layer, in a group that nobody else is in."""
        probes = [probe for probe in self._probes if hasattr(probe.consumer, "channel_layer")]
        if not probes:
            return {"sent": 0, "why": "no-consumer"}
        layer = probes[0].consumer.channel_layer
        if layer is None:
            return {"sent": 0, "why": "no-layer"}
        group = "election-dev." + secrets.token_hex(8)
        names = [probe.consumer.channel_name for probe in probes]
        for probe in probes:
            probe.delivered = asyncio.get_running_loop().create_future()
        try:
            for name in names:
                await layer.group_add(group, name)
            await layer.group_send(group, {"type": PROBE_TYPE, "id": ident})
            # a layer may deliver only as long as the sockets are in the group
            await asyncio.wait([probe.delivered for probe in probes], timeout=GRACE)
            return {"sent": len(names)}
        except Exception as error:
            return {"sent": 0, "why": "raised", **described(error)}
        finally:
            for name in names:
                try:
                    await layer.group_discard(group, name)
                except Exception:
                    # said by what was raised before it
                    break


def attend(probe, consumer):
    """What comes to this one consumer goes on to it, but for our own message: that is answered to its client alone."""
    dispatch = consumer.dispatch
    probe.consumer = consumer

    async def observed_dispatch(message):
        if message.get("type") != PROBE_TYPE:
            await dispatch(message)
            return
        await probe.send({"type": "websocket.send", "text": json.dumps({"type": PROBE_TYPE, "id": message.get("id")})})
        if probe.delivered is not None and not probe.delivered.done():
            probe.delivered.set_result(None)

    consumer.dispatch = observed_dispatch


def refuser(frame):
    """Who on the stack closes a socket before it is accepted: the Origin validator, a line of the project, or a class of a library."""
    own = by = own_by = None
    denied = False
    for frame in stack(frame):
        owner = frame.f_locals.get("self")
        file = frame.f_code.co_filename
        if owner is not None and not is_plumbing(file):
            # Channels lets a consumer of this name refuse what its validators don't let through
            denied = denied or any(kind.__name__ == "WebsocketDenier" for kind in type(owner).__mro__)
            if denied and hasattr(owner, "valid_origin"):
                return {"by": "origin", "class": type(owner).__name__}
            by = by or type(owner).__name__
        if own is None and is_own(file):
            own = place(frame.f_code, frame.f_lineno)
            own_by = None if owner is None else type(owner).__name__
    by = by if own is None else own_by
    return {"by": "application", **({} if by is None else {"class": by}), **(own or {})}


def stack(frame):
    """The frames between us and the server, the innermost first; those of a synchronous consumer stand in the thread that waits for us."""
    while frame is not None:
        owner = frame.f_locals.get("self")
        if isinstance(owner, Observer):
            return
        if type(owner).__name__ == "AsyncToSync":
            yield from waiting_stack(owner)
            return
        yield frame
        frame = frame.f_back


def waiting_stack(sender):
    for frame in sys._current_frames().values():
        frames = []
        while frame is not None:
            frames.append(frame)
            frame = frame.f_back
        if any(getattr(frame.f_locals.get("self"), "base_send", None) is sender for frame in frames):
            return frames
    return []


def described(error):
    """Type, message and the project's own last line of an exception."""
    while len(getattr(error, "exceptions", ())) == 1:
        error = error.exceptions[0]
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else kind.__module__ + "." + kind.__qualname__
    try:
        message = str(error)[:300]
    except Exception:
        message = ""
    own = {}
    trace = error.__traceback__
    while trace is not None:
        if is_own(trace.tb_frame.f_code.co_filename):
            own = place(trace.tb_frame.f_code, trace.tb_lineno)
        trace = trace.tb_next
    return {"type": name, "message": message, **own}


def is_own(file):
    """True for a file of the project: no library's, not Python's own, and not this one."""
    return not is_packaged(file) and not is_plumbing(file)


def is_packaged(file):
    return "site-packages" in file or "dist-packages" in file


def is_plumbing(file):
    """True for Python's own files, for this one, and for asgiref, which carries calls from thread to thread."""
    if is_packaged(file):
        return os.sep + "asgiref" + os.sep in file
    # Cython names the source that a library was built from, as if it lay in the working folder
    return file.startswith("<") or file.endswith((".pyx", ".pxd", ".pxi")) or os.path.abspath(file).startswith((_STDLIB + os.sep, _HERE + os.sep))


def place(code, line):
    path = os.path.abspath(code.co_filename)
    folder = os.getcwd() + os.sep
    return {"file": path[len(folder) :] if path.startswith(folder) else path, "line": line, "function": code.co_name}


def load(name):
    """The application that `module:attribute` names. What its import raises goes on as it is."""
    module, _, attributes = name.partition(":")
    target = importlib.import_module(module)
    for attribute in attributes.split("."):
        target = getattr(target, attribute)
    return target


def tidy():
    """Takes our own folder and variable away: neither the application nor its children are to see them."""
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != _HERE]
    entries = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if os.path.abspath(entries[0]) == _HERE:
        os.environ["PYTHONPATH"] = os.pathsep.join(entries[1:])
        if len(entries) == 1:
            del os.environ["PYTHONPATH"]
    return os.environ.pop("ELECTION_DEV_APPLICATION", "")


def observe():
    name = tidy()
    channel = connect()
    inner = load(name)
    # what isn't an ASGI 3 application is served as it is, so that the server says of it what it would say without us
    is_async = inspect.iscoroutinefunction(inner) or (
        not inspect.isclass(inner) and inspect.iscoroutinefunction(getattr(inner, "__call__", None))
    )
    return inner if channel is None or not is_async else Observer(inner, channel)


if __name__ == "__main__":
    # `python -m election_dev_observer manage.py runserver`: it finds its application by itself, and ends with the launcher all the same
    import runpy

    tidy()
    connect()
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
else:
    application = observe()
