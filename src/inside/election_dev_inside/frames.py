"""Stacks and tracebacks as places in the project: who refused a socket, which line raised, where something waits."""

import linecache
import os
import sys
import traceback

from .folder import FOLDER, HERE
from .identity import condition, user_of
from .scope import asked_of

_LIBRARIES = ("site-packages", "dist-packages")
_STDLIB = os.path.dirname(os.path.abspath(os.__file__))
# the scripts beside the interpreter, which an environment inside the project has there as well
_SCRIPTS = os.path.dirname(sys.executable or os.devnull)


def is_own(file):
    """True for a file of the project: no library's, not Python's own, and none of these."""
    return not is_packaged(file) and not is_plumbing(file)


def is_packaged(file):
    return any(name in file for name in _LIBRARIES)


def is_plumbing(file):
    """True for Python's own files, for these here, and for asgiref, which carries calls from thread to thread."""
    if is_packaged(file):
        return os.sep + "asgiref" + os.sep in file
    # Cython names the source that a library was built from, as if it lay in the working folder
    if file.startswith("<") or file.endswith((".pyx", ".pxd", ".pxi")):
        return True
    return os.path.abspath(file).startswith((_STDLIB + os.sep, FOLDER + os.sep, _SCRIPTS + os.sep))


def shown(file):
    """A file of the project relative to its folder; one of a library from its package on."""
    parts = file.split(os.sep)
    for folder in _LIBRARIES:
        if folder in parts:
            return os.sep.join(parts[len(parts) - parts[::-1].index(folder) :])
    path = file if file.startswith("<") else os.path.abspath(file)
    for folder in (HERE, _STDLIB):
        if path.startswith(folder + os.sep):
            return path[len(folder) + 1 :]
    return path


def place(code, line):
    """One frame as the facts have it; None for the machinery of imports and for our own."""
    path = code.co_filename
    if path.startswith(("<frozen", FOLDER + os.sep, os.path.join(_STDLIB, "importlib") + os.sep)):
        return None
    return {"file": shown(path), "line": line or 0, "function": code.co_name, "own": is_own(path)}


def trim(places, limit=12):
    """The frames that tell most: the project's own and the innermost of the others."""
    if len(places) <= limit:
        return places
    kept = [index for index, frame in enumerate(places) if frame["own"]][-(limit - 4) :]
    for index in range(len(places) - 1, -1, -1):
        if len(kept) >= limit:
            break
        if index not in kept:
            kept.append(index)
    return [places[index] for index in sorted(kept)]


def places_of(steps):
    """What `traceback.walk_stack` and `walk_tb` go through, as the facts have it."""
    places = [place(frame.f_code, line) for frame, line in steps]
    return [found for found in places if found is not None]


def stack_of(frame):
    """The frames of a running stack, outermost first."""
    return places_of(traceback.walk_stack(frame))[::-1]


def text_of(error, longest=500):
    try:
        return str(error)[:longest]
    except Exception:  # a __str__ of the project that fails itself
        return ""


def traceback_of(error):
    return places_of(traceback.walk_tb(error.__traceback__))


def last_own(error):
    return next((frame for frame in reversed(traceback_of(error)) if frame["own"]), None)


def chain_of(error):
    """What an exception was chained to, the nearest first."""
    found, cause = [], error
    while len(found) < 5:
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
        if cause is None or cause is error or any(cause is one for one in found):
            break
        found.append(cause)
    return found


def lacking(error):
    """What the project's line asks of its scope that isn't there; None for any other error."""
    steps = list(traceback.walk_tb(getattr(error, "__traceback__", None)))
    return asked_of(error, *steps[-1]) if steps and is_own(steps[-1][0].f_code.co_filename) else None


def raised(error):
    """An exception with those it was chained to, and the last line of the project that it passed."""
    chain = chain_of(error)
    causes = [{"type": type(cause).__name__, "message": text_of(cause)} for cause in chain]
    last = next((found for found in map(last_own, [error, *chain]) if found), None)
    written = linecache.getline(os.path.join(HERE, last["file"]), last["line"]).strip()[:200] if last else None
    file, line = (last["file"], last["line"]) if last else (None, None)
    if isinstance(error, SyntaxError) and error.filename:
        file, line = shown(error.filename), error.lineno
    return {"type": type(error).__name__, "message": text_of(error), "file": file, "line": line, "written": written,
            "frames": trim(traceback_of(error)), "causes": causes, "lacks": lacking(error)}


def described(error):
    """Type, message and the project's own last line of an exception that left the application; behind it the import that failed, or the layer's call to Redis."""
    while len(getattr(error, "exceptions", ())) == 1:
        error = error.exceptions[0]
    behind = ["%s: %s" % (name_of(cause), text_of(cause, 300)) for cause in chain_of(error) if isinstance(cause, ImportError)]
    if type(error).__module__.startswith("redis."):
        behind += layer_call(error)
    return {"type": name_of(error), "message": text_of(error, 300), "behind": behind[-1] if behind else None, "lacks": lacking(error),
            **line_of(last_own(error))}


def layer_call(error):
    """What the channel layer asked of Redis, as its source has it: `channels_redis/core.py: await connection.eval(…)`; or Channels' wait for the layer."""
    steps = list(traceback.walk_tb(error.__traceback__))
    calls = [(frame.f_code.co_filename, line) for frame, line in steps]
    # raised a second time, out of the task that waits: the layer's frames went with the first
    waits = ["channels/utils.py: await_many_dispatch"] if steps and steps[-1][0].f_code.co_name == "await_many_dispatch" else []
    return ["%s: %s" % (shown(file), linecache.getline(file, line).strip()[:200]) for file, line in calls if is_layer(file)] or waits


def is_layer(file):
    return is_packaged(file) and os.sep + "channels_redis" + os.sep in file


def name_of(error):
    kind = type(error)
    return kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else kind.__module__ + "." + kind.__qualname__


def line_of(found):
    return {} if found is None else {"place": {name: found[name] for name in ("file", "line", "function")}}


def refuser(frame, observer):
    """
    Who on the stack closes a socket: the Origin validator, a line of the project and under what condition,
    or a class of a library; and the user that the project has at hand there.
    """
    own_by = by = consumer = None
    owns = []
    denied = False
    for frame in stack(frame, observer):
        owner = frame.f_locals.get("self")
        file = frame.f_code.co_filename
        if owner is not None and not is_plumbing(file):
            # Channels lets a consumer of this name refuse what its validators don't let through
            denied = denied or any(kind.__name__ == "WebsocketDenier" for kind in type(owner).__mro__)
            if denied and hasattr(owner, "valid_origin"):
                return {"by": "origin", "class": type(owner).__name__}
            by = by or type(owner).__name__
        if consumer is None and not denied and is_consumer(owner):
            consumer = owner
        if is_own(file):
            own_by = own_by or (None if owner is None else type(owner).__name__)
            owns.append((frame, frame.f_lineno))
    handled = sys.exc_info()[1]
    if consumer is not None and not any(is_consumer(frame.f_locals.get("self")) for frame, _ in owns):
        # what its code has raised, such as DenyConnection, and a library closes for
        owns = raised_owns(handled) or owns
    name = type(consumer).__name__ if consumer is not None else own_by if owns else by
    return {"by": "application", "consumer": consumer is not None, **({} if name is None else {"class": name}), **decided(owns),
            **({} if handled is None else {"handled": described(handled)})}


def consumer_of(frame, observer):
    """The consumer on the stack, that accepts; None where none stands there."""
    return next((owner for owner in (each.f_locals.get("self") for each in stack(frame, observer)) if is_consumer(owner)), None)


def is_consumer(owner):
    return any(kind.__name__ == "AsyncConsumer" and kind.__module__ == "channels.consumer" for kind in type(owner).__mro__)


def raised_owns(error):
    """The project's frames that an exception has passed, the innermost first, each with its line."""
    steps = [] if error is None else list(traceback.walk_tb(error.__traceback__))
    return [(frame, line) for frame, line in reversed(steps) if is_own(frame.f_code.co_filename)]


def decided(owns):
    """Of the project's frames with their lines, the innermost first: the line that decides, under what condition, and about whom."""
    if not owns:
        return {}
    owner = owns[0][0].f_locals.get("self")
    # a middleware of the project's own around the one that closes decides nothing
    owns = [(frame, line) for frame, line in owns if frame.f_locals.get("self", owner) is owner]
    # a method that only closes has nothing to say; who calls it has
    told = [(frame, line, condition(frame.f_code.co_filename, line)) for frame, line in owns]
    frame, line, because = next((each for each in told if each[2] is not None), told[0])
    user = user_of(owner, [frame for frame, _ in owns])
    return {**line_of(place(frame.f_code, line)), **({} if because is None else {"because": because}),
            **({} if user is None else {"user": user})}


def stack(frame, observer):
    """The frames between us and the server, the innermost first; those of a synchronous consumer stand in the thread that waits for us."""
    for each, _ in traceback.walk_stack(frame):
        owner = each.f_locals.get("self")
        if owner is observer:
            return
        if type(owner).__name__ == "AsyncToSync":
            yield from waiting_stack(owner)
            return
        yield each


def waiting_stack(sender):
    for innermost in sys._current_frames().values():
        frames = [frame for frame, _ in traceback.walk_stack(innermost)]
        if any(getattr(frame.f_locals.get("self"), "base_send", None) is sender for frame in frames):
            return frames
    return []
