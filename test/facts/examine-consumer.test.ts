import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { runToEnd } from '../../src/host/processes.ts'
import * as consumers from '../support/consumers.ts'
import { look, page } from '../support/examine.ts'
import { makeProject, openConsumer, simplejwtConsumer, type ProjectOptions, type TestProject } from '../support/project.ts'
import { pythonOf } from '../support/tools.ts'
import { variants } from '../support/variants.ts'

let project: TestProject | undefined
afterEach(async () => project?.remove())

const head =
  'import asyncio, time\nfrom channels.db import database_sync_to_async\nfrom channels.generic.websocket import *\nfrom django.contrib.auth.models import Group\n\n'
const consumer = (body: string, base = 'AsyncJsonWebsocketConsumer') => `${head}class Updates(${base}):\n${body}`
const asgi = (websocket: string, more = '') => `import os
from django.core.asgi import get_asgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
http = get_asgi_application()
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path
from updates.consumers import Updates
${more}
application = ProtocolTypeRouter({"http": http, "websocket": ${websocket}})
`
const own = (file: string, name: string) => expect.objectContaining({ file: join('updates', file), function: name, own: true })
const inConnect = own('consumers.py', 'connect')

const connect = (...lines: readonly string[]) =>
  ['    async def connect(self):', '        await self.accept()', ...lines.map((line) => `        ${line}`)].join('\n')
/** What connect() does once it has accepted, and whether anything would end it; undefined: it returns. */
const standing: readonly (readonly [string, string, boolean | undefined, string?])[] = [
  ['a loop without an end', connect('while True:', '    await self.send_json({})', '    await asyncio.sleep(0.2)'), true],
  [
    'in a thread',
    '    def connect(self):\n        self.accept()\n        while True:\n            time.sleep(0.1)',
    true,
    'JsonWebsocketConsumer',
  ],
  ['slow work', connect('await asyncio.sleep(6)'), false],
  ['a loop until something is said otherwise', connect('self.on = True', 'while self.on:', '    await asyncio.sleep(60)'), true],
  [
    'in a method that it calls',
    `${connect('await self.stream()')}\n    async def stream(self):\n        while 1:\n            await asyncio.sleep(60)`,
    true,
  ],
  ['an event that nobody sets', connect('await asyncio.Event().wait()'), true],
  ['a queue', connect('await asyncio.Queue().get()'), true],
  [
    'an asynchronous iterator',
    `${connect('async for item in self.items():', '    await self.send_json(item)')}\n    async def items(self):\n        await asyncio.sleep(60)\n        yield {}`,
    true,
  ],
  ['a few tries', connect('tries = 0', 'while tries < 3:', '    tries += 1', '    await asyncio.sleep(2)'), false],
  ['slow work in a thread', '    def connect(self):\n        self.accept()\n        time.sleep(6)', false, 'JsonWebsocketConsumer'],
  [
    'a task of its own',
    `${connect('self.task = asyncio.create_task(self.stream())')}\n    async def stream(self):\n        while True:\n            await asyncio.sleep(60)`,
    undefined,
  ],
]

const cases: readonly (readonly [string, ProjectOptions, object])[] = [
  ['accepts and answers pings', { consumer: openConsumer }, { outcome: 'accepted', later: 'open', pong: true, groups: ['updates'] }],
  [
    'is silent',
    { consumer: consumers.silentConsumer },
    { outcome: 'accepted', later: 'open', pong: false, later_after: 'ping', messages: 1 },
  ],
  [
    'closes with a code',
    { consumer: simplejwtConsumer },
    { outcome: 'closed', code: 4001, refused_by: null, consumer: 'Updates', frames: [inConnect] },
  ],
  [
    'closes with a code, from a thread',
    { consumer: consumer('    def connect(self):\n        self.close(code=4003)', 'JsonWebsocketConsumer') },
    { outcome: 'closed', code: 4003, refused_by: null, frames: [inConnect] },
  ],
  [
    'raises before accept',
    { consumer: consumers.raisesBeforeAccept },
    {
      outcome: 'raised',
      raised: expect.objectContaining({ type: 'ValueError', message: 'no such election', file: join('updates', 'consumers.py'), line: 6 }),
    },
  ],
  [
    'raises after accept',
    { consumer: consumers.raisesAfterAccept },
    { outcome: 'accepted', later: 'raised', later_after: 'connect', raised: expect.objectContaining({ type: 'ValueError', line: 7 }) },
  ],
  [
    'raises on a ping',
    { consumer: consumers.raisesOnPing },
    { outcome: 'accepted', later: 'raised', later_after: 'ping', pong: false, raised: expect.objectContaining({ type: 'KeyError' }) },
  ],
  ['closes after accept', { consumer: consumers.closesWith4001 }, { outcome: 'accepted', later: 'closed', later_code: 4001 }],
  ['never accepts', { consumer: consumers.acceptMissing }, { outcome: 'returned', consumer: 'Updates', frames: [] }],
  [
    'never accepts, in a thread',
    { consumer: consumer('    def connect(self):\n        pass', 'WebsocketConsumer') },
    { outcome: 'returned', consumer: 'Updates' },
  ],
  [
    'waits',
    { consumer: consumer('    async def connect(self):\n        await asyncio.sleep(60)') },
    { outcome: 'waiting', frames: expect.arrayContaining([inConnect, expect.objectContaining({ function: 'sleep', own: false })]) },
  ],
  [
    'waits in a thread',
    { consumer: consumer('    def connect(self):\n        time.sleep(60)', 'WebsocketConsumer') },
    { outcome: 'waiting', frames: expect.arrayContaining([inConnect]) },
  ],
  [
    'leaves it to a task that takes longer',
    {
      consumer: consumer(
        '    async def connect(self):\n        self.task = asyncio.create_task(self.later())\n    async def later(self):\n        await asyncio.sleep(0.8)\n        await self.accept()',
      ),
    },
    { outcome: 'accepted', pong: false },
  ],
  [
    'never accepts, and starts a task that goes on',
    {
      consumer: consumer(
        '    async def connect(self):\n        self.task = asyncio.create_task(self.beat())\n    async def beat(self):\n        await asyncio.sleep(60)',
      ),
    },
    { outcome: 'returned', frames: expect.arrayContaining([own('consumers.py', 'beat')]) },
  ],
  [
    'is WSGI',
    { asgi: 'from core.wsgi import application' },
    { outcome: 'raised', raised: expect.objectContaining({ type: 'TypeError' }), consumer: null },
  ],
  [
    'is refused by its Origin',
    { settings: 'DEBUG = False\nALLOWED_HOSTS = ["example.com"]' },
    { outcome: 'closed', code: null, refused_by: 'OriginValidator', consumer: null },
  ],
  [
    'is refused by a middleware of the project',
    {
      asgi: asgi(
        'Gate(URLRouter([path("ws/election-updates/", Updates.as_asgi())]))',
        'class Gate:\n    def __init__(self, inner):\n        self.inner = inner\n    async def __call__(self, scope, receive, send):\n        await send({"type": "websocket.close", "code": 4401})',
      ),
    },
    { outcome: 'closed', code: 4401, refused_by: 'Gate', frames: [expect.objectContaining({ file: join('core', 'asgi.py'), own: true })] },
  ],
  [
    'is a class in the route',
    { asgi: asgi('URLRouter([path("ws/election-updates/", Updates)])') },
    { outcome: 'raised', raised: expect.objectContaining({ type: 'TypeError' }) },
  ],
  [
    'has no route',
    { route: 'ws/other/' },
    { outcome: 'raised', raised: expect.objectContaining({ message: "No route found for path 'ws/election-updates/'." }) },
  ],
  [
    'has no layer',
    { settings: 'del CHANNEL_LAYERS' },
    { outcome: 'raised', raised: expect.objectContaining({ type: 'AttributeError', message: expect.stringContaining("'NoneType'") }) },
  ],
  [
    'names a group that no layer takes',
    { consumer: consumer('    async def connect(self):\n        await self.channel_layer.group_add("a b", self.channel_name)') },
    { outcome: 'raised', raised: expect.objectContaining({ type: 'TypeError', message: expect.stringContaining('Group name') }) },
  ],
  [
    'asks a database that is missing',
    {
      consumer: consumer(
        '    async def connect(self):\n        try:\n            await self.ask()\n        except Exception:\n            await self.close(4001)\n    @database_sync_to_async\n    def ask(self):\n        return Group.objects.count()',
      ),
    },
    { outcome: 'skipped', why: 'the database is empty' },
  ],
  ...standing.map(
    ([name, body, stuck, base]) =>
      [
        `goes on after accept: ${name}`,
        { consumer: consumer(body, base) },
        {
          outcome: 'accepted',
          later: 'open',
          ...(stuck === undefined ? {} : { takes: false, stuck, frames: expect.arrayContaining([inConnect]) }),
        },
      ] as const,
  ),
]

describe('a consumer that', () => {
  variants(cases, { quick: cases.length - standing.length + 1 }, async (_, options, expected) => {
    project = await makeProject(options)
    const seen = await look(project, { consumer: page })
    expect(seen.get('consumer'), JSON.stringify([seen.how, seen.errorOf('consumer'), seen.output])).toMatchObject(expected)
    expect(seen.how).toBe('ended')
    // a thread that still stands is not waited for
    expect(seen.elapsedMs).toBeLessThan(15_000)
    expect(existsSync(join(project.backend, 'db.sqlite3'))).toBe(false)
  })

  test('blocks the loop: its line is told while it stands, and judged early', async () => {
    project = await makeProject({ consumer: consumers.blocks })
    const seen = await look(project, { consumer: page, giveUp: ({ stage, seconds }) => stage === 'consumer' && seconds >= 1.5 })
    expect(seen.get('standing')?.frames.at(-1)).toEqual(inConnect)
    expect(seen).toMatchObject({ how: 'timeout', stage: 'consumer' })
    expect(seen.get('consumer')).toBeUndefined()
  })

  test('writes a row: it is kept from it', async () => {
    project = await makeProject({
      consumer: consumer(
        '    async def connect(self):\n        await Group.objects.aget_or_create(name="voters")\n        await self.accept()\n    async def disconnect(self, code):\n        await Group.objects.acreate(name="gone")',
      ),
    })
    const manage = async (...args: string[]) =>
      (await runToEnd(pythonOf('main'), args, { cwd: project?.backend ?? '', env: { PATH: process.env['PATH'] }, deadlineMs: 30_000 }))
        .stdout
    await manage('manage.py', 'migrate', '--no-input')
    expect((await look(project, { consumer: page })).get('consumer')).toMatchObject({
      outcome: 'skipped',
      why: 'the consumer writes to the database',
    })
    const count = 'import sqlite3\nprint(sqlite3.connect("db.sqlite3").execute("SELECT count(*) FROM auth_group").fetchone()[0])'
    expect((await manage('-c', count)).trim()).toBe('0')
  })

  test('takes a message: its methods are those that a message finds', async () => {
    project = await makeProject({ consumer: `${openConsumer}\n    async def tally(self, event):\n        pass\n` })
    const handlers = (await look(project, { consumer: page })).get('consumer')?.handlers
    expect(handlers).toEqual(expect.arrayContaining(['tally', 'receive_json']))
    expect(handlers).not.toContain('groups')
  })
})
