"""What was made in the project for the launcher: only on this machine, and taken back when this process ends."""

import atexit
import os
import socket
import threading

# how long it is good for, in seconds, where nobody takes it back
LIFE = 3600
# taking it back must not hold up the end of a server whose database is gone: so many seconds
PATIENCE = 1

_made = []
_lock = threading.Lock()


def keep(thing):
    """Something with a `delete`, which is called when this process ends."""
    with _lock:
        if not _made:
            atexit.register(end)
        _made.append((os.getpid(), thing))
    return thing


def database_elsewhere(model):
    """The machine that rows of the model are written on, where it isn't this one."""
    from django.db import connections, router

    return elsewhere_of(connections.databases[router.db_for_write(model)])


def elsewhere_of(database):
    """The machine of one of DATABASES, where it isn't this one; what only its driver reads may lead anywhere."""
    options = database.get("OPTIONS") or {}
    host = str(options.get("host") or database.get("HOST") or "")
    read = next((str(options[name]) for name in ("service", "read_default_file") if options.get(name)), None)
    return (None if is_here(host) else host) if host or read is None else "what %s names" % read


def is_here(host):
    """Whether a name is this machine's: every address of it can be bound here."""
    if not host or host.startswith(("/", "@")):
        return True
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as bound:
                bound.bind(address)
    except OSError:
        return False
    return bool(found)


def lasting():
    return bool(_made)


def end():
    """Takes back what this process has made, within a second; a fork of it has made nothing."""
    with _lock:
        ours = [thing for pid, thing in _made if pid == os.getpid()]
        del _made[:]
    if ours:
        worker = threading.Thread(target=take_back, args=(ours,), name="election-dev-borrowed", daemon=True)
        worker.start()
        worker.join(PATIENCE)


def take_back(things):
    from .target import close_connections

    for thing in things:
        try:
            thing.delete()
        except Exception:  # its database is gone: a session runs out within the hour
            pass
    close_connections()
