import type { IdsOfFamily } from '../vocabulary.ts'
import type { Page } from './page.ts'

/** The Python that runs the backend, and its packages. */
export const pythonPages: Readonly<Record<IdsOfFamily<'python'>, Page>> = {
  'venv-missing': {
    what: 'The backend has no virtual environment (a folder with its own Python packages), and the python3 that the shell finds lacks Django or an ASGI server. Nothing can be started; the page finds no backend.',
    tells: [
      'There is no venv, .venv or env in backend/ or above it, nor one of poetry, pipenv or conda.',
      'The start command fails with ENOENT, `command not found`, or `No module named django`.',
      'If the folder is there and its Python does not run, it is `venv-broken`.',
    ],
    mend: [
      'Let the tool make it, after it listed what it will do: `election-dev start --setup`.',
      'By hand in backend/, on Linux and macOS: `python3 -m venv venv`, then `venv/bin/python -m pip install -r requirements.txt`.',
      'On Windows: `py -m venv venv`, then `venv\\Scripts\\python -m pip install -r requirements.txt`.',
      'If `python3 -m venv` says that ensurepip is not available, Debian and Ubuntu want the package python3-venv.',
    ],
    commands: [['election-dev', 'start', '--setup']],
    background:
      'A virtual environment is not part of a repository: it holds absolute paths and compiled files of one machine. Every fresh clone starts without it. Activating it only puts its folder first on the PATH; calling its python directly does the same.',
  },
  'venv-broken': {
    what: "The virtual environment is there, but can't run: the Python that it was made with is gone, or the folder was moved, renamed or copied from another machine. Starting the backend says that a file is missing which plainly exists.",
    tells: [
      'The error is ENOENT or `bad interpreter: No such file or directory` for a file that `ls` shows.',
      '`bin/python` is a link to a Python that is no longer there, and `home` in pyvenv.cfg names a folder that is gone: typical after an upgrade of the system or of Homebrew.',
      'Or `bin/python` runs, and the first line of `bin/daphne` names another path: the folder was moved.',
      "On Windows: `No Python at 'C:\\…'`, or `Unable to create process`.",
    ],
    mend: [
      'Make it anew, in backend/: `python3 -m venv --clear venv`, then install the requirements. Windows: `py -m venv --clear venv`.',
      'If only the scripts are broken, `venv/bin/python -m daphne …` works at once, since it does not need them.',
    ],
    commands: [
      ['python3', '-m', 'venv', '--clear', 'venv'],
      ['venv/bin/python', '-m', 'pip', 'install', '-r', 'requirements.txt'],
    ],
    background:
      "The system says `no such file` for a script whose interpreter (the path in its first line) is missing, and for a link that leads nowhere, just as for a missing file. pip writes the absolute path of the environment into each script, so an environment can't be moved.",
  },
  'wrong-venv': {
    what: "This shell uses the Python of some other project, of conda or of the system, and that one lacks Django or daphne. The backend's own environment is there and complete; it just is not used.",
    tells: [
      '`No module named daphne` (or django), while the Python of backend/venv imports it without trouble.',
      'VIRTUAL_ENV names another folder, or `which python` (Windows: `where python`) shows another one.',
      "If the project's own environment lacks the package too, it is `missing-dep` or `daphne-missing`.",
    ],
    mend: [
      "Leave the other one with `deactivate` (conda: `conda deactivate`) and open the project's.",
      'Or name the Python: `venv/bin/python -m daphne …`; Windows: `venv\\Scripts\\python -m daphne …`.',
      "`election-dev start` chooses the project's own by itself, and says which one.",
    ],
    commands: [
      ['election-dev', 'start'],
      ['venv/bin/python', '-m', 'daphne', 'core.asgi:application'],
    ],
    background:
      'Editors and shells remember an activated environment across folders, and conda activates its base environment in every new shell. The prompt shows a name, which may well be the same `venv` for two projects.',
  },
  'missing-dep': {
    what: "The code imports a package that is not installed in the backend's environment, often because requirements.txt grew since the last install. The server ends while it starts, and the page finds nothing.",
    tells: [
      "`ModuleNotFoundError: No module named 'X'` while the settings or the ASGI application are imported; for a database driver `Error loading psycopg2 module`.",
      'X is no file or folder of the project. If it is, the folder is wrong (`wrong-working-directory`) or a name clashes (`module-shadowed`).',
      'If X is installed in backend/venv, another Python runs: see `wrong-venv`.',
    ],
    mend: [
      "Install what the project lists, with the environment's own Python: `venv/bin/python -m pip install -r requirements.txt` (Windows: `venv\\Scripts\\python …`).",
      'If it is not in requirements.txt, install it and add it there. The name on PyPI may differ: jwt is PyJWT, decouple is python-decouple, corsheaders is django-cors-headers, rest_framework is djangorestframework, psycopg2 is psycopg2-binary, PIL is Pillow.',
    ],
    commands: [
      ['venv/bin/python', '-m', 'pip', 'install', '-r', 'requirements.txt'],
      ['election-dev', 'start', '--setup'],
    ],
    background:
      'Python stops at the first import that fails, so the next missing package shows only after this one is there. Installing the whole list is quicker than one at a time. `python -m pip` installs for the Python that runs it; a bare `pip` may belong to another.',
  },
  'daphne-missing': {
    what: 'Everything of the project imports, but daphne, the server that can speak WebSocket, is not installed. The start command fails, and `manage.py runserver` alone would serve pages without WebSockets.',
    tells: [
      '`No module named daphne`, or `daphne: command not found` although the environment is sound.',
      'The ASGI application imports cleanly with the same Python.',
      'If Django is missing as well, it is `venv-missing` or `wrong-venv`.',
    ],
    mend: [
      "Install it into the backend's environment: `venv/bin/python -m pip install daphne` (Windows: `venv\\Scripts\\python …`), and add it to requirements.txt.",
      'Or use a server that is there: `election-dev start --server uvicorn`, with websockets or wsproto installed.',
    ],
    commands: [
      ['venv/bin/python', '-m', 'pip', 'install', 'daphne'],
      ['election-dev', 'start'],
    ],
    background:
      'Channels 3 required daphne, Channels 4 does not: an upgrade of Channels, or a requirements.txt that names only channels, leaves it out. `pip install channels[daphne]` brings both.',
  },
  'channels-redis-missing': {
    what: 'The settings choose the Redis channel layer, whose code lives in the package channels_redis, and that is not installed. The server starts and pages work; the first WebSocket gets an error 500, and the browser says 1006.',
    tells: [
      "The log has `InvalidChannelLayerError: Cannot import BACKEND 'channels_redis.core.RedisChannelLayer'`, at the first socket and not before.",
      "`python -m pip show channels-redis` finds nothing in the backend's environment.",
      'If it finds it, the path in BACKEND is wrong: see `channel-layer-backend-wrong`.',
    ],
    mend: [
      'Install it: `venv/bin/python -m pip install channels-redis`, and add it to requirements.txt.',
      'Or use the in-memory layer, which needs neither the package nor Redis: enough for one server process.',
    ],
    commands: [
      ['venv/bin/python', '-m', 'pip', 'install', 'channels-redis'],
      ['election-dev', 'env', '--channel-layer', 'memory', '--write'],
    ],
    background:
      'Channels loads the layer when the first consumer asks for it. A healthy start, a working login and a good GET therefore prove nothing about it.',
  },
  'python-too-old': {
    what: 'The Python that runs the backend is older than the code or one of its packages allows. The server ends at the start, with a syntax error in a line that is correct.',
    tells: [
      "`SyntaxError` in a line that a newer Python accepts: `match` before 3.10, the same quotes inside an f-string (`f-string: unmatched '['`) before 3.12.",
      'Or an import or name that an older one lacks: `contextvars` before 3.7, `zoneinfo` before 3.9, `X | None` in a signature (`unsupported operand type(s) for |`) before 3.10.',
      'Or pip says `Requires-Python` and finds no version that fits.',
      'If no Python accepts the line, it is `asgi-syntax-error`.',
    ],
    mend: [
      'Install a newer Python beside the old one, and make the environment with it: `python3.12 -m venv --clear venv`; Windows: `py -3.12 -m venv --clear venv`.',
      'Then install the requirements again: packages belong to one version of Python.',
    ],
    commands: [
      ['python3.12', '-m', 'venv', '--clear', 'venv'],
      ['venv/bin/python', '-m', 'pip', 'install', '-r', 'requirements.txt'],
    ],
    background:
      'An environment keeps the version it was made with, whatever `python3` has come to mean since. Django 5 needs Python 3.10, Django 4.2 needs 3.8.',
  },
  'module-shadowed': {
    what: "A file or folder of the project has the name of an installed package, such as channels.py or redis.py. Python finds the project's file first and takes it for the package, whose other parts then are missing.",
    tells: [
      "`No module named 'channels.routing'; 'channels' is not a package`, or `cannot import name` from a package that has the name.",
      "The module's `__file__` lies in backend/: the command below prints it.",
      'The package is installed: installing it again changes nothing.',
    ],
    mend: [
      "Rename the file (channels.py to live_channels.py, say), and correct the project's own imports of it.",
      'Delete what was compiled from it: channels.pyc beside it, and `__pycache__`.',
    ],
    commands: [['python', '-c', 'import channels; print(channels.__file__)']],
    background:
      'Python searches the folder of the start script, or the working folder with `python -m`, before the installed packages. The first hit wins and is kept in sys.modules under that name for everybody.',
  },
  'wrong-working-directory': {
    what: "The server was started from another folder than the one that holds manage.py, often from the root of the repository. Python then does not find the project's own package, and the server ends at once.",
    tells: [
      "`ModuleNotFoundError: No module named 'core'` (the project's own package), while backend/core exists.",
      'uvicorn says `Error loading ASGI app. Could not import module "core.asgi".`',
      'A package that is no folder of the project is `missing-dep`; a settings module that no folder has is `wrong-settings-module`.',
    ],
    mend: [
      'Change to the folder of manage.py first: `cd backend`.',
      'Or start it with `election-dev start`, which works from anywhere in the project.',
      'uvicorn and gunicorn take the folder as an option: `--app-dir backend`, `--chdir backend`.',
    ],
    commands: [['election-dev', 'start']],
    background:
      '`core.asgi:application` is a name, not a path: Python looks for a folder core in the working folder and among the installed packages. A relative path of the settings, such as that of .env or of a log, may go astray for the same reason.',
  },
}
