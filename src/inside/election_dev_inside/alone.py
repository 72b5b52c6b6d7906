"""The look where nothing runs. It only reads: no log file is opened, no database made, no key left, no row written but the user that was asked for, and what identifies one, which goes again."""

import json
import logging
import logging.handlers
import os
import signal
import sqlite3
import sys
import threading

from . import borrowed, play, telling
from .folder import FOLDER
from .look import look


def main():
    # what the project prints must not end up among the facts: standard output becomes standard error
    facts = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
    os.dup2(2, 1)

    def write(fact):
        facts.write(json.dumps(fact, default=str) + "\n")
        facts.flush()

    telling.begin(write)
    request = json.loads(sys.stdin.readline())
    if "session" in request["tell"] or "token" in request["tell"]:
        # what is made for whoever asked is taken back when they are gone, and not by a signal to their group
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)
        threading.Thread(target=until_gone, daemon=True).start()
    sys.path[:] = [os.getcwd()] + [entry for entry in sys.path[1:] if os.path.abspath(entry) != FOLDER]
    telling.watch()
    play.hide_tokens(request.get("consumer"))
    close_log_files()
    make_no_database()
    try:
        look(request)
        # what was made is there for as long as whoever asked for it
        if borrowed.lasting():
            threading.Event().wait()
    finally:
        borrowed.end()
        sys.stderr.flush()
        # a thread of the project that still stands must not hold the process
        os._exit(0)


def until_gone():
    """The end of standard input is that of whoever asked: nothing that was made outlasts it."""
    sys.stdin.read()
    borrowed.end()
    os._exit(0)


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


def make_no_database():
    """Opening SQLite makes the file that is missing. A database in memory is as empty, and leaves nothing."""
    original = sqlite3.dbapi2.connect

    def connect(database, *rest, **options):
        name = os.fsdecode(database) if isinstance(database, (str, bytes, os.PathLike)) else ""
        path, _, parameters = name[5:].partition("?") if name.startswith("file:") else (name, "", "")
        is_file = path not in ("", ":memory:") and "mode=" not in parameters
        if is_file and not os.path.exists(path) and os.path.isdir(os.path.dirname(os.path.abspath(path))):
            return original(":memory:", *rest, **options)
        return original(database, *rest, **options)

    sqlite3.connect = sqlite3.dbapi2.connect = connect
