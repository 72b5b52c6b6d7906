/** Ten projects of different shapes, as data: what their authors committed, and what has to be seen of each once it is up. */
import {
  asgiPy,
  asksDatabase,
  empty,
  groupConsumer,
  ignored,
  knownAlone,
  managePy,
  memberMigration,
  memberModel,
  noPages,
  settingsPy,
  users,
  viteFrontend,
} from './checkout-files.ts'

/** Where the clone will be: what the files name of it. */
interface Place {
  /** Ports that are free: of the backend, the page and the database. */
  readonly backend: number
  readonly page: number
  readonly database: number
  /** The version of Python that it is for. */
  readonly python: string
}

export interface Checkout {
  readonly title: string
  /** Names are relative to the repository's root. */
  readonly files: (place: Place) => Readonly<Record<string, string>>
  /** What the author ran before the first commit, and in which folder: a lock file. */
  readonly locked?: { readonly folder: string; readonly command: readonly string[] }
  /** Tools that are on the PATH beside Python, each by the environment that the tests have it in. */
  readonly tools?: readonly ('uv' | 'poetry' | 'pdm' | 'pipenv')[]
  /** Versions of pyenv, one of which it needs. */
  readonly pythons?: readonly string[]
  /** More arguments of the first start. */
  readonly args?: readonly string[]
  /** Of the second one, which sets nothing up. */
  readonly again?: readonly string[]
  /** The path that is proven. */
  readonly path: RegExp
  /** What `ready` says beside the WebSocket. */
  readonly ready?: object
  /** What is said in JSON, by the banner or after it. */
  readonly said?: RegExp
  /** What git sees in the clone afterwards: the setup has said it. */
  readonly leaves: readonly string[]
}

const tutorialChat: Checkout = {
  title: "a tutorial's chat",
  tools: ['uv'],
  path: /^\/ws\/chat\/[\w-]+\/$/,
  leaves: ['db.sqlite3'],
  files: () => ({
    ...ignored,
    'requirements.txt': 'Django>=4.2,<6\nchannels[daphne]~=4.2\n',
    'manage.py': managePy('lobby.settings'),
    'lobby/settings.py': settingsPy({ package: 'lobby', apps: ['daphne', 'talk', ...users] }),
    'lobby/urls.py': noPages,
    'lobby/asgi.py': asgiPy(
      'lobby.settings',
      'from talk.routing import websocket_urlpatterns',
      'AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))',
    ),
    'talk/routing.py': String.raw`from django.urls import re_path
from . import consumers

websocket_urlpatterns = [re_path(r"ws/chat/(?P<room_name>\w+)/$", consumers.TalkConsumer.as_asgi())]
`,
    'talk/consumers.py': `import json
from channels.generic.websocket import AsyncWebsocketConsumer


class TalkConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        self.room = "talk_%s" % self.scope["url_route"]["kwargs"]["room_name"]
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.room, self.channel_name)

    async def receive(self, text_data):
        message = json.loads(text_data)["message"]
        await self.channel_layer.group_send(self.room, {"type": "talk.message", "message": message})

    async def talk_message(self, event):
        await self.send(text_data=json.dumps({"message": event["message"]}))
`,
    ...empty('lobby/__init__.py', 'talk/__init__.py'),
  }),
}

/** Tells the index that pip asks where nobody says another. */
export const pipsIndex = 'python3 -c "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"'

export const checkouts: readonly Checkout[] = [
  tutorialChat,
  {
    title: 'parameters and sessions only',
    path: /^\/live\/desks\/\d+\/[\w-]+\/$/,
    leaves: ['db.sqlite3', 'venv/'],
    files: () => ({
      ...ignored,
      'requirements.txt': 'asgiref\nchannels==4.2.2\ndaphne==4.1.2\nDjango==5.1.*\n',
      'manage.py': managePy('desk.settings'),
      'desk/settings.py': settingsPy({ package: 'desk', apps: [...users, 'queue_board'] }),
      'desk/urls.py': noPages,
      'desk/asgi.py': asgiPy(
        'desk.settings',
        'from queue_board.consumers import Board',
        'AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter([path("live/", URLRouter([path("desks/<int:pk>/<slug:slug>/", Board.as_asgi())]))])))',
      ),
      'queue_board/consumers.py': groupConsumer('Board', knownAlone),
      ...empty('desk/__init__.py', 'queue_board/__init__.py'),
    }),
  },
  {
    title: 'a member of a uv workspace',
    tools: ['uv'],
    locked: { folder: '', command: ['uv', 'lock'] },
    path: /^\/ws\/tally\/$/,
    leaves: ['apps/site/db.sqlite3'],
    files: () => ({
      '.gitignore': '__pycache__/\n.venv/\n',
      'pyproject.toml': '[tool.uv.workspace]\nmembers = ["apps/*", "libs/*"]\n',
      'apps/site/pyproject.toml': `[project]
name = "tally-site"
version = "0.1.0"
requires-python = ">=3.9"
dependencies = ["django>=4.2,<5", "channels>=4.2,<4.3", "uvicorn[standard]>=0.30", "tally-rules"]

[tool.uv.sources]
tally-rules = { workspace = true }
`,
      'apps/site/manage.py': managePy('site_config.settings'),
      'apps/site/site_config/settings.py': settingsPy({ package: 'site_config', apps: [...users, 'tally'] }),
      'apps/site/site_config/urls.py': noPages,
      'apps/site/site_config/asgi.py': asgiPy(
        'site_config.settings',
        'from tally.consumers import Tally',
        'URLRouter([re_path(r"^ws/tally/$", Tally.as_asgi())])',
      ),
      'apps/site/tally/consumers.py': `from tally_rules import LIMIT\n${groupConsumer('Tally', 'self.limit = LIMIT')}`,
      'libs/rules/pyproject.toml':
        '[project]\nname = "tally-rules"\nversion = "0.1.0"\nrequires-python = ">=3.9"\n\n[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n',
      'libs/rules/tally_rules/__init__.py': 'LIMIT = 12\n',
      ...empty('apps/site/site_config/__init__.py', 'apps/site/tally/__init__.py'),
    }),
  },
  {
    title: 'Poetry, with a group for developers',
    tools: ['poetry'],
    // an index by its pages, as pip asks it, rather than by an interface that mirrors don't have
    locked: { folder: 'service', command: ['sh', '-c', `poetry source add -n simple "$(${pipsIndex})" && poetry lock -n`] },
    path: /^\/ws\/shifts\/$/,
    leaves: ['service/db.sqlite3'],
    files: () => ({
      ...ignored,
      'service/pyproject.toml': `[tool.poetry]
name = "shifts"
version = "0.1.0"
description = ""
authors = []
package-mode = false

[tool.poetry.dependencies]
python = "^3.9"
django = "~4.2"
channels = "~4.2"

[tool.poetry.group.dev.dependencies]
daphne = "~4.1"
`,
      'service/manage.py': managePy('shifts.settings'),
      'service/shifts/settings.py': settingsPy({ package: 'shifts', apps: ['daphne', ...users] }),
      'service/shifts/urls.py': noPages,
      'service/shifts/asgi.py': asgiPy(
        'shifts.settings',
        'from shifts.consumers import Shifts',
        'AuthMiddlewareStack(URLRouter([path("ws/shifts/", Shifts.as_asgi())]))',
      ),
      'service/shifts/consumers.py': groupConsumer('Shifts'),
      ...empty('service/shifts/__init__.py'),
    }),
  },
  {
    title: 'settings in parts, eight variables that nobody gives, and a compose file',
    path: /^\/ws\/ballots\/$/,
    again: ['--managed'],
    ready: { services: [{ name: 'redis', state: 'ready' }] },
    leaves: ['web/.env', 'web/db.sqlite3', 'web/venv/'],
    files: () => ({
      ...ignored,
      'compose.yml': `services:
  cache:
    image: redis:7
  web:
    build: web
    depends_on: [cache]
    env_file: .envs/web
    environment:
      BALLOT_CACHE_URL: redis://cache:6379/1
      BALLOT_LIMIT: "40"
      BALLOT_FROM_ADDRESS: ballots@example.com
`,
      '.envs/web': 'BALLOT_REGIONS=north,south\nBALLOT_TIMEOUT=2.5\n',
      'web/requirements/base.txt': 'Django~=4.2.0\nchannels~=4.2\nchannels-redis~=4.2\nredis<6\ndjango-environ\n',
      'web/requirements/local.txt': '-r base.txt\ndaphne~=4.1\n',
      'web/manage.py': managePy('ballots.settings.local'),
      'web/ballots/settings/base.py': settingsPy({
        package: 'ballots',
        up: '.parent',
        apps: users,
        head: 'import environ\nenv = environ.Env()\nenv.read_env(BASE_DIR / ".env")\n',
        secret: 'env("BALLOT_SECRET_KEY")',
        layer: '{"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [env("BALLOT_CACHE_URL")]}}',
        more: 'LIMIT = env.int("BALLOT_LIMIT")\nDEFAULT_FROM_EMAIL = env("BALLOT_FROM_ADDRESS")\nREGIONS = env.list("BALLOT_REGIONS")\nTIMEOUT = env.float("BALLOT_TIMEOUT")\n',
      }),
      'web/ballots/settings/local.py':
        'from .base import *\n\nDEBUG = env.bool("BALLOT_DEBUG")\nALLOWED_HOSTS = env.list("BALLOT_ALLOWED_HOSTS")\n',
      'web/ballots/settings/production.py': 'from .base import *\n\nDEBUG = False\nALLOWED_HOSTS = ["ballots.example.com"]\n',
      'web/ballots/urls.py': noPages,
      'web/ballots/asgi.py': asgiPy(
        'ballots.settings.local',
        'from ballots.consumers import Ballots',
        'AllowedHostsOriginValidator(URLRouter([path("ws/ballots/", Ballots.as_asgi())]))',
      ),
      'web/ballots/consumers.py': groupConsumer('Ballots'),
      ...empty('web/ballots/__init__.py', 'web/ballots/settings/__init__.py'),
    }),
  },
  {
    title: 'PostgreSQL, which nobody has started',
    args: ['--managed'],
    again: ['--managed'],
    path: /^\/ws\/stock\/[\w-]+\/$/,
    ready: { services: [{ name: 'postgres', kind: 'database', state: 'ready' }] },
    leaves: ['.env', 'venv/'],
    files: ({ database }) => ({
      ...ignored,
      '.env.example': `SECRET_KEY=change-me\nDB_HOST=localhost\nDB_PORT=${database}\nDB_PASSWORD=stock\n`,
      'pyproject.toml':
        '[project]\nname = "stock"\nversion = "1.0"\nrequires-python = ">=3.9"\ndependencies = ["Django>=4.2,<6", "channels~=4.2", "daphne~=4.1", "psycopg[binary]>=3.1", "python-decouple~=3.8"]\n',
      'manage.py': managePy('stock.settings'),
      'stock/settings.py': settingsPy({
        package: 'stock',
        apps: ['daphne', ...users],
        head: 'from decouple import config\n',
        secret: 'config("SECRET_KEY")',
        database:
          '{"ENGINE": "django.db.backends.postgresql", "NAME": "stock", "USER": "stock", "PASSWORD": config("DB_PASSWORD"), "HOST": config("DB_HOST"), "PORT": config("DB_PORT", cast=int)}',
      }),
      'stock/urls.py': noPages,
      'stock/asgi.py': asgiPy(
        'stock.settings',
        'from stock.consumers import Stock',
        'AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter([path("ws/stock/<slug:slug>/", Stock.as_asgi())])))',
      ),
      'stock/consumers.py': groupConsumer('Stock', asksDatabase),
      ...empty('stock/__init__.py'),
    }),
  },
  {
    title: 'GraphQL over WebSocket',
    path: /^\/graphql\/?$/,
    leaves: ['backend/db.sqlite3', 'backend/venv/'],
    files: () => ({
      ...ignored,
      'backend/requirements.txt': 'Django>=4.2,<6\nchannels~=4.2\ndaphne~=4.1\nstrawberry-graphql>=0.260\n',
      'backend/manage.py': managePy('api.settings'),
      'backend/api/settings.py': settingsPy({ package: 'api', apps: ['daphne', ...users] }),
      'backend/api/urls.py': noPages,
      'backend/api/schema.py': `import asyncio
from typing import AsyncGenerator
import strawberry


@strawberry.type
class Query:
    seats: int = 5


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int = 3) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number
            await asyncio.sleep(0.1)


schema = strawberry.Schema(query=Query, subscription=Subscription)
`,
      'backend/api/asgi.py': asgiPy(
        'api.settings',
        'from strawberry.channels import GraphQLHTTPConsumer, GraphQLWSConsumer\nfrom api.schema import schema\nhttp = URLRouter([re_path(r"^graphql", GraphQLHTTPConsumer.as_asgi(schema=schema)), re_path(r"^", http)])',
        'AllowedHostsOriginValidator(URLRouter([re_path(r"^graphql", GraphQLWSConsumer.as_asgi(schema=schema))]))',
      ),
      ...empty('backend/api/__init__.py'),
    }),
  },
  {
    title: 'Channels 3, whose runserver is its own',
    pythons: ['3.9', '3.10'],
    path: /^\/ws\/notes\/$/,
    leaves: ['venv/'],
    files: ({ python }) => ({
      '.gitignore': '__pycache__/\n*.sqlite3\n',
      '.python-version': `${python}\n`,
      'requirements.txt': 'Django==3.2.25\nchannels==3.0.5\n',
      'manage.py': managePy('notes.settings'),
      'notes/settings.py': settingsPy({ package: 'notes', apps: users.toReversed() }),
      'notes/urls.py': noPages,
      'notes/asgi.py': asgiPy(
        'notes.settings',
        'from notes.consumers import Notes',
        'AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter([re_path(r"^ws/notes/$", Notes.as_asgi())])))',
      ),
      'notes/consumers.py': groupConsumer('Notes'),
      ...empty('notes/__init__.py'),
    }),
  },
  {
    title: "backend/ and frontend/, whose page opens its WebSocket through Vite's proxy",
    locked: { folder: 'frontend', command: ['npm', 'install', '--package-lock-only'] },
    path: /^\/ws\/election-updates\/$/,
    said: /"event":"(?:ready|frontend)".*WebSocket through it 101 in/,
    leaves: ['backend/.env', 'backend/db.sqlite3', 'backend/venv/'],
    files: ({ backend, page }) => ({
      ...ignored,
      'backend/requirements.txt': 'Django>=4.2,<6\nchannels~=4.2\ndaphne~=4.1\npython-decouple~=3.8\n',
      'backend/.env.example': 'SECRET_KEY=\n',
      'backend/manage.py': managePy('core.settings'),
      'backend/core/settings.py': settingsPy({
        package: 'core',
        apps: ['daphne', ...users],
        head: 'from decouple import config\n',
        secret: 'config("SECRET_KEY")',
      }),
      'backend/core/urls.py': noPages,
      'backend/core/asgi.py': asgiPy(
        'core.settings',
        'from core.consumers import Updates',
        'AllowedHostsOriginValidator(URLRouter([re_path(r"^ws/election-updates/$", Updates.as_asgi())]))',
      ),
      'backend/core/consumers.py': groupConsumer('Updates'),
      ...empty('backend/core/__init__.py'),
      ...viteFrontend(backend, page),
    }),
  },
  {
    title: 'manage.py three folders deep, hypercorn alone, and a user model of its own',
    path: /^\/ws\/rounds\/$/,
    leaves: ['src/server/app/db.sqlite3', 'src/server/app/venv/'],
    files: () => ({
      ...ignored,
      'README.md': 'Run `hypercorn rounds.asgi:application` in src/server/app.\n',
      'src/server/app/requirements.txt': 'Django>=4.2,<6\nchannels~=4.2\nhypercorn>=0.17\n',
      'src/server/app/manage.py': managePy('rounds.settings'),
      'src/server/app/rounds/settings.py': settingsPy({
        package: 'rounds',
        apps: [...users, 'members'],
        more: 'AUTH_USER_MODEL = "members.Member"\n',
      }),
      'src/server/app/rounds/urls.py': noPages,
      'src/server/app/rounds/asgi.py': asgiPy(
        'rounds.settings',
        'from rounds.consumers import Rounds',
        'AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter([path("ws/rounds/", Rounds.as_asgi())])))',
      ),
      'src/server/app/rounds/consumers.py': groupConsumer('Rounds', knownAlone),
      'src/server/app/members/models.py': memberModel,
      'src/server/app/members/migrations/0001_initial.py': memberMigration,
      ...empty('src/server/app/rounds/__init__.py', 'src/server/app/members/__init__.py', 'src/server/app/members/migrations/__init__.py'),
    }),
  },
]
