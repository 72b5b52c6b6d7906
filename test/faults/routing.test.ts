/** Routing: the server speaks WebSocket, and not on the page's path. */
import { expect, test } from 'vitest'
import { makeBench, urlOf } from '../support/bench.ts'
import { doctor, real } from '../support/doctor.ts'
import { consumerOf } from '../support/store.ts'

const bench = makeBench()

/** An asgi.py with other routes; `websocket` is the application for WebSockets. */
const asgiWith = (websocket: string, name = 'core'): string => `import os
from django.core.asgi import get_asgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "${name}.settings")
http = get_asgi_application()
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path, re_path
from updates.consumers import Updates
application = ProtocolTypeRouter({"http": http, "websocket": ${websocket}})
`

real('no-websocket-route', 'the route has another name', async () => {
  const project = await bench.project({ style: 'plain', route: 'ws/results/' })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('no-websocket-route')
  expect(answer.evidence).toContain('ws/results/')
})

real('no-websocket-route', 'a pattern that begins with a slash, on uvicorn', async () => {
  const project = await bench.project({ style: 'environ', route: '/ws/election-updates/' })
  const server = await bench.serve('uvicorn', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('no-websocket-route')
  expect(answer.evidence).toContain('begins with a slash')
})

real('no-websocket-route', 'no route at all, on hypercorn', async () => {
  const project = await bench.project({ style: 'plain', asgi: asgiWith('AllowedHostsOriginValidator(URLRouter([]))') })
  const server = await bench.serve('hypercorn', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('no-websocket-route')
  expect(answer.evidence).toContain('no WebSocket route at all')
})

real('no-websocket-route', 'a regular expression that asks for more, behind an except of the project', async () => {
  const project = await bench.project({
    style: 'plain',
    asgi: asgiWith('Quiet(URLRouter([re_path(r"^ws/election-updates/(?P<region>\\w+)/$", Updates.as_asgi())]))').replace(
      'application =',
      `class Quiet:
    def __init__(self, inner):
        self.inner = inner
    async def __call__(self, scope, receive, send):
        try:
            await self.inner(scope, receive, send)
        except ValueError:
            await send({"type": "websocket.close", "code": 4004})
application =`,
    ),
  })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('no-websocket-route')
  expect(answer.evidence).toContain('region')
})

real('as-asgi-missing', 'the class itself is in the route', async () => {
  const project = await bench.project({ style: 'plain', asgi: asgiWith('URLRouter([path("ws/election-updates/", Updates)])') })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('as-asgi-missing')
  expect(answer.evidence).toContain('Updates')
})

real('as-asgi-missing', 'the same under a validator, on uvicorn, in a nested router', async () => {
  const project = await bench.project({
    asgi: asgiWith('AllowedHostsOriginValidator(URLRouter([path("ws/", URLRouter([re_path(r"^election-updates/$", Updates)]))]))'),
  })
  const server = await bench.serve('uvicorn', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('as-asgi-missing')
})

test('nested routers, a regular expression with groups, and a class in a route of another path: nothing is wrong', async () => {
  const project = await bench.project({
    style: 'plain',
    asgi: asgiWith(
      'AllowedHostsOriginValidator(URLRouter([path("ws/", URLRouter([re_path(r"^(?P<what>election)-updates/$", Updates.as_asgi()), path("old/", Updates)]))]))',
    ),
  })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBeUndefined()
})

test('a WebSocket application that is no router: nothing is wrong', async () => {
  const project = await bench.project({ style: 'plain', asgi: asgiWith('Updates.as_asgi()') })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBeUndefined()
})

const validated = (inner: string) => asgiWith(`AllowedHostsOriginValidator(${inner})`)
const unwrapped = validated('URLRouter([path("ws/election-updates/", Updates.as_asgi())])')
const auth = 'from channels.auth import AuthMiddleware, AuthMiddlewareStack\nfrom channels.routing'

/** What the consumer reads, the module that has too little around it, and what is said of that. */
const unscoped: readonly (readonly [string, string, string, RegExp])[] = [
  ['user', 'self.user = self.scope["user"]', unwrapped, /scope\["user"\].*no AuthMiddleware.*KeyError: 'user'.*stands OriginValidator/s],
  ['user, by get()', 'name = self.scope.get("user").username', unwrapped, /scope\["user"\].*no AuthMiddleware.*NoneType/s],
  ['session', "self.cart = self.scope['session'].get('cart')", unwrapped, /no SessionMiddleware.*KeyError: 'session'/s],
  ['cookies', 'scope = self.scope\nscope["cookies"]', unwrapped, /no CookieMiddleware.*KeyError: 'cookies'/s],
  [
    'url_route',
    'self.room = self.scope["url_route"]["kwargs"].get("room")',
    validated('AuthMiddlewareStack(Updates.as_asgi())').replace('from channels.routing', auth),
    /no URLRouter.*KeyError: 'url_route'/s,
  ],
  [
    'nothing, and AuthMiddleware wants a session',
    'pass',
    validated('AuthMiddleware(URLRouter([path("ws/election-updates/", Updates.as_asgi())]))').replace('from channels.routing', auth),
    /AuthMiddleware cannot find session in scope/,
  ],
]

for (const [what, reads, asgi, said] of unscoped)
  real('middleware-missing', `the consumer reads ${what}`, async () => {
    const project = await bench.project({ style: 'plain', asgi, consumer: consumerOf(`${reads}\nawait self.accept()`) })
    const server = await bench.serve('daphne', project)
    const answer = await doctor(project.root, { url: urlOf(server.port) })
    expect(answer.id, answer.evidence).toBe('middleware-missing')
    expect(`${answer.diagnosis?.title}\n${answer.evidence}`).toMatch(said)
  })

for (const reads of [
  'self.room = self.scope["url_route"]["kwargs"]["room_name"]',
  'told = self.scope["url_route"]["kwargs"]\ntold["room_name"]',
])
  real('route-parameter-missing', `the route has another name: ${reads.split('\n').at(-1)}`, async () => {
    const project = await bench.project({
      style: 'plain',
      route: 'ws/rooms/<str:room>/',
      consumer: consumerOf(`${reads}\nawait self.accept()`),
    })
    const server = await bench.serve('uvicorn', project)
    const answer = await doctor(project.root, { url: `ws://127.0.0.1:${server.port}/ws/rooms/hall/` })
    expect(answer.id, answer.evidence).toBe('route-parameter-missing')
    expect(`${answer.diagnosis?.title}\n${answer.evidence}`).toMatch(
      /room_name.*which has room.*ws\/rooms\/<str:room>\/ has the parameter room/s,
    )
  })

test.for([
  ['a key of something else', 'known = {}\nknown["user"]\nawait self.accept()'],
  ['a key of something else beside the scope', 'known = {}\nknown["user"] if self.scope else None\nawait self.accept()'],
  ['a dict of the route', '{}["room_name"] if self.scope["url_route"]["kwargs"] is not None else None\nawait self.accept()'],
])('consumer-exception: %s', async ([, body = '']) => {
  const project = await bench.project({ style: 'plain', consumer: consumerOf(body) })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('consumer-exception')
})
