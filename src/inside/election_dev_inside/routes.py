"""The ASGI application: imported as a server does, and what its WebSocket part consists of."""

import importlib
import inspect
import re
import sys

from .greeting import greeting
from .reach import consumer_of, ways
from .samples import sample
from .spoken import answers_ping, looks_up, subprotocols
from .telling import tell


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


def check_facts():
    """What runserver and migrate would refuse for. No database is asked: that is a check of migrate's own."""
    from django.core.checks import run_checks

    tell("checks", failed=[str(each) for each in run_checks() if each.is_serious() and not each.is_silenced()][:20])


def unwrap(application):
    """What a monitor or the like is wrapped around, and what kind of application that is."""
    from django.core.handlers.asgi import ASGIHandler
    from django.core.handlers.wsgi import WSGIHandler

    def kind_of(found):
        if isinstance(getattr(found, "application_mapping", None), dict):
            return "router"
        # that of static files is around another one
        if isinstance(found, ASGIHandler) and not hasattr(found, "application"):
            return "http-only"
        return "wsgi" if isinstance(found, WSGIHandler) else None

    found = [(way[-1], kind_of(way[-1])) for way in ways(application)]
    routers = [each for each, kind in found if kind == "router"]
    speaking = [each for each in routers if "websocket" in each.application_mapping]
    if speaking or routers:
        return (speaking + routers)[0], "router"
    # what is around Django's own handler may speak WebSocket by itself, but for that of static files
    plain = [(each, kind) for each, kind in found if kind is not None]
    if plain and (plain[0][0] is application or isinstance(application, ASGIHandler)):
        return plain[0]
    return application, "other"


def facts(application):
    """The WebSocket part: the middleware around it, and the paths that it serves."""
    core, kind = unwrap(application)
    part = core.application_mapping.get("websocket") if kind == "router" else application if kind == "other" else None
    around, end = way_in(part)
    routes = [] if end is None else list(paths(end, ())) if hasattr(end, "routes") else [served(end, ())]
    # that no route could be read doesn't say that there is none: whoever is around may speak by itself
    unread = None in routes or (end is None and (part is not None or kind == "router" and core is not application))
    tell("application", kind=kind, websocket=end is not None or (kind == "router" and part is not None), unread=unread,
         middleware=[getattr(each, "__qualname__", None) or type(each).__name__ for each in around], origins=origins_of(around),
         routes=[route for route in routes if route is not None])


def origins_of(middleware):
    """What a validator of Channels lets through; None without one."""
    lists = [getattr(each, "allowed_origins", None) for each in middleware]
    found = next((each for each in lists if isinstance(each, (list, tuple, set))), None)
    return found if found is None else [str(getattr(origin, "pattern", origin)) for origin in found]


def way_in(part):
    """What is around the routes, and what has them; None where that can't be read. A consumer that is served everywhere has one route."""
    if part is None:
        return [], None
    reached = list(ways(part))
    router = next((way for way in reached if isinstance(getattr(way[-1], "routes", None), (list, tuple))), None)
    if router is not None:
        return list(router[:-1]), router[-1]
    consumers = [way for way in reached if consumer_of(way[-1])]
    # a function may choose between several by the path
    if len(consumers) == 1 and not any(inspect.isfunction(each) for each in consumers[0][:-1]):
        return list(consumers[0][:-1]), consumers[0][-1]
    return ([part] if not hasattr(part, "application_mapping") else []), None


def parts_of(application):
    """All that is wrapped around the routes, around those of a nested router as well; and their consumers."""
    core, kind = unwrap(application)
    around, end = way_in(core.application_mapping.get("websocket") if kind == "router" else application if kind == "other" else None)
    routers, consumers = [end], [] if end is None or hasattr(end, "routes") else [consumer_of(end)]
    while routers:
        for route in getattr(routers.pop(), "routes", ()):
            for way in ways(getattr(route, "callback", None)):
                if hasattr(way[-1], "routes"):
                    routers.append(way[-1])
                else:
                    (consumers if consumer_of(way[-1]) else around).append(consumer_of(way[-1]) or way[-1])
    return around, consumers


def paths(router, above):
    """Each route with its consumer; None for one that can't be read. Nested routers are walked, also those with middleware around them."""
    for route in getattr(router, "routes", ()):
        callback, pattern = getattr(route, "callback", None), getattr(route, "pattern", None)
        if pattern is None or not hasattr(pattern, "match"):
            yield None
            continue
        reached = list(ways(callback))
        nested = next((way[-1] for way in reached if isinstance(getattr(way[-1], "routes", None), (list, tuple))), None)
        if nested is not None:
            yield from paths(nested, above + (pattern,))
            continue
        # middleware may be around a single consumer as well
        yield served(next((way[-1] for way in reached if consumer_of(way[-1])), callback), above + (pattern,))


def served(callback, patterns):
    """A route: the patterns of the routers above it and its own, a path that they take, and what its consumer wants."""
    consumer = consumer_of(callback) or callback
    made = sample(patterns, consumer)
    return {
        "route": "".join(map(str, patterns)),
        "pattern": "".join(source_of(pattern, pattern is patterns[-1]) for pattern in patterns),
        "sample": made.path,
        "unfilled": made.unfilled,
        "models": made.models,
        "looks_up": looks_up(consumer),
        "consumer": getattr(consumer, "__name__", None) or type(consumer).__name__,
        "pings": answers_ping(consumer),
        "first": greeting(consumer),
        "subprotocols": subprotocols(consumer, getattr(callback, "consumer_initkwargs", None)),
        "is_class": isinstance(callback, type) and hasattr(callback, "as_asgi"),
    }


def source_of(pattern, is_last):
    """The regular expression of a pattern, as a part of that of its whole route; Django looks for one without `$` anywhere."""
    text = str(pattern.regex.pattern)
    is_search = hasattr(pattern, "_regex") and not (is_last and text.endswith("$"))
    text = text[1:] if text.startswith("^") else ".*" + text if is_search else text
    return text if is_last else re.sub(r"(?:\\[Zz]|\$)$", "", text)


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
