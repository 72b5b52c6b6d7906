/** Beside a run that is up, doctor and verify look at the project as that run serves it, whatever their own shell says. */
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { guards, migrate, sessionProject } from '../support/session-project.ts'
import type { ProjectOptions } from '../support/project.ts'
import { secret } from '../support/secrets.ts'
import { makeStand, type Stand } from '../support/stand.ts'
import { redisServer } from '../support/tools.ts'

let stand: Stand | undefined

afterEach(async () => {
  if (stand !== undefined) await runCli(['stop', '--all'], { cwd: stand.project.root, env: stand.mark.env })
  await stand?.remove()
  stand = undefined
})

const base = sessionProject('database', guards.before)
/** The tables and the user are in this database alone. */
const elsewhere = 'import os\nDATABASES["default"]["NAME"] = BASE_DIR / os.environ.get("VOTES_FILE", "nothing-in-it.sqlite3")\n'
const local = 'from core.settings import *\nDATABASES["default"]["NAME"] = BASE_DIR / "votes.sqlite3"\n'
/** By a name that is put together: nothing reads it in the text of the settings. */
const hidden = 'import os\nDATABASES["default"]["NAME"] = BASE_DIR / os.environ.get("_".join(["VOTES", "FILE"]), "nothing-in-it.sqlite3")\n'
const layer = `import os
CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [{"address": os.environ.get("REDIS_URL", "redis://127.0.0.1:1/0"), "socket_timeout": None}]}}}
`
const page = {
  'frontend/.env.development': 'VITE_API=http://127.0.0.1:8000\nVITE_WS_URL=ws://127.0.0.1:8000/ws/rota/\n',
  'frontend/src/live.js': 'export const open = () => new WebSocket(import.meta.env.VITE_WS_URL)\n',
}

const password = secret()
const login = `from django.contrib.auth import get_user_model, login
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.urls import path

def enter(request):
    if request.POST.get("password") == "${password}":
        login(request, get_user_model().objects.get(username=request.POST["username"]), backend="django.contrib.auth.backends.ModelBackend")
    return HttpResponse('<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="%s"><input name="username"><input type="password" name="password"></form>' % get_token(request))

urlpatterns = [path("enter/", enter)]
`

interface Row {
  readonly project?: ProjectOptions
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What the doctor's shell has as well. */
  readonly shared?: Readonly<Record<string, string>>
}

const rows: Readonly<Record<string, Row>> = {
  'a login whose form wants a CSRF token': {
    project: {
      settings:
        'MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware"]\n',
      files: { 'backend/core/urls.py': login, 'election-dev.config.json': '{"login": {"path": "/enter/", "username": "ada"}}' },
    },
    shared: { ELECTION_DEV_PASSWORD: password },
  },
}

/** Variants, which a quicker row shows as well. */
const more: Readonly<Record<string, Row>> = {
  'settings that a flag names': {
    project: { settings: elsewhere, files: { 'backend/core/local.py': local } },
    args: ['--settings', 'core.local'],
  },
  'a variable whose name stands nowhere': { project: { settings: hidden }, env: { VOTES_FILE: 'votes.sqlite3' } },
  'a page that is written for port 8000': { project: { files: page }, args: ['--no-frontend'] },
  'a variable that its shell alone has': { project: { settings: elsewhere }, env: { VOTES_FILE: 'votes.sqlite3' } },
  'localhost alone in ALLOWED_HOSTS': { project: { settings: 'ALLOWED_HOSTS = ["localhost"]\n' } },
  'no observer': {
    project: { settings: elsewhere, files: page },
    env: { VOTES_FILE: 'votes.sqlite3' },
    args: ['--no-observer', '--no-frontend'],
  },
  'a Redis of its own': { project: { settings: layer }, args: ['--managed-redis'] },
}

async function isGreen({ project, args = [], env = {}, shared = {} }: Row): Promise<void> {
  const redis = await redisServer('system')
  if (redis === undefined) throw new Error('no redis-server can be had')
  stand = await makeStand({ ...base, ...project })
  const { root } = stand.project
  await migrate(stand.project, ['ada'], { ...(args[0] === '--settings' ? { DJANGO_SETTINGS_MODULE: 'core.local' } : {}), ...env })
  const started = await runCli([...stand.args, '--detach', ...args], {
    cwd: root,
    env: { ...stand.mark.env, ...env, ...shared, PATH: `${join(redis, '..')}:${process.env['PATH'] ?? ''}` },
  })
  expect(started.stdout + started.stderr).toContain('● connected')
  const asking = { cwd: root, env: shared }
  const [doctor, verify] = [await runCli(['doctor'], asking), await runCli(['verify'], asking)]
  expect(doctor, doctor.stdout + doctor.stderr).toMatchObject({ status: 0 })
  expect(doctor.stdout).not.toContain('allowed-hosts')
  expect(verify, verify.stdout + verify.stderr).toMatchObject({ status: 0 })
  if (Object.keys(shared).length === 0) expect(verify.stdout).toContain('ada')
}

test.each(Object.entries({ ...rows, ...more }))('green under doctor and verify: %s', { timeout: 60_000, tags: ['slow'] }, (_, row) =>
  isGreen(row),
)
