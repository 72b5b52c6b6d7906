"""Tells what only the project's own interpreter knows. Standard library only, Python 3.8+.

Reads one JSON request on standard input and prints one JSON fact a line as each
becomes known, so that a settings module that hangs leaves a trace of how far it
came. It reads: no log file is opened, no table made, no key written, except where
the request says `"create_user"`.

Request: {"application": "core.asgi:application", "mint": true, "create_user": null | {"password": "…"},
          "token_seconds": 3600}
Facts:   {"fact": "settings" | "folders" | "database" | "users" | "token" | "routes" | "created" | "error" | "end", …}
"""

import json
import os
import sys

# What the project prints while it is imported must not end up among the facts.
facts = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
sys.dont_write_bytecode = True
# What lies beside this file is imported before the project's folder takes its place on the path.
from make_user import create_user

sys.path[0] = os.getcwd()


def tell(fact, **what):
    facts.write(json.dumps(dict(fact=fact, **what), default=str) + "\n")
    facts.flush()


def tell_error(stage, error):
    """The exception with the last frame that lies in the project."""
    frame, last = error.__traceback__, None
    here = os.getcwd() + os.sep
    while frame is not None:
        name = frame.tb_frame.f_code.co_filename
        if name.startswith(here) and "site-packages" not in name:
            last = (name[len(here):], frame.tb_lineno)
        frame = frame.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        last = (os.path.relpath(error.filename), error.lineno)
    tell("error", stage=stage, type=type(error).__name__, message=str(error)[:500],
         file=last and last[0], line=last and last[1])


def settings_facts():
    import django
    from django.conf import settings

    layers = getattr(settings, "CHANNEL_LAYERS", None) or {}
    default = layers.get("default") or {}
    tell("settings", django=django.get_version(), debug=bool(settings.DEBUG),
         asgi_application=getattr(settings, "ASGI_APPLICATION", None),
         layer_backend=default.get("BACKEND"), layer_hosts=redis_hosts(default.get("CONFIG") or {}))
    return settings


def redis_hosts(config):
    """Host, port and database of each entry of `hosts`; never a password."""
    hosts = []
    for entry in config.get("hosts") or ():
        if isinstance(entry, (list, tuple)) and len(entry) >= 2:
            hosts.append({"host": str(entry[0]), "port": entry[1]})
        elif isinstance(entry, dict):
            address = entry.get("address") or entry.get("host")
            if isinstance(address, (list, tuple)):
                hosts.append({"host": str(address[0]), "port": address[1]})
            elif isinstance(address, str) and "://" in address:
                hosts.append(from_url(address))
            else:
                hosts.append({"host": address or "localhost", "port": entry.get("port", 6379), "db": entry.get("db", 0)})
        elif isinstance(entry, str):
            hosts.append(from_url(entry))
    return hosts


def from_url(url):
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return {"host": parts.hostname or "localhost", "port": parts.port or 6379, "tls": parts.scheme == "rediss"}


def missing_folders(settings):
    """Folders that LOGGING writes to and that aren't there: the import of the application would fail on them."""
    handlers = (getattr(settings, "LOGGING", None) or {}).get("handlers") or {}
    missing = []
    for name, handler in handlers.items():
        filename = handler.get("filename") if isinstance(handler, dict) else None
        folder = os.path.dirname(os.path.abspath(str(filename))) if filename else None
        if folder and not os.path.isdir(folder) and folder not in [m["folder"] for m in missing]:
            missing.append({"folder": folder, "handler": name})
    tell("folders", missing=missing)


def database_facts(settings):
    """Whether the tables are there. SQLite makes an empty file at the first look, so the file is looked at first."""
    from django.db import connections

    database = settings.DATABASES.get("default") or {}
    engine = str(database.get("ENGINE", ""))
    if not engine or engine.endswith("dummy"):
        tell("database", state="none")
        return False
    name = str(database.get("NAME", ""))
    in_memory = name == ":memory:" or "mode=memory" in name
    if engine.endswith(("sqlite3", "spatialite")) and not in_memory and (not os.path.exists(name) or os.path.getsize(name) == 0):
        tell("database", state="empty", name=os.path.relpath(name))
        return False
    tables = set(connections["default"].introspection.table_names())
    state = "ready" if "django_migrations" in tables else "empty"
    tell("database", state=state, name=os.path.basename(name))
    return state == "ready"


def pending_migrations():
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections["default"])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    tell("migrations", pending=["%s.%s" % (m.app_label, m.name) for m, _ in plan])


def user_facts(ready):
    """How many active users there are; without tables only which model they have. Gives the first of them."""
    from django.apps import apps

    if not apps.is_installed("django.contrib.auth"):
        tell("users", model=None, active=0)
        return None
    from django.contrib.auth import get_user_model

    model = get_user_model()
    if not ready:
        tell("users", model=model._meta.label, active=0)
        return None
    fields = {field.name for field in model._meta.get_fields()}
    active = model._default_manager.filter(is_active=True) if "is_active" in fields else model._default_manager.all()
    user = active.order_by("pk").first()
    tell("users", model=model._meta.label, active=active.count() if user else 0)
    return user


def mint(user, seconds):
    """An access token of simplejwt, for a user that the project has; nothing is stored."""
    import datetime

    try:
        from rest_framework_simplejwt.tokens import AccessToken
    except ImportError:
        tell("token", token=None, why="djangorestframework-simplejwt is not installed")
        return
    token = AccessToken.for_user(user)
    token.set_exp(lifetime=datetime.timedelta(seconds=seconds))
    tell("token", token=str(token), user=str(user.get_username()))


def application_of(path):
    import importlib

    module, _, attribute = path.partition(":")
    found = importlib.import_module(module)
    for name in (attribute or "application").split("."):
        found = getattr(found, name)
    return found


def route_facts(application):
    """The WebSocket part: the middleware around it, and the paths that it serves."""
    # a monitor or the like may be wrapped around the whole
    for _ in range(10):
        if hasattr(application, "application_mapping"):
            break
        application = inner_of(application) or application
    mapping = getattr(application, "application_mapping", None)
    if mapping is None or "websocket" not in mapping:
        tell("routes", websocket=False, routes=[], middleware=[])
        return
    middleware, seen, current = [], 0, mapping["websocket"]
    while current is not None and not hasattr(current, "routes") and seen < 20:
        middleware.append(type(current).__name__)
        seen += 1
        current = inner_of(current)
    tell("routes", websocket=True, middleware=middleware, routes=list(paths(current, "")) if current is not None else [])


def inner_of(wrapper):
    for name in ("inner", "application", "app"):
        found = getattr(wrapper, name, None)
        if found is not None:
            return found
    return None


def paths(router, prefix):
    """Path and regular expression of each route. Nested routers are walked, also those with middleware around them."""
    for route in getattr(router, "routes", ()):
        pattern = getattr(route, "pattern", None)
        inner = getattr(route, "callback", None)
        here = prefix + str(pattern)
        nested = inner
        for _ in range(10):
            if nested is None or hasattr(nested, "routes"):
                break
            nested = inner_of(nested)
        nested = nested if hasattr(nested, "routes") else None
        if nested is not None:
            yield from paths(nested, here)
        else:
            yield {"route": here, "consumer": getattr(getattr(inner, "consumer_class", inner), "__name__", str(inner))}


def make_user(password):
    user = create_user(password)
    tell("created", user=str(user.get_username()), model=user._meta.label, superuser=bool(getattr(user, "is_superuser", False)))


def stage(name, work, *arguments):
    """Runs one stage; its exception becomes a fact and the next one still has its turn."""
    try:
        return work(*arguments)
    except (Exception, SystemExit) as error:
        tell_error(name, error)
        return None


def main():
    request = json.load(sys.stdin)
    tell("start", python="%d.%d.%d" % sys.version_info[:3])
    settings = stage("settings", settings_facts)
    if settings is None:
        tell("end")
        return
    stage("folders", missing_folders, settings)
    import django

    # logging is left alone: a file handler would make its file
    settings.LOGGING_CONFIG = None
    # the daphne app only changes runserver, and importing it starts Twisted: a quarter of a second
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app.split(".")[0] != "daphne"]
    try:
        django.setup()
    except (Exception, SystemExit) as error:
        tell_error("setup", error)
        tell("end")
        return
    ready = stage("database", database_facts, settings)
    if ready and request.get("create_user"):
        stage("create_user", make_user, request["create_user"]["password"])
    user = stage("users", user_facts, ready)
    if user is not None and request.get("mint"):
        stage("token", mint, user, request.get("token_seconds", 3600))
    if request.get("application"):
        application = stage("application", application_of, request["application"])
        if application is not None:
            stage("routes", route_facts, application)
    if ready:
        stage("migrations", pending_migrations)
    tell("end")


if __name__ == "__main__":
    main()
