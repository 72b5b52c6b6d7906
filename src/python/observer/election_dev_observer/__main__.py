"""`python -m election_dev_observer manage.py runserver`: it finds its application by itself, and ends with the launcher all the same."""

import runpy
import sys

from .channel import connect
from .folder import tidy

tidy()
connect()
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
