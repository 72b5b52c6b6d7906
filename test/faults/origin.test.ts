import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { pyjwtConsumer } from '../support/consumers.ts'
import { doctor, real } from '../support/doctor.ts'
import { ending, urlOf } from '../support/ends.ts'
import { listening } from '../support/node-servers.ts'

const { keep, project, server } = ending()
/** What asks for the Host, as every project has it. */
const common = 'MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]'

for (const kind of ['daphne', 'uvicorn', 'hypercorn'] as const) {
  real('origin-rejected', `${kind}: the page's host is not in ALLOWED_HOSTS`, async () => {
    const made = await project()
    const running = await server(kind, made)
    const answer = await doctor(made.root, { url: urlOf(running.port), origin: 'http://votes.example:3000' })
    expect(answer.id, answer.evidence).toBe('origin-rejected')
    expect(answer.evidence).toContain('An unknown path got 403')
    expect(answer.diagnosis?.remedy.text).toContain('votes.example')
  })
}

real('origin-rejected', 'ALLOWED_HOSTS has no host of this machine: no token, and no list of its own, is spoken of', async () => {
  const made = await project({ style: 'plain', settings: 'ALLOWED_HOSTS = ["votes.example"]' })
  const running = await server('daphne', made)
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('origin-rejected')
  expect(answer.evidence).toContain('ALLOWED_HOSTS is votes.example')
  expect(answer.diagnosis?.remedy.text).toBe('Add 127.0.0.1 to ALLOWED_HOSTS.')
  expect(answer.findings.filter(({ status }) => status === 'fail').map(({ id }) => id)).toEqual(['origin-rejected'])
})

real('origin-rejected', 'the Origin null of a page from a file', async () => {
  const made = await project({ style: 'plain', package: 'votes' })
  const running = await server('daphne', made, { application: 'votes.asgi:application' })
  const answer = await doctor(made.root, { url: urlOf(running.port), origin: 'null' })
  expect(answer.id, answer.evidence).toBe('origin-rejected')
  expect(answer.diagnosis?.remedy.text).toContain('file://')
})

const unguarded = `import os
from django.core.asgi import get_asgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
http = get_asgi_application()
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path
from updates.consumers import Updates
application = ProtocolTypeRouter({"http": http, "websocket": URLRouter([path("ws/election-updates/", Updates.as_asgi())])})
`

const validator = (origins: string) => `import os
from django.core.asgi import get_asgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
http = get_asgi_application()
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.urls import path
from updates.consumers import Updates
application = ProtocolTypeRouter({"http": http, "websocket": OriginValidator(URLRouter([path("ws/election-updates/", Updates.as_asgi())]), ${origins})})
`

real('origin-rejected', 'an OriginValidator that allows the port of another frontend', async () => {
  const made = await project({ asgi: validator('["http://localhost:3000"]') })
  const running = await server('uvicorn', made)
  const answer = await doctor(made.root, { url: urlOf(running.port), origin: 'http://localhost:5173' })
  expect(answer.id, answer.evidence).toBe('origin-rejected')
  expect(answer.evidence).toContain('http://localhost:3000')
  expect(answer.diagnosis?.remedy.text).toBe('Add "http://localhost:5173" to the list passed to OriginValidator in the ASGI application.')
})

test('a token that is wanted as well: the Origin comes first, and a good Origin shows the token', async () => {
  const made = await project({ consumer: pyjwtConsumer })
  const running = await server('daphne', made)
  expect((await doctor(made.root, { url: urlOf(running.port), origin: 'http://votes.example' })).id).toBe('origin-rejected')
  expect((await doctor(made.root, { url: urlOf(running.port), origin: 'http://localhost:3000' })).id).toBe('token-missing')
})

for (const kind of ['daphne', 'uvicorn', 'hypercorn'] as const) {
  real('origin-missing', `${kind}: the client is no browser and sends none`, async () => {
    const made = await project(kind === 'uvicorn' ? { consumer: pyjwtConsumer } : {})
    const running = await server(kind, made)
    const answer = await doctor(made.root, { url: urlOf(running.port), origin: 'none' })
    expect(answer.id, answer.evidence).toBe('origin-missing')
    expect(answer.evidence).toContain('No Origin was sent')
    expect(answer.evidence).toMatch(/The Origin http:\/\/127\.0\.0\.1:\d+ got (?:500|404)/)
  })
}

test('a backend that asks for no Origin is healthy without one', async () => {
  const made = await project({ asgi: unguarded })
  const running = await server('daphne', made)
  expect(await doctor(made.root, { url: urlOf(running.port), origin: 'none' })).toMatchObject({ ok: true, id: undefined })
})

for (const kind of ['daphne', 'uvicorn', 'hypercorn'] as const) {
  real('allowed-hosts', `${kind}: ALLOWED_HOSTS lacks the host of the URL`, async () => {
    const made = await project({ settings: `${common}\nALLOWED_HOSTS = ["votes.example"]` })
    const running = await server(kind, made)
    const answer = await doctor(made.root, { url: urlOf(running.port) })
    expect(answer.id, answer.evidence).toBe('allowed-hosts')
    expect(answer.evidence).toContain('ALLOWED_HOSTS is votes.example')
  })
}

real('allowed-hosts', 'values with a scheme: the socket is 101, and every page 400', async () => {
  const made = await project({
    settings: `${common}\nALLOWED_HOSTS = config("ALLOWED_HOSTS", default="").split(",")`,
    dotenv: ['ALLOWED_HOSTS=http://localhost:5173,http://127.0.0.1:5173'],
  })
  const running = await server('daphne', made)
  const answer = await doctor(made.root, { url: urlOf(running.port), origin: 'http://localhost:5173' })
  expect(answer.id, answer.evidence).toBe('allowed-hosts')
  expect(answer.evidence).toContain('http://localhost:5173')
  expect(answer.evidence).toContain('.env:3')
})

real('allowed-hosts', 'empty without DEBUG', async () => {
  const made = await project({ style: 'plain', settings: `${common}\nDEBUG = False\nALLOWED_HOSTS = []` })
  const running = await server('uvicorn', made)
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('allowed-hosts')
  expect(answer.evidence).toContain('ALLOWED_HOSTS is empty')
})

test('hosts that Django takes are healthy: *, none with DEBUG', async () => {
  for (const hosts of ['["*"]', '[]']) {
    const made = await project({ settings: `${common}\nALLOWED_HOSTS = ${hosts}` })
    const running = await server('daphne', made)
    expect(await doctor(made.root, { url: urlOf(running.port) })).toMatchObject({ ok: true, id: undefined })
  }
})

test('a program that refuses everything with 403 is no backend that refuses an Origin (a Node stand-in)', async () => {
  const made = await project()
  const port = await listening(
    keep,
    createServer((_, response) => response.writeHead(403).end('Blocked request.')),
  )
  expect((await doctor(made.root, { url: urlOf(port) })).id).toBe('port-in-use')
})
