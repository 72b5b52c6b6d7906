"""
Stands between the ASGI server and the application while `election-dev start` runs it:

    ELECTION_DEV_APPLICATION=core.asgi:application python -m daphne election_dev_observer:application

Everything goes through unchanged. The launcher is told, over a pipe of its own,
what becomes of each WebSocket (never a token, a query, a header or a message),
and it may have one message broadcast to its own sockets. When the launcher is
gone, this process ends itself. Standard library only, Python 3.8 or newer.
"""

import sys

# Python's own sign that it is looking for __main__.py of `python -m election_dev_observer`: no application is wanted there
if sys.argv[:1] != ["-m"]:
    from .target import observe

    application = observe()
