/** What the files of a small Channels project are made of. */

export const managePy = (settings: string, before = '') => `import os
import sys
${before}
if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "${settings}")
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
`

export const asgiPy = (settings: string, imports: string, sockets: string) => `import os
from django.core.asgi import get_asgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "${settings}")
http = get_asgi_application()
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path, re_path
${imports}
application = ProtocolTypeRouter({"http": http, "websocket": ${sockets}})
`

interface Settings {
  readonly package: string
  readonly apps: readonly string[]
  readonly head?: string
  readonly secret?: string
  readonly layer?: string
  readonly database?: string
  readonly more?: string
  /** How many folders above the file manage.py is. */
  readonly up?: string
}

export const users = [
  'django.contrib.contenttypes',
  'django.contrib.auth',
  'django.contrib.sessions',
  'django.contrib.staticfiles',
  'channels',
]
const inMemory = '{"BACKEND": "channels.layers.InMemoryChannelLayer"}'
const sqlite = '{"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}'

export const settingsPy = (own: Settings) => `from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent${own.up ?? ''}
${own.head ?? ''}
SECRET_KEY = ${own.secret ?? '"for-development-only-and-of-no-worth-elsewhere"'}
DEBUG = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
INSTALLED_APPS = ${JSON.stringify(own.apps)}
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware"]
ROOT_URLCONF = "${own.package}.urls"
ASGI_APPLICATION = "${own.package}.asgi.application"
DATABASES = {"default": ${own.database ?? sqlite}}
CHANNEL_LAYERS = {"default": ${own.layer ?? inMemory}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
USE_TZ = True
${own.more ?? ''}`

/** Joins a group, and tells it what it hears: `connect` is what comes before. */
export const groupConsumer = (name: string, connect = '') => `from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.contrib.auth import get_user_model


class ${name}(AsyncJsonWebsocketConsumer):
    async def connect(self):
${connect.replaceAll(/^(?=.)/gm, '        ')}
        self.group = "all-of-" + self.scope["url_route"]["kwargs"].get("slug", "them")
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        if hasattr(self, "group"):
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive_json(self, content):
        await self.channel_layer.group_send(self.group, {"type": "relay", "content": content})

    async def relay(self, event):
        await self.send_json(event["content"])
`

export const knownAlone = 'if self.scope["user"].is_anonymous:\n    await self.close()\n    return'
export const asksDatabase = 'await database_sync_to_async(get_user_model().objects.count)()'
export const empty = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, '']))
export const ignored = { '.gitignore': '__pycache__/\nnode_modules/\n' }
export const noPages = 'urlpatterns = []\n'

/** A page that opens its WebSocket where it was loaded from: Vite leads it on. */
export const viteFrontend = (backend: number, page: number): Readonly<Record<string, string>> => ({
  'frontend/package.json': `${JSON.stringify({ name: 'frontend', private: true, type: 'module', scripts: { dev: 'vite' }, devDependencies: { vite: '^7' } }, undefined, 2)}\n`,
  'frontend/vite.config.js': `export default {
  server: { port: ${page}, proxy: { '/ws': { target: 'ws://localhost:${backend}', ws: true } } },
}
`,
  'frontend/index.html': '<!doctype html>\n<title>Updates</title>\n<p id="said"></p>\n<script type="module" src="/src/main.js"></script>\n',
  'frontend/src/main.js': `const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
const socket = new WebSocket(\`\${scheme}://\${location.host}/ws/election-updates/\`)
socket.onmessage = ({ data }) => (document.querySelector('#said').textContent = data)
`,
})

export const memberModel = `from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class MemberManager(BaseUserManager):
    def create_user(self, handle, joined, password=None):
        member = self.model(handle=handle, joined=joined)
        member.set_password(password)
        member.save()
        return member

    def create_superuser(self, handle, joined, password=None):
        return self.create_user(handle, joined, password)


class Member(AbstractBaseUser):
    handle = models.SlugField(unique=True)
    joined = models.DateField()
    is_active = models.BooleanField(default=True)
    objects = MemberManager()
    USERNAME_FIELD = "handle"
    REQUIRED_FIELDS = ["joined"]
`

export const memberMigration = `from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Member",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("handle", models.SlugField(unique=True)),
                ("joined", models.DateField()),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={"abstract": False},
        ),
    ]
`
