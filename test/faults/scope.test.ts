/** The scope: what the consumer reads of it, and what the middleware and the route around it put there. */
import { expect, test } from 'vitest'
import { asgiWith } from '../support/asgi.ts'
import { makeBench, urlOf } from '../support/bench.ts'
import { doctor, real } from '../support/doctor.ts'
import { consumerOf } from '../support/store.ts'

const bench = makeBench()

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
