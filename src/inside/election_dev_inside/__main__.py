"""
`python election_dev_inside`: a look at the project in the working folder, as
standard input asks for it. `python -m election_dev_inside manage.py runserver`:
runserver finds its application by itself, and is given the observer around it.
"""

import os
import sys

if __package__:
    import runpy

    from .channel import connect
    from .folder import tidy
    from .target import observe_runserver

    tidy()
    channel = connect()
    if channel is not None:
        observe_runserver(channel)
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
else:
    # the names of these files are nobody else's to find
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.dont_write_bytecode = True
    from election_dev_inside.alone import main

    main()
