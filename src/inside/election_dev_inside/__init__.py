"""
The look from inside a project: by its own interpreter, and by no other way.

Around the application, in the process that `election-dev start` runs:

    ELECTION_DEV_APPLICATION=core.asgi:application python -m daphne election_dev_inside:application

With ELECTION_DEV_PREAMBLE=core.settings besides, what manage.py does first is done before the application is imported.
Everything goes through unchanged. The launcher is told, over a pipe of its own,
what becomes of each WebSocket (never a query, a header or a message), it may
have one message broadcast to its own sockets, and it may ask what the project
is made of. When the launcher is gone, this process ends itself.

Alone, where nothing runs:

    python election_dev_inside <request.json

Standard library only, Python 3.8 or newer.
"""

import os

# nothing else has any use for an application: `python -m election_dev_inside` and the look alone import this as well
if os.environ.get("ELECTION_DEV_APPLICATION"):
    from .target import observe

    application = observe()
