/** Routing: the server speaks WebSocket, and not on the page's path. */
import { expect, test } from 'vitest'
import { asgiWith } from '../support/asgi.ts'
import { makeBench, urlOf } from '../support/bench.ts'
import { doctor, real } from '../support/doctor.ts'

const bench = makeBench()

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
