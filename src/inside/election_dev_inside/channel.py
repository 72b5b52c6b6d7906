"""The pipes between this process and the launcher, and the guard that ends the one with the other."""

import asyncio
import json
import os
import queue
import select
import signal
import socket
import sys
import threading
import time

# the launcher's descriptors: what it asks comes on the first, events go out on the second
READ_FD, WRITE_FD = 3, 4
# events that the launcher doesn't read (it may be stopped by Ctrl+Z) are kept up to this many bytes
BACKLOG = 65536
# a server that is told to end has so many seconds before it is made to
GRACE = 1


class Channel:
    """The two pipes to the launcher."""

    def __init__(self, read, write, nonce, rest):
        self.nonce = nonce
        self.loop = None
        self.on_request = None
        # the launcher's own sockets, once an application is served
        self.probes = None
        # what the launcher wants to know of the project, until there is a thread that looks
        self.looks = queue.SimpleQueue()
        self._read = read
        self._write = write
        self._unread = rest
        self._unsent = b""
        self._sending = threading.Lock()
        self._tasks = set()

    def tell(self, event):
        """Writes one event. Never waits: a launcher that doesn't read must not stop the server."""
        with self._sending:
            if len(self._unsent) <= BACKLOG:
                self._send(event)

    def tell_surely(self, event):
        """Writes one event as soon as the launcher reads, and nothing else of the process waits for it. For a thread of its own."""
        told = False
        while self._write is not None:
            with self._sending:
                # what waits goes first, and nothing of this one is left waiting
                if told or self._unsent:
                    self._send()
                else:
                    self._send(event)
                    told = True
                waits = bool(self._unsent)
            if told and not waits:
                return
            if waits:
                time.sleep(0.02)

    def _send(self, *events):
        data = self._unsent + b"".join(json.dumps(event, separators=(",", ":"), default=str).encode() + b"\n" for event in events)
        if self._write is None:
            return
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
        self._sending = threading.Lock()
        self._write = None
        for fd in (READ_FD, WRITE_FD):
            try:
                os.close(fd)
            except OSError:
                pass

    def _take(self, line):
        try:
            request = json.loads(line)
            if request.get("ask") in ("look", "take-back"):
                self.looks.put(request)
            elif self.loop is not None and self.on_request is not None:
                self.loop.call_soon_threadsafe(self._begin, self.on_request, request)
        except (ValueError, RuntimeError):
            pass

    def _begin(self, on_request, request):
        # a loop holds its tasks weakly
        task = asyncio.ensure_future(on_request(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def connect():
    """The channel to the launcher, or None where the descriptors are somebody else's: a worker that the server spawned has others."""
    opened = windows_pipes() if os.name == "nt" else unix_sockets()
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


def unix_sockets():
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


def end_all(loop):
    """Ends this server and what it leads: by its own signal handler, which is run by the event loop, or by force."""
    take_back()
    if loop is not None and not loop.is_closed():
        try:
            loop.call_soon_threadsafe(ask_to_end)
            time.sleep(GRACE)
        except RuntimeError:
            pass
    if leads_group():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def take_back():
    """What was made in the project for the launcher goes with it."""
    borrowed = sys.modules.get(__package__ + ".borrowed")
    if borrowed is not None:
        borrowed.end()


def ask_to_end():
    if leads_group():
        os.killpg(os.getpid(), signal.SIGTERM)
    else:
        signal.raise_signal(signal.SIGTERM)


def leads_group():
    """The launcher starts its server as the leader of a process group, so all of the group is the server's."""
    return hasattr(os, "killpg") and os.getpgrp() == os.getpid()
