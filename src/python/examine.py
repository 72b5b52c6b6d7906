"""A full examination of a Django Channels project by its own interpreter. Standard library only, Python 3.8+.

Reads one JSON request on standard input and prints one JSON fact a line as each
becomes known, so that a project that hangs leaves a trace of how far it came. It
goes the way that a server goes: DJANGO_SETTINGS_MODULE is what the environment
says, and an asgi.py that forgets it fails here as it does there. It only reads:
no log file is opened, no database made, no key left, no row written.

Request: {"settings_module": "core.settings", "application": "core.asgi:application" | null, "nonce": "…",
          "names": ["REDIS_PORT", …], "consumer": null | {"path": …, …}, "layer_trip": true, "only_settings": false}
Facts:   those of src/facts/examination.ts, and {"fact": "stage", "stage": …} as each begins.
"""

import os
import sys

# The folder of this file has an inspect.py of its own, which must not be taken for Python's.
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != HERE]
sys.dont_write_bytecode = True

import hashlib
import hmac
import importlib
import importlib.util
import json
import logging
import logging.handlers
import re


def sibling(name):
    """A module beside this file: they are loaded by path, as their folder is not on Python's."""
    spec = importlib.util.spec_from_file_location(name, os.path.join(HERE, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


telling = sibling("examine_tell")
applications = sibling("examine_application")
layers = sibling("examine_layer")
databases = sibling("examine_database")
consumers = sibling("examine_consumer")
sources = sibling("examine_sources")
from examine_tell import enter, hide, run, tell

HARMFUL = re.compile("SECRET|PASSWORD|TOKEN|KEY|DSN|URL|CREDENTIAL", re.IGNORECASE)
# Folders that packages leave in site-packages by mistake, and that projects have for good reasons.
COMMON = {"tests", "test", "docs", "examples", "setup", "manage", "conftest"}


def shadows():
    """Modules beside manage.py that hide an installed package of the same name."""
    installed = set()
    for folder in sys.path:
        if os.path.basename(folder) in telling.LIBRARY_FOLDERS and os.path.isdir(folder):
            for entry in os.listdir(folder):
                if os.path.isdir(os.path.join(folder, entry)) or entry.endswith((".py", ".so", ".pyd")):
                    installed.add(entry.split(".")[0])
    files = []
    for entry in sorted(os.listdir(os.curdir)):
        name, extension = os.path.splitext(entry)
        is_package = os.path.isfile(os.path.join(entry, "__init__.py"))
        if (extension == ".py" or is_package) and name in installed - COMMON:
            files.append({"name": name, "file": os.path.join(entry, "__init__.py") if is_package else entry})
    tell("shadows", files=files)


def close_log_files():
    """No handler opens or writes a file. A folder that is missing is still the error that it is to a server."""
    original = logging.FileHandler.__init__

    def construct(self, filename, mode="a", encoding=None, delay=False, **rest):
        folder = os.path.dirname(os.path.abspath(os.fspath(filename)))
        if not delay and not os.path.isdir(folder):
            raise FileNotFoundError(2, "No such file or directory", os.path.abspath(os.fspath(filename)))
        original(self, filename, mode, encoding, True, **rest)

    logging.FileHandler.__init__ = construct
    logging.FileHandler._open = lambda self: open(os.devnull, "w")
    for handler in (logging.FileHandler, logging.handlers.BaseRotatingHandler, logging.handlers.WatchedFileHandler):
        handler.handle = handler.emit = lambda self, record: None


def settings_facts(request):
    """The settings as plain values. Django's own settings stay as they are: an asgi.py that doesn't set them up must be seen."""
    name = os.environ.get("DJANGO_SETTINGS_MODULE") or request["settings_module"]
    module = importlib.import_module(name)
    import django

    secret = getattr(module, "SECRET_KEY", None)
    for value in (secret, *databases.passwords(module)):
        hide(value)
    configured = getattr(module, "CHANNEL_LAYERS", None)
    default = configured.get("default") if isinstance(configured, dict) else None
    default = default if isinstance(default, dict) else {}
    config = default.get("CONFIG")
    hosts = layers.redis_hosts(config.get("hosts") if isinstance(config, dict) else None)
    allowed = getattr(module, "ALLOWED_HOSTS", None)
    apps = [str(app) for app in getattr(module, "INSTALLED_APPS", None) or ()]
    tell("settings", module=name, django=django.get_version(), debug=bool(getattr(module, "DEBUG", False)),
         allowed_hosts=[str(host) for host in allowed] if isinstance(allowed, (list, tuple, set)) else [],
         asgi_application=text_or_none(getattr(module, "ASGI_APPLICATION", None)),
         wsgi_application=text_or_none(getattr(module, "WSGI_APPLICATION", None)),
         daphne_app=daphne_place(apps), layers_set=bool(configured),
         layer_backend=text_or_none(default.get("BACKEND")), layer_hosts=hosts,
         secret=digest(secret, request.get("nonce") or ""), values=list(values(module, request.get("names") or ())))
    # logging is left alone: a folder that is missing is told by `folders`
    module.LOGGING_CONFIG = None
    # the daphne app only changes runserver, and importing it starts Twisted: a quarter of a second
    module.INSTALLED_APPS = [app for app in apps if app.split(".")[0] != "daphne"]
    return module


def text_or_none(value):
    return None if value is None else str(value)


def daphne_place(apps):
    position = next((index for index, app in enumerate(apps) if app in ("daphne", "daphne.apps.DaphneConfig")), None)
    if position is None:
        return "absent"
    static = next((index for index, app in enumerate(apps) if app.startswith("django.contrib.staticfiles")), len(apps))
    return "before-staticfiles" if position < static else "after-staticfiles"


def digest(secret, nonce):
    if not secret:
        return None
    return hmac.new(nonce.encode(), secret if isinstance(secret, bytes) else str(secret).encode(), hashlib.sha256).hexdigest()


def values(module, names):
    for name in names:
        if not hasattr(module, name):
            continue
        value = getattr(module, name)
        kind = next((kind for kind, type_ in (("bool", bool), ("int", int), ("str", str)) if isinstance(value, type_)), "other")
        harmless = kind in ("bool", "int") or (kind == "str" and not HARMFUL.search(name))
        yield {"name": name, "kind": kind, "value": str(value) if harmless else None}


def missing_folders(module):
    """Folders that LOGGING writes to and that aren't there: the import of the application would fail on them."""
    configured = getattr(module, "LOGGING", None)
    handlers = configured.get("handlers") if isinstance(configured, dict) else None
    missing = []
    for name, handler in (handlers or {}).items():
        # a file that is opened at its first line keeps nothing from starting
        filename = handler.get("filename") if isinstance(handler, dict) and not handler.get("delay") else None
        folder = os.path.dirname(os.path.abspath(str(filename))) if filename else None
        if folder and not os.path.isdir(folder) and folder not in [entry["folder"] for entry in missing]:
            missing.append({"folder": folder, "handler": str(name)})
    tell("folders", missing=missing)


def examine(request):
    tell("start", python="%d.%d.%d" % sys.version_info[:3], executable=sys.executable)
    run("shadows", shadows)
    close_log_files()
    databases.make_no_file()
    module = run("settings", settings_facts, request)
    if module is None:
        run("broadcasts", sources.broadcasts, None)
        return
    if request.get("only_settings"):
        return
    run("folders", missing_folders, module)
    path = request.get("application")
    application = run("application", applications.load, path or getattr(module, "ASGI_APPLICATION", None))
    if application is not None:
        run("application", applications.facts, application)
    # the later stages look on where a server would have ended
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", module.__name__)
    run("application", applications.set_up)
    run("asgi_setting", applications.setting_facts, module)
    layer = run("layer", layers.build)
    if layer is not None and request.get("layer_trip"):
        run("trip", layers.trip, layer)
    state = run("database", databases.facts) or "unreachable"
    if state == "ready":
        run("migrations", databases.pending)
    if request.get("consumer") and application is not None:
        run("consumer", consumers.play, application, request["consumer"], state)
    run("broadcasts", sources.broadcasts, module)


def main():
    telling.open_facts()
    request = json.load(sys.stdin)
    sys.path.insert(0, os.getcwd())
    telling.watch()
    consumers.hide_tokens(request.get("consumer"))
    try:
        examine(request)
    finally:
        tell("end")
        sys.stderr.flush()
        # a thread of the project that still stands must not hold the process
        os._exit(0)


if __name__ == "__main__":
    main()
