/** How `start` comes to a project that its ASGI module alone doesn't lead to. */
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { startCli } from '../support/cli.ts'
import { makeProject, openConsumer, type ProjectOptions } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { variants } from '../support/variants.ts'

vi.setConfig({ testTimeout: 60_000 })

interface Told {
  /** The first word of the backend in the banner, and the state of its WebSocket; or how it ended. */
  readonly state: string
  readonly server: string | undefined
  readonly warnings: readonly { readonly id: string; readonly text: string }[]
  readonly stdout: string
}

async function run(options: ProjectOptions): Promise<Told> {
  // without a database nothing is to be set up before the WebSocket can be judged
  const project = await makeProject({ style: 'plain', ...options, settings: `DATABASES = {}\n${options.settings ?? ''}` })
  onTestFinished(project.remove)
  const cli = startCli(['start', '--json', '--port', String(await freePort('127.0.0.1'))], { cwd: project.root })
  onTestFinished(async () => {
    await cli.end('SIGTERM')
  })
  await cli.waitFor(/"event":"(?:ready|end)".*\n/)
  const { stdout } = await cli.end('SIGINT')
  const events = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
  const ready = events.find(({ event }) => event === 'ready')
  const diagnosis = events.find(({ event }) => event === 'diagnosis')?.diagnosis
  return {
    state: ready?.websocket.state ?? diagnosis?.id ?? 'ended',
    server: ready?.backend.server,
    warnings: events.flatMap(({ event, id, text }) => (event === 'warning' ? [{ id, text }] : [])),
    stdout,
  }
}

/** A manage.py that does something first. */
const manage = (first: string, settings = 'core.settings') => ({
  'backend/manage.py': `import os, sys
${first}
if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "${settings}")
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
`,
})

/** The end of an asgi.py that has its `http`. */
const routed = `from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path
from updates.consumers import Updates
application = ProtocolTypeRouter({"http": http, "websocket": URLRouter([path("ws/election-updates/", Updates.as_asgi())])})
`
const demand = 'KEY = os.environ["COUNTED_BY"]'
const sets = 'os.environ["COUNTED_BY"] = "hand"'

describe('manage.py does more than the ASGI module', () => {
  variants<[string, ProjectOptions, string, string]>(
    [
      ['a variable', { settings: demand, files: manage(sets) }, 'asgi-import-error', "KeyError: 'COUNTED_BY'"],
      [
        'what .env says',
        {
          settings: demand,
          files: {
            ...manage('for line in open(".env"):\n    os.environ.setdefault(*line.strip().split("="))'),
            'backend/.env': 'COUNTED_BY=hand\n',
          },
        },
        'env-not-loaded',
        "core/asgi.py doesn't load the .env that has COUNTED_BY",
      ],
      [
        'a folder of apps',
        {
          installedApps: ['django.contrib.contenttypes', 'django.contrib.auth', 'channels', 'ballots', 'updates'],
          files: { ...manage('sys.path.insert(0, "apps")'), 'backend/apps/ballots/__init__.py': '' },
        },
        'asgi-import-error',
        "No module named 'ballots'",
      ],
      [
        'the name of the settings',
        { asgi: 'from django.core.asgi import get_asgi_application\nhttp = get_asgi_application()\n' + routed },
        'apps-not-ready',
        'setdefault("DJANGO_SETTINGS_MODULE", "core.settings")',
      ],
      [
        'settings that are there',
        {
          asgi:
            'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.setings")\nfrom django.core.asgi import get_asgi_application\nhttp = get_asgi_application()\n' +
            routed,
        },
        'wrong-settings-module',
        'core.setings',
      ],
    ],
    { quick: 2 },
    async (_, options, id, text) => {
      const { state, warnings, stdout } = await run(options)
      expect({ state, warnings }, stdout).toEqual({ state: 'connected', warnings: [{ id, text: expect.stringContaining(text) }] })
    },
  )
})

const early = `import os
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path
from updates.consumers import Updates
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
application = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": URLRouter([path("ws/election-updates/", Updates.as_asgi())])})
`

test('manage.py runserver, where the ASGI module imports models too early', async () => {
  const { state, server, warnings, stdout } = await run({
    asgi: early,
    consumer: `from django.contrib.auth.models import User\n${openConsumer}`,
    installedApps: ['daphne', 'django.contrib.contenttypes', 'django.contrib.auth', 'channels', 'updates'],
  })
  expect({ state, server, warnings }, stdout).toEqual({
    state: 'connected',
    server: 'runserver (daphne)',
    warnings: [
      {
        id: 'plain-server-fails',
        text: expect.stringMatching(/daphne core\.asgi:application\b.*updates\/consumers\.py:1.*get_asgi_application\(\)/),
      },
    ],
  })
})
