/** Every WebSocket of an application is proven beside the first: by start, verify and doctor, and nothing of it harms a healthy one. */
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { runCli, startCli, type RunningCli } from '../support/cli.ts'
import { freshProject, installerEnvironment, type FreshProject } from '../support/fresh-project.ts'
import { freePort } from '../support/redis.ts'
import { environmentFolder } from '../support/tools.ts'

let project: FreshProject | undefined
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGTERM')
  await project?.remove()
})

/** A board that anybody may open, one room each, parcels that only carriers know, and people that are looked for in the database. */
const consumers = `from channels.generic.websocket import AsyncJsonWebsocketConsumer
from people.models import Person as Member

class Board(AsyncJsonWebsocketConsumer):
    groups = ["board"]

class Room(AsyncJsonWebsocketConsumer):
    async def receive_json(self, content):
        await self.send_json({"said": content["text"]})

class Parcel(AsyncJsonWebsocketConsumer):
    async def connect(self):
        code = self.scope["url_route"]["kwargs"]["code"]
        if int(code.removeprefix("PK-")):
            await self.accept()

class Person(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await Member.objects.aget(full_name=self.scope["url_route"]["kwargs"]["handle"])
        await self.accept()
`
const asgi = (routes: string) => `import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings.dev")
from django.core.asgi import get_asgi_application
http = get_asgi_application()
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path, re_path
from votes import consumers
sockets = URLRouter([${routes}])

class Timed:
    def __init__(self, served):
        self.served = served
    async def __call__(self, scope, receive, send):
        await self.served(scope, receive, send)

application = Timed(ProtocolTypeRouter({"http": http, "websocket": sockets}))
`
const routes = `path("live/parcels/<str:code>/", consumers.Parcel.as_asgi()),
    path("live/people/<slug:handle>/", consumers.Person.as_asgi()),
    re_path(r"^live/rooms/(?P<room>[\\w-]+)/$", consumers.Room.as_asgi()),
    path("live/board/", consumers.Board.as_asgi())`

async function laidOut(files: Readonly<Record<string, string>>) {
  project = await freshProject({ files })
  const { root, backend } = project
  await symlink(environmentFolder('main'), join(backend, 'venv'))
  await writeFile(join(backend, '.env'), 'SECRET_KEY=of-no-worth-at-all-and-long-enough\n')
  const port = String(await freePort('127.0.0.1'))
  return { root, port, env: installerEnvironment(false) }
}

interface Told {
  readonly event: string
  readonly id?: string
  readonly text?: string
  readonly websocket?: { readonly state: string; readonly url: string }
  readonly routes?: readonly {
    readonly path: string
    readonly state: string
    readonly why?: string
    readonly diagnosis?: { readonly id: string }
  }[]
}
const eventsOf = (stdout: string): Told[] => stdout.split('\n').flatMap((line): Told[] => (line === '' ? [] : [JSON.parse(line)]))
const statesOf = (told: Told | undefined) => told?.routes?.map(({ path, state }) => [path, state])

test('what nobody can know is not proven and said so; nothing is in the log', { timeout: 60_000 }, async () => {
  const page =
    "export const open = (room) => new WebSocket('ws://' + location.host + '/live/rooms/' + room + '/')\nopen('/live/rooms/main-hall/')\n"
  const { root, port, env } = await laidOut({
    'backend/server/asgi.py': asgi(routes),
    'backend/votes/consumers.py': consumers,
    'frontend/src/rooms.js': page,
  })
  cli = startCli(['start', '--setup', '--json', '--no-frontend', '--port', port], { cwd: root, env })
  await cli.waitFor(/"event":"(?:ready|end)"/)
  const all = [
    ['/live/rooms/main-hall/', 'connected'],
    ['/live/board/', 'connected'],
    ['/live/parcels/example/', 'not-proven'],
    ['/live/people/example/', 'not-proven'],
  ]
  for (const command of ['verify', 'doctor']) {
    const { status, stdout } = await runCli([command, '--json'], { cwd: root, env })
    expect(status, stdout.slice(0, 600)).toBe(0)
    expect(statesOf(JSON.parse(stdout)), command).toEqual(all.slice(1))
  }
  const { stdout } = await cli.end('SIGINT')
  const events = eventsOf(stdout)
  const ready = events.find(({ event }) => event === 'ready')
  expect(ready?.websocket).toMatchObject({ state: 'connected', url: `ws://127.0.0.1:${port}/live/rooms/main-hall/` })
  const told = events.find(({ event }) => event === 'routes') ?? ready
  expect(statesOf(told)).toEqual(all)
  expect(told?.routes?.[2]?.why).toMatch(/^code in its path is made up, and the application raised ValueError: invalid literal/)
  expect(told?.routes?.[3]?.why).toBe('handle in its path is made up, and the consumer asks for a row')
  expect(events.filter(({ event }) => event === 'warning' || event === 'diagnosis')).toEqual([])
  expect(stdout).not.toContain('Traceback')
})

test('one that fails beside a healthy first is warned of, with its own cause', { tags: ['slow'], timeout: 60_000 }, async () => {
  const broken = `${consumers}
class Broken(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await self.accept()
        await self.send_json({"count": len(self.scope["votes"])})
`
  const { root, port, env } = await laidOut({
    'backend/server/asgi.py': asgi('path("live/board/", consumers.Board.as_asgi()), path("live/count/", consumers.Broken.as_asgi())'),
    'backend/votes/consumers.py': broken,
  })
  cli = startCli(['start', '--setup', '--json', '--no-frontend', '--port', port], { cwd: root, env })
  await cli.waitFor(/"event":"(?:warning|end)"/)
  const { status, stdout: looked } = await runCli(['doctor', '--json'], { cwd: root, env })
  expect(status, looked.slice(0, 600)).toBe(0)
  expect(JSON.parse(looked)).toMatchObject({ ok: true, routes: [{ path: '/live/count/', state: 'not-connected' }] })
  const { stdout } = await cli.end('SIGINT')
  const events = eventsOf(stdout)
  const ready = events.find(({ event }) => event === 'ready')
  expect(ready?.websocket?.state).toBe('connected')
  const told = events.find(({ event }) => event === 'routes') ?? ready
  expect(told?.routes).toMatchObject([
    { path: '/live/board/', state: 'connected' },
    { path: '/live/count/', state: 'not-connected', diagnosis: { id: 'consumer-exception' } },
  ])
  const [warning] = events.filter(({ event }) => event === 'warning')
  expect(warning).toMatchObject({ id: 'consumer-exception' })
  expect(warning?.text).toMatch(/^At \/live\/count\/: /)
})

test('the first is another one where nobody can know what its path wants', { timeout: 60_000, tags: ['slow'] }, async () => {
  const { root, port, env } = await laidOut({
    'backend/server/asgi.py': asgi(
      'path("live/parcels/<str:code>/", consumers.Parcel.as_asgi()), path("live/rooms/<slug:room>/", consumers.Room.as_asgi())',
    ),
    'backend/votes/consumers.py': consumers,
  })
  cli = startCli(['start', '--setup', '--json', '--no-frontend', '--port', port], { cwd: root, env })
  await cli.waitFor(/"event":"(?:ready|end)"/)
  const { stdout } = await cli.end('SIGINT')
  const ready = eventsOf(stdout).find(({ event }) => event === 'ready')
  expect(ready?.websocket).toMatchObject({ state: 'connected', url: `ws://127.0.0.1:${port}/live/rooms/example/` })
  expect(statesOf(ready)).toEqual([
    ['/live/rooms/example/', 'connected'],
    ['/live/parcels/example/', 'not-proven'],
  ])
})

test(
  'a path that no route has: the one that is nearest, and the command that starts with it',
  { tags: ['slow'], timeout: 60_000 },
  async () => {
    const { root, port, env } = await laidOut({ 'backend/server/asgi.py': asgi(routes), 'backend/votes/consumers.py': consumers })
    cli = startCli(['start', '--setup', '--json', '--no-frontend', '--port', port, '--path', '/live/bord/'], { cwd: root, env })
    await cli.waitFor(/"event":"(?:ready|end)"/)
    const first = eventsOf((await cli.end('SIGINT')).stdout).find(({ event }) => event === 'ready')
    const remedy = { commands: [['election-dev', 'start', '--path', '/live/board/']] }
    expect(first?.websocket).toMatchObject({ state: 'not-connected', diagnosis: { id: 'no-websocket-route', remedy } })
    cli = startCli([...(remedy.commands[0] ?? []).slice(1), '--json'], { cwd: root, env })
    await cli.waitFor(/"event":"(?:ready|end)"/)
    const { stdout } = await cli.end('SIGINT')
    const ready = eventsOf(stdout).find(({ event }) => event === 'ready')
    expect(ready?.websocket).toMatchObject({ state: 'connected' })
    expect(ready?.websocket?.url).toMatch(/:\d+\/live\/board\/$/)
    // that path alone was asked for
    expect(ready?.routes).toEqual([{ path: '/live/board/', state: 'connected' }])
  },
)

const byHand = `import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings.dev")
from django.core.asgi import get_asgi_application
http = get_asgi_application()

async def application(scope, receive, send):
    if scope["type"] != "websocket":
        return await http(scope, receive, send)
    await receive()
    if not scope["path"].startswith("/live/"):
        return await send({"type": "websocket.close", "code": 4404})
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass
`

test(
  'an application whose routes nobody can read is asked at the path that its page names',
  { tags: ['slow'], timeout: 60_000 },
  async () => {
    const { root, port, env } = await laidOut({
      'backend/server/asgi.py': byHand,
      'backend/votes/templates/votes/live.html': '<script>new WebSocket(`ws://${location.host}/live/`)</script>\n',
    })
    cli = startCli(['start', '--setup', '--json', '--no-frontend', '--port', port], { cwd: root, env })
    await cli.waitFor(/"event":"(?:ready|end)"/)
    for (const command of ['verify', 'doctor']) {
      const { status, stdout } = await runCli([command, '--json'], { cwd: root, env })
      expect(status, stdout.slice(0, 600)).toBe(0)
    }
    const { stdout } = await cli.end('SIGINT')
    const events = eventsOf(stdout)
    const url = `ws://127.0.0.1:${port}/live/`
    expect(events.find(({ event }) => event === 'ready')?.websocket).toMatchObject({ state: 'connected', url })
    expect(stdout).not.toMatch(/Traceback|no-websocket-route|http-only-asgi|"event":"warning"/)
  },
)

/** Of one user a newer socket ends the older one, at whatever route it is. */
const single = `from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Single(AsyncJsonWebsocketConsumer):
    last = None

    async def connect(self):
        older, Single.last = Single.last, self
        await self.accept()
        if older is not None:
            await older.close(code=4009)

    async def disconnect(self, code):
        if Single.last is self:
            Single.last = None

class Board(Single):
    pass

class Count(Single):
    pass

class Desk(Single):
    pass
`
const paths = ['board', 'count', 'desk'] as const

test('an application that keeps one socket a user, whatever its route', { timeout: 60_000, tags: ['slow'] }, async () => {
  const several = paths.map((name) => `path("live/${name}/", consumers.${name.replace(/^./, (first) => first.toUpperCase())}.as_asgi())`)
  const { root, port, env } = await laidOut({ 'backend/server/asgi.py': asgi(several.join(', ')), 'backend/votes/consumers.py': single })
  cli = startCli(['start', '--setup', '--json', '--no-frontend', '--port', port], { cwd: root, env })
  await cli.waitFor(/"event":"(?:routes|end)"|"routes":/)
  const { stdout } = await cli.end('SIGINT')
  expect(eventsOf(stdout).find(({ event }) => event === 'ready')?.websocket?.state).toBe('connected')
  expect(stdout).not.toMatch(/not-connected|"event":"(?:warning|diagnosis)"/)
  cli = startCli(['start', '--no-watch', '--json', '--no-frontend', '--port', port], { cwd: root, env })
  await cli.waitFor(/"event":"(?:routes|end)"|"routes":/)
  for (const command of ['verify', 'doctor']) {
    const { status, stdout: told } = await runCli([command, '--json'], { cwd: root, env })
    expect(status, told.slice(0, 600)).toBe(0)
    expect(told).not.toContain('not-connected')
    expect(statesOf(JSON.parse(told))).toHaveLength(paths.length - 1)
  }
})
