"""The stack and the tracebacks of the application: who refused a socket, and which line of the project raised."""

import os
import sys

from .folder import FOLDER

_STDLIB = os.path.dirname(os.path.abspath(os.__file__))


def refuser(frame, observer):
    """Who on the stack closes a socket before it is accepted: the Origin validator, a line of the project, or a class of a library."""
    own = by = own_by = None
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
        if own is None and is_own(file):
            own = place(frame.f_code, frame.f_lineno)
            own_by = None if owner is None else type(owner).__name__
    by = by if own is None else own_by
    return {"by": "application", **({} if by is None else {"class": by}), **(own or {})}


def stack(frame, observer):
    """The frames between us and the server, the innermost first; those of a synchronous consumer stand in the thread that waits for us."""
    while frame is not None:
        owner = frame.f_locals.get("self")
        if owner is observer:
            return
        if type(owner).__name__ == "AsyncToSync":
            yield from waiting_stack(owner)
            return
        yield frame
        frame = frame.f_back


def waiting_stack(sender):
    for frame in sys._current_frames().values():
        frames = []
        while frame is not None:
            frames.append(frame)
            frame = frame.f_back
        if any(getattr(frame.f_locals.get("self"), "base_send", None) is sender for frame in frames):
            return frames
    return []


def described(error):
    """Type, message and the project's own last line of an exception."""
    while len(getattr(error, "exceptions", ())) == 1:
        error = error.exceptions[0]
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else kind.__module__ + "." + kind.__qualname__
    try:
        message = str(error)[:300]
    except Exception:
        message = ""
    own = {}
    trace = error.__traceback__
    while trace is not None:
        if is_own(trace.tb_frame.f_code.co_filename):
            own = place(trace.tb_frame.f_code, trace.tb_lineno)
        trace = trace.tb_next
    return {"type": name, "message": message, **own}


def is_own(file):
    """True for a file of the project: no library's, not Python's own, and none of these."""
    return not is_packaged(file) and not is_plumbing(file)


def is_packaged(file):
    return "site-packages" in file or "dist-packages" in file


def is_plumbing(file):
    """True for Python's own files, for these here, and for asgiref, which carries calls from thread to thread."""
    if is_packaged(file):
        return os.sep + "asgiref" + os.sep in file
    # Cython names the source that a library was built from, as if it lay in the working folder
    return file.startswith("<") or file.endswith((".pyx", ".pxd", ".pxi")) or os.path.abspath(file).startswith((_STDLIB + os.sep, FOLDER + os.sep))


def place(code, line):
    path = os.path.abspath(code.co_filename)
    folder = os.getcwd() + os.sep
    return {"file": path[len(folder) :] if path.startswith(folder) else path, "line": line, "function": code.co_name}
