"""What manage.py does before it gives the word to Django: variables, paths, an importer of settings. It runs no command."""

import _thread
import builtins
import os
import runpy
import signal
import subprocess
import sys
import threading

# seconds that manage.py may take to come to Django
LIMIT = 3
# what would leave this process, or wait for somebody: a preamble that needs it isn't followed
REFUSED = ((os, "execv"), (os, "execve"), (os, "system"), (subprocess.Popen, "__init__"), (builtins, "input"))


class Reached(BaseException):
    """manage.py has come to Django's commands."""


class Late(BaseException):
    """It has taken too long."""


def follow(settings_module):
    """
    Leaves the process as manage.py would have it for `runserver`. Where manage.py can't be followed, as it was, with a
    word on standard error. `settings_module` counts where no other is named by then.
    """
    before = dict(os.environ), sys.path[:], sys.meta_path[:]
    try:
        run("manage.py")
    except (Exception, SystemExit, Late) as error:
        os.environ.clear()
        os.environ.update(before[0])
        sys.path[:], sys.meta_path[:] = before[1:]
        sys.stderr.write("election-dev: manage.py isn't followed: %s: %s\n" % (type(error).__name__, error))
    if settings_module:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings_module)


def run(path):
    from django.core.management import ManagementUtility

    replaced = [(owner, name, getattr(owner, name)) for owner, name in REFUSED + ((ManagementUtility, "execute"),)]
    argv, sys.argv, following = sys.argv, [path, "runserver"], [True]
    try:
        for owner, name, original in replaced:
            setattr(owner, name, refusal(name, original, following))
        ManagementUtility.execute = reach
        limited(runpy.run_path, path, run_name="__main__")
        raise RuntimeError("it runs none of Django's commands")
    except Reached:
        pass
    finally:
        for owner, name, original in replaced:
            setattr(owner, name, original)
        following.clear()
        sys.argv = argv


def reach(self):
    raise Reached


def refusal(name, original, following):
    def refuse(*given, **named):
        # whoever bound it under a name of its own may call it later
        if following:
            raise RuntimeError("it calls %s" % ("subprocess" if name == "__init__" else name))
        return original(*given, **named)

    return refuse


def limited(work, *given, **named):
    """Runs it in the main thread, for LIMIT seconds at most."""

    def give_up(*_):
        raise Late("no command of Django's after %d s" % LIMIT)

    main = threading.main_thread().ident
    number = getattr(signal, "SIGALRM", signal.SIGINT)
    before = signal.signal(number, give_up)
    # Windows has no signal for one thread: there its interrupt is simulated
    wake = (lambda: signal.pthread_kill(main, number)) if hasattr(signal, "pthread_kill") else _thread.interrupt_main
    timer = threading.Timer(LIMIT, wake)
    timer.daemon = True
    timer.start()
    try:
        work(*given, **named)
    finally:
        timer.cancel()
        signal.signal(number, before)
