"""How a look tells what it finds: stage by stage, a fact each, and nothing secret in any of them."""

import os
import sys
import threading
import time

from .frames import raised, stack_of, text_of, trim

_lock = threading.Lock()
_write = None
_stage = "start"
_broken = set()
# Values that no fact may hold: in any string, and in what exceptions say (a short password may be a part of any word).
_tokens = set()
_passwords = set()


def begin(write):
    """A look of its own, whose facts go to `write`."""
    global _write
    _write = write
    _broken.clear()


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
    with _lock:
        _write(scrub(dict(what, fact=fact)))


def enter(stage):
    """What is raised from now on, or stands still, is of this stage."""
    global _stage
    _stage = stage


def run(stage, work):
    """Runs one stage; its exception becomes a fact and the next one still has its turn."""
    enter(stage)
    tell("stage", stage=stage)
    try:
        work()
    except (Exception, SystemExit) as error:
        # the first error of a stage is its cause; what follows from it is not told
        if _stage not in _broken:
            _broken.add(_stage)
            tell("error", stage=_stage, settings_module=os.environ.get("DJANGO_SETTINGS_MODULE"), **raised(error))


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
