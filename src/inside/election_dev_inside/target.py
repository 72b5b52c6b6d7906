"""The project's own application, and what the server is given in its place."""

import importlib
import inspect
import threading

from .channel import connect
from .folder import tidy
from .sockets import Observer


def load(name):
    """The application that `module:attribute` names. What its import raises goes on as it is."""
    module, _, attributes = name.partition(":")
    target = importlib.import_module(module)
    for attribute in attributes.split("."):
        target = getattr(target, attribute)
    return target


def observe():
    name = tidy()
    channel = connect()
    inner = load(name)
    if channel is not None:
        threading.Thread(target=answer, args=(channel, inner), name="election-dev-look", daemon=True).start()
    # what isn't an ASGI 3 application is served as it is, so that the server says of it what it would say without us
    is_async = inspect.iscoroutinefunction(inner) or (
        not inspect.isclass(inner) and inspect.iscoroutinefunction(getattr(inner, "__call__", None))
    )
    return inner if channel is None or not is_async else Observer(inner, channel)


def answer(channel, inner):
    """Looks at the project whenever the launcher asks for it. Runs in a thread of its own, which has database connections of its own."""
    while True:
        request = channel.looks.get()
        from . import telling
        from .look import look

        telling.begin(lambda fact: channel.tell_surely({"event": "fact", "id": request.get("id"), "told": fact}))
        try:
            look(request, inner)
        finally:
            close_connections()


def close_connections():
    try:
        from django.db import connections

        connections.close_all()
    except Exception:
        # a database that is gone closes nothing
        pass
