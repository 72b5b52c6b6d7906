"""The ASGI application: imported as a server does, and what its WebSocket part consists of."""

import importlib
import inspect
import re
import sys

from .samples import sample
from .telling import tell

# `"graphql-ws" in self.scope["subprotocols"]`, and the same of an attribute or of a name of the module
WANTED = r"""(?:["']([\w.+-]+)["']|self\.(\w+)|\b(\w+))\s+(?:not\s+)?in\s+(?:self\.)?scope(?:\[|\.get\()["']subprotocols["']"""


def load(path):
    """The object that `module:attribute` (or `module.attribute`, as the setting has it) leads to."""
    if not path:
        return None
    module, _, attribute = path.partition(":")
    if not attribute and "." in module:
        module, _, attribute = module.rpartition(".")
    found = importlib.import_module(module)
    for name in (attribute or "application").split("."):
        found = getattr(found, name)
    return found


def set_up():
    """Django for the later stages, where the application's import has not set it up."""
    from django.apps import apps

    if not apps.ready:
        import django

        django.setup()


def inner_of(wrapper):
    for name in ("inner", "application", "app"):
        found = getattr(wrapper, name, None)
        if found is not None and not isinstance(found, (str, type)):
            return found
    # a plain function around the router has it among the names that it uses
    code = getattr(wrapper, "__code__", None)
    named = [wrapper.__globals__.get(name) for name in code.co_names] if code is not None else []
    named += [cell.cell_contents for cell in getattr(wrapper, "__closure__", None) or ()]
    return next((found for found in named if hasattr(found, "application_mapping") or hasattr(found, "routes")), None)


def unwrap(application):
    """What a monitor or the like is wrapped around, and what kind of application that is."""
    from django.core.handlers.asgi import ASGIHandler
    from django.core.handlers.wsgi import WSGIHandler

    for _ in range(10):
        if hasattr(application, "application_mapping"):
            return application, "router"
        if isinstance(application, ASGIHandler):
            return application, "http-only"
        if isinstance(application, WSGIHandler):
            return application, "wsgi"
        if hasattr(application, "routes") or inner_of(application) is None:
            break
        application = inner_of(application)
    return application, "other"


def facts(application):
    """The WebSocket part: the middleware around it, and the paths that it serves."""
    core, kind = unwrap(application)
    current = websocket_of(core, kind)
    websocket, origins = current is not None, None
    middleware, current = layers_of(current)
    for each in middleware:
        if origins is None and isinstance(getattr(each, "allowed_origins", None), (list, tuple, set)):
            origins = [str(getattr(origin, "pattern", origin)) for origin in each.allowed_origins]
    tell("application", kind=kind, websocket=websocket, origins=origins,
         middleware=[getattr(each, "__qualname__", None) or type(each).__name__ for each in middleware],
         routes=list(paths(current, ())) if hasattr(current, "routes") else [])


def websocket_of(core, kind):
    return core.application_mapping.get("websocket") if kind == "router" else core if hasattr(core, "routes") else None


def layers_of(current):
    """What is wrapped around a router or a consumer, the outermost first, and that itself; None where it can't be come to."""
    found = []
    while current is not None and not hasattr(current, "routes") and not consumer_of(current) and len(found) < 20:
        found.append(current)
        current = inner_of(current)
    return found, current


def middleware_of(application):
    """All that is wrapped around the routes, around those of a nested router as well."""
    found, current = layers_of(websocket_of(*unwrap(application)))
    routers = [current]
    while routers:
        for route in getattr(routers.pop(), "routes", ()):
            around, inner = layers_of(getattr(route, "callback", None))
            found += around
            routers.append(inner)
    return found


def consumer_of(callback):
    """The consumer's class, of what as_asgi() gave or of the class itself."""
    found = getattr(callback, "consumer_class", callback)
    return found if isinstance(found, type) else None


def paths(router, above):
    """Each route with its consumer. Nested routers are walked, also those with middleware around them."""
    for route in getattr(router, "routes", ()):
        callback = getattr(route, "callback", None)
        here = above + (getattr(route, "pattern", None),)
        nested = callback
        for _ in range(10):
            if nested is None or hasattr(nested, "routes"):
                break
            nested = inner_of(nested)
        if nested is not None:
            yield from paths(nested, here)
            continue
        for _ in range(10):
            if consumer_of(callback) or inner_of(callback) is None:
                break
            callback = inner_of(callback)
        consumer = consumer_of(callback) or callback
        unfilled = []
        yield {"route": "".join(map(str, here)), "sample": sample(here, consumer, unfilled), "unfilled": unfilled, "consumer": getattr(consumer, "__name__", str(consumer)), "pings": answers_ping(consumer),
               "subprotocols": demanded(consumer), "is_class": isinstance(callback, type) and hasattr(callback, "as_asgi")}


def own_sources(consumer):
    """The project's own classes of a consumer, each with its source."""
    for kind in getattr(consumer, "__mro__", (consumer,)):
        try:
            if "-packages" not in inspect.getfile(kind):
                yield kind, inspect.getsource(kind)
        except (OSError, TypeError):  # built in, or without a source
            continue


def answers_ping(consumer):
    """Whether the project's own source of a consumer speaks of a ping: another message than its own may be the end of it."""
    return any(re.search(r"[\"']ping[\"']", source) for _, source in own_sources(consumer))


def demanded(consumer):
    """The subprotocols that the project's own source of a consumer looks for among those that a client offers."""
    found = []
    for kind, source in own_sources(consumer):
        for text, attribute, name in re.findall(WANTED, source):
            value = text or getattr(kind if attribute else sys.modules.get(kind.__module__), attribute or name, None)
            if isinstance(value, str) and value not in found:
                found.append(value)
    return found


def setting_facts(module):
    """Whether ASGI_APPLICATION leads to an application: runserver of daphne asks for it, and nothing else does."""
    value = getattr(module, "ASGI_APPLICATION", None) or None
    problem, kind = setting_problem(value)
    tell("asgi_setting", ok=problem is None, value=value if value is None else str(value), message=problem, kind=kind)


def setting_problem(value):
    """What is wrong with it, as Channels says it, and the kind of application that it leads to."""
    if value is None:
        return "You have not set ASGI_APPLICATION", None
    if not isinstance(value, str) or "." not in value:
        return "Cannot find ASGI_APPLICATION setting.", None
    path, name = value.rsplit(".", 1)
    try:
        imported = importlib.import_module(path)
    except (Exception, SystemExit) as error:
        return "Cannot import ASGI_APPLICATION module %r: %s: %s" % (path, type(error).__name__, str(error)[:300]), None
    if not hasattr(imported, name):
        return "Cannot find %r in ASGI_APPLICATION module %s" % (name, path), None
    kind = unwrap(getattr(imported, name))[1]
    return "ASGI_APPLICATION leads to a WSGI application" if kind == "wsgi" else None, kind
