"""Where a connection's coroutine waits, and whether anything ends that."""

import ast
import asyncio
import os
import sys
import threading

from .folder import FOLDER
from .frames import is_own, place, stack_of, trim

CONNECTS = ("connect", "websocket_connect")
# how many seconds connect() may go on after it has accepted, until it is looked at where it stands
STUCK = 2.5
# what waits there waits for somebody else, without a limit
_WAITS = tuple(os.path.join("asyncio", name) for name in ("locks.py", "queues.py"))


def is_synchronous(kind):
    """True for a class of consumer whose methods run in the one thread that asgiref has for all of them."""
    base = getattr(sys.modules.get("channels.consumer"), "SyncConsumer", None)
    return base is not None and isinstance(kind, type) and issubclass(kind, base)


def coroutines(task):
    """The frames of every coroutine that a task awaits, outermost first."""
    current = task.get_coro()
    for _ in range(100):
        frame = getattr(current, "cr_frame", None) or getattr(current, "gi_frame", None) or getattr(current, "ag_frame", None)
        if frame is not None:
            yield frame
        following = [getattr(current, name, None) for name in ("cr_await", "gi_yieldfrom", "ag_await")]
        current = next((found for found in following if found is not None), None)
        if current is None:
            break


def chain(task):
    """Where a task waits: through every coroutine that it awaits, outermost first."""
    places = [place(frame.f_code, frame.f_lineno) for frame in coroutines(task)]
    return [found for found in places if found is not None]


def all_begun():
    """What runs beside what asks."""
    return {*asyncio.all_tasks(), *threading.enumerate()}


def under_way(before):
    """
    Whether the project has begun something since, that may still answer or end a connection: a task, a thread, or a
    timer of the event loop, which uvloop shows of none.
    """
    begun = all_begun() - before
    timers = getattr(asyncio.get_running_loop(), "_scheduled", ())
    called = [timer._callback for timer in timers if not timer.cancelled()]
    # threading.Timer has a function, any other thread a target
    called += [getattr(one, "function", None) or getattr(one, "_target", None) for one in begun if isinstance(one, threading.Thread)]
    tasks = [one for one in begun if isinstance(one, asyncio.Future) and not one.done()]
    return any(map(is_of_project, called)) or any(map(works, tasks))


def works(task):
    """Whether the project is at work in a task: through ours goes what serves a connection, or waits for what its client says next."""
    files = [frame.f_code.co_filename for frame in coroutines(task)]
    return any(map(is_own, files)) and not any(file.startswith(FOLDER + os.sep) for file in files)


def is_of_project(called):
    called = getattr(called, "func", called)
    code = getattr(getattr(called, "__func__", called), "__code__", None)
    return code is not None and is_own(code.co_filename)


def waiting_frames(task, others):
    """Where the project waits: in its coroutine, in a task that it started, in a thread that it called."""
    frames = chain(task)
    if not any(frame["own"] for frame in frames):
        for other in asyncio.all_tasks() - others - {task}:
            found = chain(other)
            if any(frame["own"] for frame in found):
                frames = frames + found
                break
    return trim(frames + threads_frames())


def threads_frames():
    """The stack of another thread that is in the project."""
    for ident, stack in sys._current_frames().items():
        found = stack_of(stack) if ident != threading.get_ident() else []
        if any(frame["own"] for frame in found):
            return found
    return []


def stuck(frames):
    """
    True where connect() is among the frames and nothing is seen that would end it: it goes round a loop without a count,
    waits for the next item of an asynchronous iterator, or for an event or a queue without a limit.
    """
    own = [index for index, frame in enumerate(frames) if frame["own"]]
    if not any(frames[index]["function"] in CONNECTS for index in own):
        return False
    after = frames[own[-1] + 1 :][:1]
    return any(frame["file"].endswith(_WAITS) for frame in after) or any(in_loop(frames[index]) for index in own)


def in_loop(frame):
    from .sources import parse  # for the few connections that stand still

    tree = parse(frame["file"])
    if tree is None:
        return False
    line = frame["line"]
    around = [node for node in ast.walk(tree) if hasattr(node, "lineno") and node.lineno <= line <= (node.end_lineno or 0)]
    functions = [node for node in around if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    begin = max((node.lineno for node in functions), default=0)
    return any(
        isinstance(node, ast.While) and not isinstance(node.test, ast.Compare)
        or isinstance(node, ast.AsyncFor) and line <= node.iter.end_lineno
        for node in around
        if node.lineno > begin
    )
