"""The folder that makes this package importable, which nobody else is to see."""

import os
import sys

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# the folder of manage.py; the project may go to another one later
HERE = os.getcwd()


def tidy():
    """Takes our own folder and variables away, and gives what they said: neither the application nor its children are to see them."""
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != FOLDER]
    entries = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if os.path.abspath(entries[0]) == FOLDER:
        os.environ["PYTHONPATH"] = os.pathsep.join(entries[1:])
        if len(entries) == 1:
            del os.environ["PYTHONPATH"]
    return os.environ.pop("ELECTION_DEV_APPLICATION", ""), os.environ.pop("ELECTION_DEV_PREAMBLE", None)
