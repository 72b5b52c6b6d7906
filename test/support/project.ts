/** Small Django Channels projects, written anew for each test into a temporary folder. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { secret } from './secrets.ts'
import { placed, placeEnvironment, shapeNow } from './shape.ts'
import type { EnvironmentName } from './tools.ts'

export interface ProjectOptions {
  /** How the settings read their values. */
  readonly style?: 'decouple' | 'environ' | 'plain' | 'literal'
  /** The package that holds settings and asgi: `core` in the seed's layout. */
  readonly package?: string
  /** The environment that `backend/venv` is; undefined: there is none. */
  readonly environment?: EnvironmentName | undefined
  /** Body of the module `updates/consumers.py`, which must define `Updates`. */
  readonly consumer?: string
  /** The whole of asgi.py. */
  readonly asgi?: string
  /** Route of the consumer. */
  readonly route?: string
  /** More settings, appended. */
  readonly settings?: string
  /** More lines of `.env`. */
  readonly dotenv?: readonly string[]
  /** False: no `.env` is written. */
  readonly hasDotenv?: boolean
  readonly installedApps?: readonly string[]
  /** More files, relative to the project's root. */
  readonly files?: Readonly<Record<string, string>>
}

export interface TestProject {
  readonly root: string
  readonly backend: string
  readonly remove: () => Promise<void>
}

/** A consumer that needs no token, greets, and answers pings. */
export const openConsumer = `
from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await self.channel_layer.group_add("updates", self.channel_name)
        await self.accept()
        await self.send_json({"type": "welcome"})

    async def receive_json(self, content):
        if content.get("type") == "ping":
            await self.send_json({"type": "pong"})
`

/** A consumer that closes with 4001 unless it gets a simplejwt access token of an active user. */
export const simplejwtConsumer = `
from urllib.parse import parse_qs
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

@database_sync_to_async
def user_of(token):
    from django.contrib.auth import get_user_model
    from rest_framework_simplejwt.exceptions import TokenError
    from rest_framework_simplejwt.tokens import AccessToken
    try:
        return get_user_model().objects.filter(pk=AccessToken(token)["user_id"], is_active=True).first()
    except TokenError:
        return None

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        token = parse_qs(self.scope["query_string"].decode()).get("token", [""])[0]
        if not token or await user_of(token) is None:
            await self.close(code=4001)
            return
        await self.accept()
        await self.send_json({"type": "welcome"})

    async def receive_json(self, content):
        if content.get("type") == "ping":
            await self.send_json({"type": "pong"})
`

const readers = {
  decouple: {
    head: 'from decouple import config\n',
    text: (name: string, value: string) => `config("${name}", default="${value}")`,
    flag: (name: string) => `config("${name}", default=False, cast=bool)`,
    required: (name: string) => `config("${name}")`,
  },
  environ: {
    head: 'import environ\nenv = environ.Env()\nenviron.Env.read_env(BASE_DIR / ".env")\n',
    text: (name: string, value: string) => `env("${name}", default="${value}")`,
    flag: (name: string) => `env.bool("${name}", default=False)`,
    required: (name: string) => `env("${name}")`,
  },
  plain: {
    head: 'import os\n',
    text: (name: string, value: string) => `os.environ.get("${name}", "${value}")`,
    flag: (name: string) => `os.environ.get("${name}", "").lower() in ("1", "true", "yes")`,
    required: (name: string) => `os.environ.get("${name}", "only-for-tests-${'0'.repeat(30)}")`,
  },
} as const

/** Settings that read nothing: what the set-up would have in `.env` stands in them. */
function literal(
  dotenv: readonly string[],
): Record<'text' | 'flag' | 'required', (name: string, value?: string) => string> & { head: string } {
  const valueOf = (name: string, value: string) => dotenv.findLast((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? value
  return {
    head: '',
    text: (name, value = '') => JSON.stringify(valueOf(name, value)),
    flag: (name) => (valueOf(name, 'False') === 'True' ? 'True' : 'False'),
    required: (name) => JSON.stringify(valueOf(name, 'only-for-tests-'.padEnd(45, '0'))),
  }
}

/** Writes a project of the seed's layout, or a variation of it. */
export async function makeProject(options: ProjectOptions = {}): Promise<TestProject> {
  const shape = shapeNow()
  const { style = shape.style ?? 'decouple', package: name = 'core', route = 'ws/election-updates/' } = options
  const { hasDotenv = style !== 'plain' && style !== 'literal' } = options
  const temporary = await mkdtemp(join(tmpdir(), 'election-project-'))
  // another user may have to get to the folder in it
  if (shape.folder !== undefined) await chmod(temporary, 0o755)
  const root = join(temporary, shape.folder ?? '')
  const backend = join(root, shape.backend ?? 'backend')
  const reader = style === 'literal' ? literal(options.dotenv ?? []) : readers[style]
  const isPackage =
    shape.hasSettingsPackage === true && !Object.keys(options.files ?? {}).some((path) => path.startsWith(`backend/${name}/settings`))
  const settings = `${name}.settings${isPackage ? '.local' : ''}`
  const files: Record<string, string> = {
    'backend/manage.py': `import os, sys\n\nif __name__ == "__main__":\n    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "${settings}")\n    from django.core.management import execute_from_command_line\n    execute_from_command_line(sys.argv)\n`,
    [`backend/${name}/__init__.py`]: '',
    ...(isPackage ? { [`backend/${name}/settings/__init__.py`]: '' } : {}),
    [`backend/${settings.replaceAll('.', '/')}.py`]: `from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent${isPackage ? '.parent' : ''}
${reader.head}
SECRET_KEY = ${reader.required('SECRET_KEY')}
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
INSTALLED_APPS = [${(options.installedApps ?? ['django.contrib.contenttypes', 'django.contrib.auth', 'channels', 'updates']).map((app) => `"${app}"`).join(', ')}]
MIDDLEWARE = []
ROOT_URLCONF = "${name}.urls"
ASGI_APPLICATION = "${name}.asgi.application"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
if ${reader.flag('USE_REDIS_FOR_CHANNELS')}:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [{
        "host": ${reader.text('REDIS_HOST', '127.0.0.1')}, "port": int(${reader.text('REDIS_PORT', '6379')}),
        "password": ${reader.text('REDIS_PASSWORD', '')} or None, "socket_timeout": None}]}}}
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
LOGGING = {"version": 1, "disable_existing_loggers": False, "handlers": {"console": {"class": "logging.StreamHandler"}},
           "root": {"handlers": ["console"], "level": "INFO"}}
${options.settings ?? ''}
`,
    [`backend/${name}/urls.py`]: 'urlpatterns = []\n',
    [`backend/${name}/wsgi.py`]: `import os\nfrom django.core.wsgi import get_wsgi_application\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "${settings}")\napplication = get_wsgi_application()\n`,
    [`backend/${name}/asgi.py`]:
      options.asgi?.replaceAll(`"${name}.settings"`, `"${settings}"`) ??
      `import os
from django.core.asgi import get_asgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "${settings}")
http = get_asgi_application()
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path
from updates.consumers import Updates
application = ProtocolTypeRouter({"http": http, "websocket": AllowedHostsOriginValidator(URLRouter([path("${route}", Updates.as_asgi())]))})
`,
    'backend/updates/__init__.py': '',
    'backend/updates/consumers.py': options.consumer ?? openConsumer,
    ...(hasDotenv
      ? {
          'backend/.env':
            ['# of the tests', `SECRET_KEY=${secret(randomBytes(24).toString('hex'))}`, ...(options.dotenv ?? [])].join('\n') + '\n',
        }
      : {}),
    ...options.files,
  }
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, placed(path))
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
  const environment = 'environment' in options ? options.environment : 'main'
  if (environment !== undefined) await placeEnvironment(root, backend, environment)
  return { root, backend, remove: () => rm(temporary, { recursive: true, force: true }) }
}
