/** Whether a project tells of Channels: only where all of it was read is the answer no. */
import { afterEach, expect, test } from 'vitest'
import { mergeConfig } from '../../src/config/merge.ts'
import { speaksOfChannels } from '../../src/facts/channels-use.ts'
import { findProject } from '../../src/facts/project.ts'
import { findRequirements } from '../../src/facts/requirements.ts'
import { filesIn, removeFiles } from '../support/files.ts'
import { testHost } from '../support/host.ts'

afterEach(removeFiles)

const plain = {
  'manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
  'shop/__init__.py': '',
  'shop/settings.py': 'INSTALLED_APPS = ["django.contrib.auth"]\n',
  'shop/asgi.py': 'from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n',
  'requirements.txt': 'Django\npillow\n',
}

async function speaks(files: Readonly<Record<string, string>>): Promise<boolean> {
  const root = await filesIn({ ...plain, ...files })
  const host = testHost(root)
  const config = mergeConfig(host, {}, undefined)
  const project = await findProject(host, config)
  return speaksOfChannels(project, await findRequirements(root, [root]))
}

test('a plain Django project does not', async () => {
  expect(await speaks({})).toBe(false)
})

test.each<[string, Readonly<Record<string, string>>]>([
  ['a requirement', { 'requirements.txt': 'Django\nchannels-redis\n' }],
  ['an extra of a requirement', { 'requirements.txt': 'Django\nstrawberry-graphql[channels]\n' }],
  ['a raw ASGI application', { 'shop/asgi.py': 'async def application(scope, receive, send):\n    assert scope["type"] == "websocket"\n' }],
  ['a module in any folder', { 'live/deep/sockets.py': 'from channels.generic.websocket import WebsocketConsumer\n' }],
  ['a package of a repository may', { 'requirements.txt': 'Django\nacme-site @ git+https://example.org/site\n' }],
  ['a package of a folder may', { 'requirements.txt': 'Django\nacme-site @ file:///srv/site\n' }],
  ['a wheel may', { 'requirements.txt': 'Django\n./wheels/acme-1.0-py3-none-any.whl\n' }],
  ['an editable folder may', { 'requirements.txt': 'Django\n-e ../acme\n' }],
  ['settings that lie elsewhere may', { 'manage.py': plain['manage.py'].replace('shop.settings', 'acme.site.settings') }],
  ['an application that lies elsewhere may', { 'shop/settings.py': 'ASGI_APPLICATION = "acme.asgi.application"\n' }],
])('%s', async (_, files) => {
  expect(await speaks(files)).toBe(true)
})
