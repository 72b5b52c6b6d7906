"""The project's own application, and what the server is given in its place."""

import importlib
import inspect

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
    # what isn't an ASGI 3 application is served as it is, so that the server says of it what it would say without us
    is_async = inspect.iscoroutinefunction(inner) or (
        not inspect.isclass(inner) and inspect.iscoroutinefunction(getattr(inner, "__call__", None))
    )
    return inner if channel is None or not is_async else Observer(inner, channel)
