/** A project whose consumer wants somebody who is logged in, by a session cookie. */
import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ProjectOptions, TestProject } from './project.ts'
import { pythonOf } from './tools.ts'

const run = promisify(execFile)

/** Settings that choose where sessions are kept, by a name for each. */
export const engines = {
  database: '',
  cache: 'SESSION_ENGINE = "django.contrib.sessions.backends.cache"',
  cached_db: 'SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"\nSESSION_COOKIE_NAME = "votes_session"',
  file: 'SESSION_ENGINE = "django.contrib.sessions.backends.file"\nSESSION_FILE_PATH = BASE_DIR / "sessions"\nSESSION_FILE_PATH.mkdir(exist_ok=True)',
  signed_cookies: 'SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"',
} as const

/** Of whoever isn't logged in: refused before accept, or closed after it. */
export const guards = {
  before: 'if self.scope["user"].is_anonymous:\n            await self.close()\n            return\n        await self.accept()',
  after: 'await self.accept()\n        if not self.scope["user"].is_authenticated:\n            await self.close(code=4001)',
} as const

/** INSTALLED_APPS of a project whose users have a token each, kept in a table. */
export const tokenApps = [
  'django.contrib.contenttypes',
  'django.contrib.auth',
  'rest_framework',
  'rest_framework.authtoken',
  'channels',
  'updates',
]

const asgi = (application: string) => `import os
from django.core.asgi import get_asgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
http = get_asgi_application()
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path
from updates.consumers import Updates
routes = URLRouter([path("ws/rota/", Updates.as_asgi())])
application = ProtocolTypeRouter({"http": http, "websocket": ${application}})
`

/** Options of the project. */
export function sessionProject(engine: keyof typeof engines, guard: string): ProjectOptions {
  return {
    asgi: asgi('AllowedHostsOriginValidator(AuthMiddlewareStack(routes))'),
    settings: engines[engine],
    installedApps: ['django.contrib.contenttypes', 'django.contrib.auth', 'django.contrib.sessions', 'channels', 'updates'],
    consumer: `from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        ${guard}

    async def receive_json(self, content):
        raise ValueError("nobody sends anything here")
`,
  }
}

/** Tables, and these users: a name with a + before it is a superuser's. `env`: variables that lead the settings to their database. */
export async function migrate(
  { backend }: TestProject,
  users: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const manage = (...args: readonly string[]) =>
    run(pythonOf('main'), ['manage.py', ...args], { cwd: backend, env: { ...process.env, ...env } })
  await manage('migrate')
  for (const user of users)
    await manage(
      'shell',
      '-c',
      `from django.contrib.auth.models import User; User.objects.create_user(${JSON.stringify(user.replace('+', ''))}, is_superuser=${user.startsWith('+') ? 'True' : 'False'})`,
    )
}

/** How many rows a table of the database has. */
export async function rowsOf({ backend }: TestProject, table: string): Promise<number> {
  const code = 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM " + sys.argv[2]).fetchone()[0])'
  const { stdout } = await run(pythonOf('main'), ['-c', code, join(backend, 'db.sqlite3'), table])
  return Number(stdout)
}

/** Empties a table. */
export async function deleteRows({ backend }: TestProject, table: string): Promise<void> {
  const code = 'import sqlite3, sys; base = sqlite3.connect(sys.argv[1]); base.execute("DELETE FROM " + sys.argv[2]); base.commit()'
  await run(pythonOf('main'), ['-c', code, join(backend, 'db.sqlite3'), table])
}

/** How many sessions are kept in the database and in files. */
export async function sessionsOf(project: TestProject): Promise<number> {
  const files = await readdir(join(project.backend, 'sessions')).catch(() => [])
  return (await rowsOf(project, 'django_session')) + files.length
}
