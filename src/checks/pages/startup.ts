import type { IdsOfFamily } from '../vocabulary.ts'
import { withCode, type Page } from './page.ts'

const asgiModule = [
  'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")',
  'http_application = get_asgi_application()',
  '',
  'from core.routing import websocket_urlpatterns  # after the line above',
  '',
  'application = ProtocolTypeRouter({',
  '    "http": http_application,',
  '    "websocket": AllowedHostsOriginValidator(URLRouter(websocket_urlpatterns)),',
  '})',
]

/** The ASGI application, from its import to its first request. */
export const startupPages: Readonly<Record<IdsOfFamily<'startup'>, Page>> = {
  'asgi-syntax-error': {
    what: 'A Python file that the backend imports has a syntax error. The server ends at the start, or, with a reloader, stays alive without serving anything. The page finds no backend.',
    tells: [
      '`SyntaxError`, `IndentationError` or `TabError` at the end of the log, with file and line.',
      'Daphne, hypercorn and plain uvicorn exit 1; `manage.py runserver` and `uvicorn --reload` stay alive with nothing listening and wait for a change.',
      'Merge marks (`<<<<<<<`) in the line come from a conflict that was not resolved.',
      'If a newer Python accepts the line, it is `python-too-old`.',
    ],
    mend: [
      'Correct the line that the log names, or the one above it: an open bracket or quote is noticed only later.',
      'A reloader starts by itself once the file is saved.',
    ],
    commands: [['python', '-m', 'compileall', '-q', 'core']],
    background:
      'Python compiles a file as a whole before it runs any of it, so one wrong line anywhere stops the import. That the process is alive proves nothing with a reloader: it is the watcher that lives, not the server.',
  },
  'asgi-import-error': {
    what: "The project's own code can't be imported: a name is asked for that the other file does not have, or two files import each other. The server ends at the start, and the page finds no backend.",
    tells: [
      "`ImportError: cannot import name 'X' from 'Y'`, and Y is a file of the project. `partially initialized module` means that the two import each other.",
      'Exit status 1; gunicorn: 3, with `Worker failed to boot`.',
      '`No module named` is another matter: a package is missing (`missing-dep`), or the folder is wrong (`wrong-working-directory`).',
      'If the file belongs to a package and not to the project, its version does not fit: `python -m pip install -r requirements.txt`.',
    ],
    mend: [
      'Read the last two frames of the traceback: the one that imports and the one that is imported. Correct the name in one of them.',
      'For a circle, move one of the imports into the function that needs it, or what both need into a third file.',
    ],
    commands: [['python', '-c', 'import core.asgi']],
    background:
      "asgi.py imports the routing, the routing the consumers, the consumers models and serialisers: the whole application is loaded before the port opens. `manage.py check` doesn't import asgi.py and may pass nevertheless.",
  },
  'apps-not-ready': {
    what: 'asgi.py imports the routing or a model before Django was set up. Under daphne or uvicorn the server ends at the start; under `manage.py runserver` the same code may work, which makes it look like a fault of the server.',
    tells: [
      "`AppRegistryNotReady: Apps aren't loaded yet.`, or `ImproperlyConfigured: Requested setting INSTALLED_APPS, but settings are not configured`.",
      'The traceback leads from asgi.py through the routing or a middleware to a models.py.',
      'It does not show where `django.setup()` was called before, as manage.py and many test scripts do.',
    ],
    mend: [
      withCode('Bring asgi.py into this order:', ...asgiModule),
      'A linter that sorts imports puts it back: mark the late import with `# noqa: E402`.',
    ],
    commands: [['python', '-c', 'import core.asgi']],
    background:
      'A model class registers itself with the app registry while its file is imported, and the registry is filled by `django.setup()`, which get_asgi_application() calls. An ASGI server imports asgi.py first of all; manage.py sets Django up before.',
  },
  'asgi-attribute-missing': {
    what: "The server was told to run a name that the module doesn't have, such as `core.asgi:app` where the object is called application. It ends at the start.",
    tells: [
      'daphne: `AttributeError: module \'core.asgi\' has no attribute \'app\'`. uvicorn: `Attribute "app" not found in module "core.asgi"`.',
      'The same module does have `application`: the command below prints it.',
      'With a dot instead of the colon (`core.asgi.application`) the message differs; the colon is needed on the command line, the dot in the setting ASGI_APPLICATION.',
    ],
    mend: ['Name the object that is there: `core.asgi:application`.'],
    commands: [
      ['python', '-m', 'daphne', 'core.asgi:application'],
      ['python', '-c', 'import core.asgi; print(core.asgi.application)'],
    ],
    background:
      "Before the colon stands a module, behind it a variable in it. Tutorials of FastAPI and Starlette use `app`, Django's template uses `application`.",
  },
  'asgi-application-setting-wrong': {
    what: 'The setting ASGI_APPLICATION, which should name the ASGI application, is not there or points elsewhere. `manage.py runserver` with daphne depends on it: it does not serve, or every page is an error 500.',
    tells: [
      "`Cannot find 'application' in ASGI_APPLICATION module core.routing`, `Cannot import ASGI_APPLICATION module`, or `You have not set ASGI_APPLICATION`.",
      'If it names the WSGI application: every page 500, and `WSGIHandler.__call__() takes 3 positional arguments but 4 were given`.',
      'Daphne on the command line works at the same time, since it is told the application and does not read the setting.',
    ],
    mend: [withCode('In the settings, with dots and no colon:', 'ASGI_APPLICATION = "core.asgi.application"')],
    commands: [['python', 'manage.py', 'runserver']],
    background:
      'Channels 2 had the setting point to core.routing.application; since Django has an asgi.py of its own, the application lives there. Old tutorials still show the former. The reloader of runserver stays alive when this fails.',
  },
  'daphne-app-order': {
    what: 'The app daphne stands behind django.contrib.staticfiles in INSTALLED_APPS. A check of daphne refuses that, and `manage.py runserver` stays alive without serving anything.',
    tells: [
      '`SystemCheckError: System check identified some issues`, with `(daphne.E001) Daphne must be listed before django.contrib.staticfiles in INSTALLED_APPS.`',
      'Nothing listens although the process is there.',
      "If daphne isn't in the list at all, runserver is a WSGI server without a word: see `wsgi-server-on-port`.",
    ],
    mend: [withCode('Put it first:', 'INSTALLED_APPS = [', '    "daphne",', '    "django.contrib.admin",', '    ...', ']')],
    commands: [['python', 'manage.py', 'check']],
    background:
      'staticfiles and daphne both bring a command runserver, and Django takes the one of the app that stands first. With staticfiles first it would be the WSGI one.',
  },
  'http-only-asgi': {
    what: "The ASGI application handles pages only: asgi.py is still the one that Django's template made, or its router has no entry for WebSockets. Pages work; every socket is an error 500, and the browser says 1006.",
    tells: [
      "The upgrade is 500 on every path, and the log says `Django can only handle ASGI/HTTP connections, not websocket.` or `No application configured for scope type 'websocket'`.",
      'With `No route found for path` the WebSocket part is there, and a route is missing: see `no-websocket-route`.',
    ],
    mend: [withCode('Give asgi.py a WebSocket part:', ...asgiModule), 'And `channels` into INSTALLED_APPS.'],
    commands: [['election-dev', 'verify']],
    background:
      'Each connection has a type, http or websocket, and the server hands both to the same application. Django itself knows only http; ProtocolTypeRouter of Channels parts them. Servers turn an exception before the accept into 500.',
  },
}
