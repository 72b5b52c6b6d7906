/** A Django project as `git clone` leaves it: a user model of its own, no environment, no `.env`, no tables, no log folder. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { simplejwtConsumer } from './project.ts'
import { cache, environmentFolder } from './tools.ts'

export interface FreshProject {
  readonly root: string
  readonly backend: string
  readonly remove: () => Promise<void>
}

export interface FreshOptions {
  /** Lines of requirements.txt; undefined: what the project needs. */
  readonly requirements?: readonly string[]
  /** More files, or others, relative to the root. */
  readonly files?: Readonly<Record<string, string>>
  /** Name of the folder that the project is in. */
  readonly name?: string
}

const wanted = ['Django>=4.2,<6', 'channels~=4.2', 'daphne~=4.1', 'python-decouple~=3.8', 'djangorestframework-simplejwt~=5.3']

/** Writes the project, with names of its own: apps in `server/`, settings split in two. */
export async function freshProject(options: FreshOptions = {}): Promise<FreshProject> {
  const above = await mkdtemp(join(tmpdir(), 'election-fresh-'))
  const root = join(above, options.name ?? 'checkout')
  const files: Record<string, string> = {
    'backend/manage.py': `import os, sys\nfrom decouple import config\n\nif __name__ == "__main__":\n    os.environ.setdefault("DJANGO_SETTINGS_MODULE", config("DJANGO_SETTINGS_MODULE", default="server.settings.dev"))\n    from django.core.management import execute_from_command_line\n    execute_from_command_line(sys.argv)\n`,
    'backend/requirements.txt': `${(options.requirements ?? wanted).join('\n')}\n`,
    'backend/.env.example': '# copy me to .env\nSECRET_KEY=\nDEBUG=True\nUSE_REDIS_FOR_CHANNELS=False\n',
    'backend/server/__init__.py': '',
    'backend/server/settings/__init__.py': '',
    'backend/server/settings/dev.py': 'from .base import *\n\nDEBUG = True\nALLOWED_HOSTS = ["*"]\n',
    'backend/server/settings/base.py': base,
    'backend/server/urls.py': 'urlpatterns = []\n',
    'backend/server/asgi.py': `import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings.dev")
from django.core.asgi import get_asgi_application
http = get_asgi_application()
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path
from votes.consumers import Updates
application = ProtocolTypeRouter({"http": http, "websocket": URLRouter([re_path(r"^ws/votes/$", Updates.as_asgi())])})
`,
    'backend/votes/__init__.py': '',
    'backend/votes/consumers.py': simplejwtConsumer,
    'backend/people/__init__.py': '',
    'backend/people/models.py': models,
    'backend/people/migrations/__init__.py': '',
    'backend/people/migrations/0001_initial.py': migration,
    ...options.files,
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  return { root, backend: join(root, 'backend'), remove: () => rm(above, { recursive: true, force: true }) }
}

/** Every file of the folder with a digest of its contents, links with where they lead; what Python caches is left out. */
export async function listing(folder: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (path.includes('__pycache__')) continue
    const name = path.slice(folder.length + 1)
    if (entry.isSymbolicLink()) found[name] = `-> ${await readlink(path)}`
    else if (entry.isFile())
      found[name] = createHash('sha256')
        .update(await readFile(path))
        .digest('hex')
    else found[name] = 'folder'
  }
  return found
}

/** The environment of a user's shell with uv on the PATH, or surely without it. Settings of the package index go through. */
export function installerEnvironment(uv: boolean): Readonly<Record<string, string | undefined>> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !existsSync(join(folder, 'uv')))
  const through = Object.entries(process.env).filter(([name]) => /^(?:PIP_|UV_|SSL_CERT|REQUESTS_CA|https?_proxy$|no_proxy$)/i.test(name))
  return {
    ...Object.fromEntries(through),
    PIP_CACHE_DIR: join(cache, 'pip'),
    UV_CACHE_DIR: join(cache, 'uv'),
    PATH: [...(uv ? [join(environmentFolder('uv'), 'bin')] : []), ...folders].join(delimiter),
  }
}

const base = `from pathlib import Path
import os
from decouple import config
BASE_DIR = Path(__file__).resolve().parent.parent.parent
SECRET_KEY = config("SECRET_KEY")
DEBUG = config("DEBUG", default=False, cast=bool)
INSTALLED_APPS = ["daphne", "django.contrib.contenttypes", "django.contrib.auth", "channels", "people", "votes"]
MIDDLEWARE = []
ROOT_URLCONF = "server.urls"
PROJECT = "server"
ASGI_APPLICATION = f"{PROJECT}.asgi.application"
AUTH_USER_MODEL = "people.Person"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
LOGS_DIR = BASE_DIR / "logs"
LOGGING = {
    "version": 1, "disable_existing_loggers": False,
    "handlers": {"file": {"class": "logging.FileHandler", "filename": os.path.join(LOGS_DIR, "django.log")}},
    "root": {"handlers": ["file"], "level": "INFO"},
}
if config("USE_REDIS_FOR_CHANNELS", default=False, cast=bool):
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [{"host": "127.0.0.1", "port": 6379, "socket_timeout": None}]}}}
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
`

const models = `from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models


class PersonManager(BaseUserManager):
    def create_user(self, email, full_name, phone, birth_date, password=None, **extra):
        person = self.model(email=self.normalize_email(email), full_name=full_name, phone=phone, birth_date=birth_date, **extra)
        person.set_password(password)
        person.full_clean()
        person.save()
        return person

    def create_superuser(self, email, full_name, phone, birth_date, password=None, **extra):
        return self.create_user(email, full_name, phone, birth_date, password, is_superuser=True, **extra)


class Person(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=60, validators=[RegexValidator(r"^\\w+ \\w+$")])
    phone = models.CharField(max_length=16, unique=True, validators=[RegexValidator(r"^\\+\\d{9,15}$")])
    birth_date = models.DateField()
    is_active = models.BooleanField(default=True)
    objects = PersonManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["full_name", "phone", "birth_date"]
`

const migration = `from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("auth", "0012_alter_user_first_name_max_length")]
    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("password", models.CharField(max_length=128)),
                ("last_login", models.DateTimeField(blank=True, null=True)),
                ("is_superuser", models.BooleanField(default=False)),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("full_name", models.CharField(max_length=60)),
                ("phone", models.CharField(max_length=16, unique=True)),
                ("birth_date", models.DateField()),
                ("is_active", models.BooleanField(default=True)),
                ("groups", models.ManyToManyField(blank=True, to="auth.group")),
                ("user_permissions", models.ManyToManyField(blank=True, to="auth.permission")),
            ],
        ),
    ]
`
