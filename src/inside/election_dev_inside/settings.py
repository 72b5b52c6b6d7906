"""The settings as plain values, and what of the folder keeps them from what they mean."""

import hashlib
import hmac
import importlib
import os
import re
import sys

from . import database, layer
from .folder import HERE
from .telling import hide, tell

HARMFUL = re.compile("SECRET|PASSWORD|TOKEN|KEY|DSN|URL|CREDENTIAL", re.IGNORECASE)
# Folders that packages leave in site-packages by mistake, and that projects have for good reasons.
COMMON = {"tests", "test", "docs", "examples", "setup", "manage", "conftest"}


def shadows():
    """Modules beside manage.py that hide an installed package of the same name."""
    installed = set()
    for folder in sys.path:
        if os.path.basename(folder) in ("site-packages", "dist-packages") and os.path.isdir(folder):
            for entry in os.listdir(folder):
                if os.path.isdir(os.path.join(folder, entry)) or entry.endswith((".py", ".so", ".pyd")):
                    installed.add(entry.split(".")[0])
    files = []
    for entry in sorted(os.listdir(HERE)):
        name, extension = os.path.splitext(entry)
        is_package = os.path.isfile(os.path.join(HERE, entry, "__init__.py"))
        if (extension == ".py" or is_package) and name in installed - COMMON:
            files.append({"name": name, "file": os.path.join(entry, "__init__.py") if is_package else entry})
    tell("shadows", files=files)


def imported(name):
    """The module itself. Django's own settings stay as they are: an asgi.py that doesn't set them up must be seen."""
    return importlib.import_module(os.environ.get("DJANGO_SETTINGS_MODULE") or name)


def when_read(before, then):
    """Calls `before` when Django begins to read its settings, whoever asks for them, and `then` as soon as they are there."""
    from django.conf import LazySettings

    original = LazySettings._setup

    def set_up(self, name=None):
        before()
        original(self, name)
        then(self)

    LazySettings._setup = set_up


def configured():
    """Django's own, as the server runs with them."""
    from django.conf import settings

    return settings


def facts(module, request):
    import django

    secret = secret_of(module)
    for value in (secret, *database.passwords(module)):
        hide(value)
    layers = getattr(module, "CHANNEL_LAYERS", None)
    default = layers.get("default") if isinstance(layers, dict) else None
    default = default if isinstance(default, dict) else {}
    config = default.get("CONFIG")
    hosts = layer.redis_hosts(config.get("hosts") if isinstance(config, dict) else None)
    allowed = getattr(module, "ALLOWED_HOSTS", None)
    tell("settings", module=getattr(module, "SETTINGS_MODULE", None) or getattr(module, "__name__", ""),
         django=django.get_version(), debug=bool(getattr(module, "DEBUG", False)),
         allowed_hosts=[str(host) for host in allowed] if isinstance(allowed, (list, tuple, set)) else [],
         asgi_application=text_or_none(getattr(module, "ASGI_APPLICATION", None)),
         wsgi_application=text_or_none(getattr(module, "WSGI_APPLICATION", None)),
         daphne_app=daphne_place(apps_of(module)), layers_set=bool(layers),
         layer_backend=text_or_none(default.get("BACKEND")), layer_hosts=hosts,
         secret=digest(secret, request.get("nonce") or ""), values=list(values(module, request.get("names") or ())))


def secret_of(module):
    try:
        return getattr(module, "SECRET_KEY", None)
    except Exception:  # Django's own settings refuse to give an empty one
        return None


def make_quiet(module):
    # logging is left alone: a folder that is missing is told by `folders`
    module.LOGGING_CONFIG = None
    # the daphne app only changes runserver, and importing it starts Twisted: a quarter of a second
    module.INSTALLED_APPS = [app for app in apps_of(module) if app.split(".")[0] != "daphne"]


def apps_of(module):
    return [str(app) for app in getattr(module, "INSTALLED_APPS", None) or ()]


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
    # a default of Django's own is nobody's answer to a line of .env
    has = getattr(module, "is_overridden", None) or (lambda name: hasattr(module, name))
    for name in names:
        if not has(name):
            continue
        value = getattr(module, name)
        kind = next((kind for kind, type_ in (("bool", bool), ("int", int), ("str", str)) if isinstance(value, type_)), "other")
        harmless = kind in ("bool", "int") or (kind == "str" and not HARMFUL.search(name))
        yield {"name": name, "kind": kind, "value": str(value) if harmless else None}


def missing_folders(module):
    """Folders that LOGGING writes to and that aren't there: the import of the application would fail on them."""
    logging = getattr(module, "LOGGING", None)
    handlers = logging.get("handlers") if isinstance(logging, dict) else None
    missing = []
    for name, handler in (handlers or {}).items():
        # a file that is opened at its first line keeps nothing from starting
        filename = handler.get("filename") if isinstance(handler, dict) and not handler.get("delay") else None
        folder = os.path.dirname(os.path.abspath(str(filename))) if filename else None
        if folder and not os.path.isdir(folder) and folder not in [entry["folder"] for entry in missing]:
            missing.append({"folder": folder, "handler": str(name)})
    tell("folders", missing=missing)
