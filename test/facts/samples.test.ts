/** A path for a route with parameters, as the look from inside makes it: Django's own pattern has to take it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { prepareEnvironment, pythonOf, root, run } from '../support/tools.ts'

beforeAll(() => prepareEnvironment('main'), 120_000)

const program = `
import json, sys
sys.path.insert(0, sys.argv[1])
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=[])
django.setup()
from django.urls import path, re_path
from election_dev_inside.samples import sample
made = []
for kind, route in json.loads(sys.argv[2]):
    pattern = (path if kind == "path" else re_path)(route, lambda request: None).pattern
    made.append(sample((pattern,), object).path)
print(json.dumps(made))
`

const rows: readonly (readonly ['path' | 're_path', string, string | null])[] = [
  ['path', 'ws/rooms/<slug:room>/', '/ws/rooms/example/'],
  ['path', 'a/<int:pk>/<uuid:board>/<str:name>/', '/a/1/00000000-0000-4000-8000-000000000000/example/'],
  ['path', 'b/<path:rest>', '/b/example'],
  ['path', 'c/<plain>', '/c/example'],
  ['re_path', String.raw`ws/talk/(?P<hall>\w+)/$`, '/ws/talk/example/'],
  ['re_path', String.raw`^ws/parcels/(?P<code>[A-Z]{2}-\d{6})/events/$`, '/ws/parcels/AA-111111/events/'],
  ['re_path', String.raw`^x/(?:a|b)/(?P<n>[0-9a-f-]{36})/?$`, '/x/a/00000000-0000-4000-8000-000000000000'],
  ['re_path', String.raw`^y/(?P<year>[0-9]{4})/(.*)$`, '/y/1111/example'],
  ['re_path', String.raw`^z/(?P<lang>en|de)/(?P<user>[\w.@+-]+)\Z`, '/z/en/example'],
  ['path', 'feed/<str:token>/', '/feed/election-dev-token/'],
  ['re_path', String.raw`^v(?P<v>[1-3])/(?P<day>\d{1,2})$`, '/v1/1'],
  ['re_path', String.raw`^(?P<a>[^/]+)/(?P=a)$`, null],
]

const sources = `
from channels.generic.websocket import AsyncWebsocketConsumer
PROTOCOL = "graphql-ws"
class ByName(AsyncWebsocketConsumer):
    async def connect(self):
        assert PROTOCOL in self.scope["subprotocols"]
class ByAttribute(AsyncWebsocketConsumer):
    wanted = "v2.votes"
    async def connect(self):
        if self.wanted not in self.scope.get("subprotocols", []):
            await self.close()
class Itself(ByAttribute):
    async def connect(self):
        if "v1.votes" in self.scope['subprotocols'] or self.wanted in self.scope['subprotocols']:
            await self.accept()
class Whatever(AsyncWebsocketConsumer):
    async def connect(self):
        for protocol in self.scope["subprotocols"]:
            pass
        await self.accept(subprotocol="v3.votes")
`

test('the subprotocols that a consumer looks for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'election-dev-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'consumers.py'), sources)
  const asking = `
import json, sys
sys.path[:0] = sys.argv[1:]
import consumers
from election_dev_inside.spoken import subprotocols
print(json.dumps([subprotocols(getattr(consumers, name)) for name in ("ByName", "ByAttribute", "Itself", "Whatever")]))
`
  const { stdout } = await run(pythonOf('main'), ['-c', asking, join(root, 'src/inside'), folder])
  expect(JSON.parse(stdout)).toEqual([['graphql-ws'], ['v2.votes'], ['v1.votes', 'v2.votes'], []])
})

test('a pattern that backtracks is held against a short text alone', async () => {
  const asking = `
import json, sys
sys.path.insert(0, sys.argv[1])
from election_dev_inside.samples import backtracks, parser
print(json.dumps([backtracks(parser.parse(pattern)) for pattern in json.loads(sys.argv[2])]))
`
  const patterns = {
    [String.raw`^(a+)+$`]: true,
    [String.raw`^x/(?P<name>(?:\w+\s?)*)/$`]: true,
    [String.raw`^(?:a|aa)+$`]: true,
    [String.raw`^(?P<slug>[a-z0-9]+(?:-[a-z0-9]+)*)/$`]: false,
    [String.raw`^(?P<rest>(\w+/)+)$`]: false,
    [String.raw`^(?P<code>[A-Z]{2}-\d{6})/(?P<n>\d+)/?$`]: false,
  }
  const { stdout } = await run(pythonOf('main'), ['-c', asking, join(root, 'src/inside'), JSON.stringify(Object.keys(patterns))])
  expect(JSON.parse(stdout)).toEqual(Object.values(patterns))
  // "a" by the first one, and none where nothing short is to be had
  const long = [
    ['re_path', '^(a+)+$'],
    ['re_path', `^(?:a|aa)+${'b'.repeat(20)}$`],
  ]
  const made = await run(pythonOf('main'), ['-c', program, join(root, 'src/inside'), JSON.stringify(long)])
  expect(JSON.parse(made.stdout)).toEqual(['/a', null])
})

test('each kind of route', async () => {
  const asked = JSON.stringify(rows.map(([kind, route]) => [kind, route]))
  const { stdout } = await run(pythonOf('main'), ['-c', program, join(root, 'src/inside'), asked])
  expect(JSON.parse(stdout)).toEqual(rows.map(([, , path]) => path))
})
