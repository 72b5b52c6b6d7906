"""Compiles Python files without running them. File names come on standard input, one a line; what can't be compiled goes out as JSON, one a line."""

import json
import os
import sys

for name in sys.stdin.read().splitlines():
    if not os.path.isfile(name):
        continue
    try:
        with open(name, "rb") as file:
            compile(file.read(), name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        message = "%s: %s" % (type(error).__name__, getattr(error, "msg", None) or error)
        print(json.dumps({"file": name, "line": line, "message": message}))
    except OSError:
        # it was removed again, which the next change tells
        pass
    except (MemoryError, RecursionError) as error:
        print(json.dumps({"file": name, "line": 1, "message": type(error).__name__}))
