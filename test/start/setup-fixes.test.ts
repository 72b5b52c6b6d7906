/** `start --setup` goes on where the checkout has all that it needs: what keeps it from being green is judged and fixed, one cause after another. */
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { startCli, type RunningCli } from '../support/cli.ts'
import { freshProject, installerEnvironment, type FreshProject } from '../support/fresh-project.ts'
import { freePort } from '../support/redis.ts'
import { environmentFolder } from '../support/tools.ts'
import { variants } from '../support/variants.ts'

let project: FreshProject | undefined
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGTERM')
  await project?.remove()
})

const grouped = `from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    groups = ["votes"]
`
const withoutLayer = 'from .base import *\nDEBUG = True\nALLOWED_HOSTS = ["*"]\ndel CHANNEL_LAYERS\n'
const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')

variants<[string, Readonly<Record<string, string>>, string | Uint8Array | undefined, readonly string[]]>(
  [
    [
      'a socket that fails',
      { 'backend/votes/consumers.py': grouped, 'backend/server/settings/dev.py': withoutLayer },
      undefined,
      ['channel-layer-unset'],
    ],
    ['a server that ends at once', {}, utf16('SECRET_KEY=of-no-worth-at-all-and-long-enough\nDEBUG=True\n'), ['env-encoding']],
    [
      'models without migrations',
      {
        'backend/votes/models.py':
          'from django.db import models\n\nclass Vote(models.Model):\n    name = models.CharField(max_length=20)\n',
        'backend/votes/consumers.py': `from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from .models import Vote

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await database_sync_to_async(Vote.objects.count)()
        await self.accept()
`,
      },
      undefined,
      ['migrations-not-made'],
    ],
    [
      'two of them, one after the other',
      { 'backend/votes/consumers.py': grouped, 'backend/server/settings/dev.py': withoutLayer },
      utf16('SECRET_KEY=of-no-worth-at-all-and-long-enough\n'),
      ['env-encoding', 'channel-layer-unset'],
    ],
  ],
  { title: '%s: fixed, and green', quick: 1, timeout: 60_000 },
  async (_, files, dotenv, fixed) => {
    project = await freshProject({ files })
    const { root, backend } = project
    await symlink(environmentFolder('main'), join(backend, 'venv'))
    if (dotenv !== undefined) await writeFile(join(backend, '.env'), dotenv)
    const port = String(await freePort('127.0.0.1'))
    cli = startCli(['start', '--setup', '--json', '--no-frontend', '--port', port], { cwd: root, env: installerEnvironment(false) })
    await cli.waitFor(/"event":"(?:ready|end)"/)
    const { stdout } = await cli.end('SIGINT')
    expect(stdout).toMatch(/"event":"ready".*"state":"connected"/)
    expect([...stdout.matchAll(/"event":"setup","cause":"([a-z-]+)"/g)].map(([, id]) => id)).toEqual(fixed)
    expect(stdout).not.toContain('"event":"error"')
  },
)

test('tables that the system checks keep from being made: named with what they say', { timeout: 60_000 }, async () => {
  const models =
    'from django.db import models\n\nclass Vote(models.Model):\n    voter = models.ForeignKey("Nobody", on_delete=models.CASCADE)\n'
  project = await freshProject({ files: { 'backend/votes/models.py': models } })
  const { root, backend } = project
  await symlink(environmentFolder('main'), join(backend, 'venv'))
  cli = startCli(['start', '--setup', '--json', '--no-frontend'], { cwd: root, env: installerEnvironment(false) })
  await cli.waitFor(/"event":"(?:ready|end)"/)
  const { stdout, status } = await cli.end()
  expect(status, stdout).toBe(1)
  expect(stdout).toMatch(/"system-check-failed".*manage\.py migrate.* refused to run.*votes\.Vote\.voter: \(fields\.E300\)/)
})
