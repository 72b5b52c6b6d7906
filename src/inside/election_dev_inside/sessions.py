"""A session of a user of the project, made through the project's own engine."""

import inspect
from importlib import import_module

from .borrowed import LIFE, database_elsewhere, is_here, keep
from .frames import is_own
from .identity import name_of
from .telling import tell

# what a middleware of the project's own reads a session with, where it is none of Channels'
READS = ("SESSION_COOKIE_NAME", "SessionStore", "SessionMiddleware", "sessionid")


def reads_session(wrapper):
    """Whether a middleware around the routes reads a session: one of Channels, or the project's own by its source."""
    kind = wrapper if inspect.isfunction(wrapper) else type(wrapper)
    if any(each.__module__.startswith("channels.") and each.__name__ in ("SessionMiddleware", "AuthMiddleware")
           for each in getattr(kind, "__mro__", ())):
        return True
    try:
        return is_own(inspect.getfile(kind)) and any(name in inspect.getsource(kind) for name in READS)
    except (OSError, TypeError):  # built in, or without a source
        return False


def facts(middleware, user, serving, anywhere):
    """A session where the application reads one. `anywhere`: it may be written to another machine's database as well."""
    if not any(map(reads_session, middleware)):
        tell("session", wanted=False)
        return
    if user is None:
        tell("session", wanted=True)
        return
    from django.conf import settings

    name = name_of(user)
    engine = import_module(settings.SESSION_ENGINE)
    place = elsewhere(settings, engine)
    why = None if serving else unseen(settings)
    if why or place and not anywhere:
        tell("session", wanted=True, user=name, elsewhere=place, why=why or "sessions are kept on %s, which is another machine" % place)
        return
    store = made(settings, engine, user)
    tell("session", wanted=True, user=name, cookie="%s=%s" % (settings.SESSION_COOKIE_NAME, store.session_key))


def made(settings, engine, user):
    """As django.contrib.auth.login leaves it, without a request."""
    from django.contrib import auth

    store = engine.SessionStore()
    store[auth.SESSION_KEY] = user._meta.pk.value_to_string(user)
    store[auth.BACKEND_SESSION_KEY] = backend_of(settings, user)
    if hasattr(user, "get_session_auth_hash"):
        store[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.set_expiry(LIFE)
    keep(store).save()
    return store


def backend_of(settings, user):
    """The first backend that knows the user again: one that only checks permissions doesn't."""
    from django.contrib.auth import load_backend

    for path in settings.AUTHENTICATION_BACKENDS:
        try:
            if load_backend(path).get_user(user.pk) is not None:
                return path
        except Exception:  # of a kind that knows no users
            continue
    raise LookupError("none of AUTHENTICATION_BACKENDS gives back the user %s" % user.get_username())


def unseen(settings):
    """Why a session that is made here can't be seen by the server."""
    if not is_in_cache(import_module(settings.SESSION_ENGINE)):
        return None
    kind = settings.CACHES[settings.SESSION_CACHE_ALIAS].get("BACKEND", "")
    return "sessions are kept in the memory of the server" if kind.endswith("LocMemCache") else None


def is_in_cache(engine):
    """Whether sessions are in a cache, and nowhere else; also those of an engine that is made from Django's."""
    kinds = [kind.__module__ for kind in engine.SessionStore.__mro__]
    return "django.contrib.sessions.backends.cache" in kinds


def elsewhere(settings, engine):
    """The machine that sessions are kept on, where it isn't this one."""
    model = getattr(engine.SessionStore, "get_model_class", None)
    place = database_elsewhere(model()) if model is not None else None
    cached = any(kind.__module__.startswith("django.contrib.sessions.backends.cache") for kind in engine.SessionStore.__mro__)
    if place is None and cached:
        cache = settings.CACHES[settings.SESSION_CACHE_ALIAS]
        location = cache.get("LOCATION") or ""
        # those of Django that are a memory, a folder, a table or nothing have names there, not hosts
        is_local = str(cache.get("BACKEND", "")).endswith(("LocMemCache", "FileBasedCache", "DatabaseCache", "DummyCache"))
        hosts = [] if is_local else map(host_of, [location] if isinstance(location, str) else location)
        place = next((host for host in hosts if not is_here(host)), None)
    return place


def host_of(location):
    """Of a cache's LOCATION: a URL, host:port, a host, or a socket."""
    if location.startswith(("unix:", "/")):
        return ""
    rest = location.partition("://")[2].partition("/")[0] if "://" in location else location
    host = rest.rpartition("@")[2]
    return host.strip("[]") if host.count(":") > 1 and not host.startswith("[") else host.rpartition(":")[0].strip("[]") or host.strip("[]")
