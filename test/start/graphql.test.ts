/** GraphQL over WebSocket, by a real library: its subprotocols are offered, and it is begun as they want it. */
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { startCli, type RunningCli } from '../support/cli.ts'
import { freshProject, installerEnvironment, type FreshProject } from '../support/fresh-project.ts'
import { freePort } from '../support/redis.ts'
import { environmentFolder, prepareEnvironment } from '../support/tools.ts'

let project: FreshProject | undefined
let cli: RunningCli | undefined

beforeAll(() => prepareEnvironment('graphql'), 180_000)
afterEach(async () => {
  await cli?.end('SIGTERM')
  await project?.remove()
})

const settings = `SECRET_KEY = "of-no-worth-at-all-and-long-enough"
DEBUG = True
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["daphne", "channels"]
ROOT_URLCONF = "server.urls"
ASGI_APPLICATION = "server.asgi.application"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
`
/** `timeout`: how many seconds a client has for its connection_init. */
const asgi = (protocols: string, timeout: number) => `import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings.dev")
from django.core.asgi import get_asgi_application
http = get_asgi_application()
import datetime
import strawberry
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path
from strawberry.channels import GraphQLWSConsumer

@strawberry.type
class Query:
    votes: int = 3

sockets = GraphQLWSConsumer.as_asgi(
    schema=strawberry.Schema(query=Query), connection_init_wait_timeout=datetime.timedelta(seconds=${timeout})${protocols}
)
application = ProtocolTypeRouter({"http": http, "websocket": URLRouter([re_path(r"^graphql", sockets)])})
`

test.each([
  ['the newer one, which ends a socket that is not begun', '', 1],
  ['the older one alone, as as_asgi() was told', ', subscription_protocols=["graphql-ws"]', 60],
])('%s', { timeout: 60_000 }, async (_, protocols, timeout) => {
  project = await freshProject({
    files: {
      'backend/manage.py':
        'import os, sys\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings.dev")\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n',
      'backend/requirements.txt': 'Django\nchannels\ndaphne\nstrawberry-graphql\n',
      'backend/server/settings/dev.py': settings,
      'backend/server/asgi.py': asgi(protocols, timeout),
    },
  })
  const { root, backend } = project
  await symlink(environmentFolder('graphql'), join(backend, 'venv'))
  const port = String(await freePort('127.0.0.1'))
  cli = startCli(['start', '--json', '--no-frontend', '--port', port], { cwd: root, env: installerEnvironment(false) })
  const [line] = await cli.waitFor(/.*"event":"(?:ready|end|setup|diagnosis)".*/)
  expect(JSON.parse(line)).toMatchObject({
    event: 'ready',
    // the answer to connection_init is its sign of life
    websocket: { url: `ws://127.0.0.1:${port}/graphql`, state: 'connected', pongMs: expect.any(Number) },
  })
  const { stdout } = await cli.end('SIGINT')
  expect(stdout).not.toMatch(/Traceback|"event":"warning"|with 440[08]/)
})
