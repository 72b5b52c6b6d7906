"""The project's own application, and what the server is given in its place."""

import inspect
import sys
import threading

from .channel import connect, take_back
from .folder import tidy
from .routes import load
from .sockets import Observer


def observe():
    name, settings_module = tidy()
    channel = connect()
    if settings_module is not None:
        from .preamble import follow

        follow(settings_module)
    return around(load(name), channel)


def around(inner, channel):
    """What is served in the application's place."""
    if channel is None:
        return inner
    threading.Thread(target=answer, args=(channel, inner), name="election-dev-look", daemon=True).start()
    # what isn't an ASGI 3 application is served as it is, so that the server says of it what it would say without us
    is_async = inspect.iscoroutinefunction(inner) or (
        not inspect.isclass(inner) and inspect.iscoroutinefunction(getattr(inner, "__call__", None))
    )
    return Observer(inner, channel) if is_async else inner


def observe_runserver(channel):
    """The runserver of daphne and of Channels 2 and 3 asks a function for the application, once the settings are there: it gets ours."""
    try:
        from django.core import management
    except ImportError:
        # manage.py says what it makes of that
        return
    load_command, found = management.load_command_class, set()

    def load_observed(app_name, name):
        command = load_command(app_name, name)
        for kind in type(command).__mro__ if name == "runserver" else ():
            module = sys.modules.get(kind.__module__)
            if hasattr(module, "get_default_application") and module not in found:
                found.add(module)
                module.get_default_application = observed_by(module.get_default_application, channel)
        return command

    management.load_command_class = load_observed


def observed_by(find, channel):
    return lambda: around(find(), channel)


def answer(channel, inner):
    """Looks at the project whenever the launcher asks for it. Runs in a thread of its own, which has database connections of its own."""
    while True:
        request = channel.looks.get()
        if request.get("ask") == "take-back":
            take_back()
            channel.tell({"event": "taken-back", "id": 0})
            continue
        from . import telling
        from .look import look

        telling.begin(lambda fact: channel.tell_surely({"event": "fact", "id": request.get("id"), "told": fact}))
        try:
            look(request, inner, channel.probes)
        finally:
            close_connections()


def close_connections():
    try:
        from django.db import connections

        connections.close_all()
    except Exception:
        # a database that is gone closes nothing
        pass
