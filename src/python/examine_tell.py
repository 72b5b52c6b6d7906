"""How examine.py tells what it finds: facts as JSON lines, exceptions and stacks as places in the project.

Python 3.8+, standard library only.
"""

import json
import os
import sys
import sysconfig
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY_FOLDERS = ("site-packages", "dist-packages")
NOT_OWN = LIBRARY_FOLDERS + ("venv", ".venv", "env", "node_modules")
STDLIB = sysconfig.get_paths()["stdlib"]

_lock = threading.Lock()
_facts = None
_backend = os.getcwd()
_stage = "start"
_broken = set()
# Values that no fact may hold: in any string, and in what exceptions say (a short password may be a part of any word).
_tokens = set()
_passwords = set()


def open_facts():
    """What the project prints must not end up among the facts: standard output becomes standard error."""
    global _facts
    _facts = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
    os.dup2(2, 1)


def hide(value, everywhere=False):
    value = value.decode("latin1") if isinstance(value, bytes) else str(value or "")
    if len(value) >= 4:
        (_tokens if everywhere else _passwords).add(value)


def scrub(value, key=None):
    if isinstance(value, str):
        for secret in sorted(_tokens | (_passwords if key in ("message", "why") else set()), key=len, reverse=True):
            value = value.replace(secret, "***")
        return value
    if isinstance(value, dict):
        return {str(name): scrub(inner, name) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [scrub(inner, key) for inner in value]
    return value


def tell(fact, **what):
    line = json.dumps(scrub(dict(what, fact=fact)), default=str)
    with _lock:
        _facts.write(line + "\n")
        _facts.flush()


def tell_error(stage, error):
    """The first error of a stage is its cause; what follows from it is not told."""
    if stage not in _broken:
        _broken.add(stage)
        tell("error", stage=stage, settings_module=os.environ.get("DJANGO_SETTINGS_MODULE"), **raised(error))


def broken(stage):
    return stage in _broken


def enter(stage):
    """Names the stage that the run is in, also to the watchdog."""
    global _stage
    _stage = stage
    tell("stage", stage=stage)


def run(stage, work, *arguments):
    """Runs one stage; its exception becomes a fact and the next one still has its turn."""
    enter(stage)
    try:
        return work(*arguments)
    except (Exception, SystemExit) as error:
        tell_error(stage, error)
        return None


def is_own(path):
    """True for a file of the project: below the backend, and in no environment."""
    # Cython names the source that a library was built from, as if it lay in the working folder
    if not path.startswith(_backend + os.sep) or path.endswith((".pyx", ".pxd", ".pxi")):
        return False
    return not any(part in NOT_OWN for part in path[len(_backend) + 1:].split(os.sep)[:-1])


def shown(path):
    """A file of the project relative to the backend; one of a library from its package on."""
    if is_own(path):
        return path[len(_backend) + 1:]
    parts = path.split(os.sep)
    for folder in LIBRARY_FOLDERS:
        if folder in parts:
            return os.sep.join(parts[len(parts) - parts[::-1].index(folder):])
    return path[len(STDLIB) + 1:] if path.startswith(STDLIB + os.sep) else path


def place(code, line):
    """One frame as the facts have it; None for the machinery of imports and for our own."""
    path = code.co_filename
    if path.startswith("<frozen") or os.path.dirname(os.path.abspath(path)) == HERE:
        return None
    if path.startswith(os.path.join(STDLIB, "importlib") + os.sep):
        return None
    path = os.path.abspath(path) if not path.startswith("<") else path
    return {"file": shown(path), "line": line or 0, "function": code.co_name, "own": is_own(path)}


def trim(places, limit=12):
    """The frames that tell most: the project's own and the innermost of the others."""
    places = [frame for frame in places if frame is not None]
    if len(places) <= limit:
        return places
    kept = [index for index, frame in enumerate(places) if frame["own"]][-(limit - 4):]
    for index in range(len(places) - 1, -1, -1):
        if len(kept) >= limit:
            break
        if index not in kept:
            kept.append(index)
    return [places[index] for index in sorted(kept)]


def stack_of(frame):
    """The frames of a running stack, outermost first."""
    places = []
    while frame is not None:
        places.append(place(frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return [found for found in reversed(places) if found is not None]


def text_of(error):
    try:
        return str(error)[:500]
    except Exception:  # a __str__ of the project that fails itself
        return ""


def traceback_of(error):
    places, step = [], error.__traceback__
    while step is not None:
        places.append(place(step.tb_frame.f_code, step.tb_lineno))
        step = step.tb_next
    return [found for found in places if found is not None]


def raised(error):
    """An exception with those it was chained to, and the last line of the project that it passed."""
    frames, causes, seen = traceback_of(error), [], {id(error)}
    last = next((frame for frame in reversed(frames) if frame["own"]), None)
    cause = error
    while len(causes) < 5:
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
        if cause is None or id(cause) in seen:
            break
        seen.add(id(cause))
        causes.append({"type": type(cause).__name__, "message": text_of(cause)})
        if last is None:
            last = next((frame for frame in reversed(traceback_of(cause)) if frame["own"]), None)
    file, line = (last["file"], last["line"]) if last else (None, None)
    if isinstance(error, SyntaxError) and error.filename:
        file, line = shown(os.path.abspath(error.filename)), error.lineno
    return {"type": type(error).__name__, "message": text_of(error), "file": file, "line": line,
            "frames": trim(frames), "causes": causes}


def watch(interval=0.25, patience=1.5):
    """Tells where the main thread stands when it stands still: what blocks can't tell it itself."""
    main = threading.main_thread().ident

    def sample():
        held, since, next_at = None, time.monotonic(), patience
        while True:
            time.sleep(interval)
            frame = sys._current_frames().get(main)
            places = stack_of(frame) if frame is not None else []
            own = [found for found in places if found["own"]]
            # an event loop that waits for something is at rest
            idle = not places or (not own and os.path.basename(places[-1]["file"]) in ("selectors.py", "selector_events.py"))
            key = None if idle else (_stage, [(found["file"], found["line"]) for found in own + places[-1:]])
            if key is None or key != held:
                held, since, next_at = key, time.monotonic(), patience
                continue
            stood = time.monotonic() - since
            if stood >= next_at:
                next_at = stood + 1
                tell("standing", stage=_stage, seconds=round(stood, 2), frames=trim(places))

    threading.Thread(target=sample, name="election-dev-watch", daemon=True).start()
