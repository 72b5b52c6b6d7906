import { expect, test } from 'vitest'
import { acceptMissing, endsTheProcess, httpOnlyAsgi } from '../support/consumers.ts'
import { doctor, real } from '../support/doctor.ts'
import { ending, urlOf } from '../support/ends.ts'
import { startNginx, passesUpgrade } from '../support/nginx.ts'

const { keep, project, server, quietPort } = ending()

/** The page's heartbeat. */
const pings = { 'frontend/src/live.ts': "setInterval(() => socket.send(JSON.stringify({ type: 'ping' })), 30_000)\n" }

const diesOfSegfault = `import os, signal
from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    async def receive_json(self, content):
        os.kill(os.getpid(), signal.SIGSEGV)
`

real('server-not-running', 'nothing was started', async () => {
  const { root } = await project()
  const port = await quietPort()
  const answer = await doctor(root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('server-not-running')
  expect(answer.evidence).toContain('ECONNREFUSED')
  expect(answer.diagnosis?.remedy.commands).toContainEqual(['election-dev', 'start', '--port', String(port)])
})

real('server-not-running', 'nginx answers, and the backend behind it was not started', async () => {
  const { root } = await project()
  const proxy = keep(await startNginx(`location / { proxy_pass http://127.0.0.1:${await quietPort()}; ${passesUpgrade} }`))
  const answer = await doctor(root, { url: urlOf(proxy.port) })
  expect(answer.id, answer.evidence).toBe('server-not-running')
  expect(answer.evidence).toMatch(/502.*nginx/)
})

real('wsgi-server-on-port', 'runserver without the daphne app', async () => {
  const { root, ...rest } = await project()
  const running = await server('runserver', { root, ...rest })
  const answer = await doctor(root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('wsgi-server-on-port')
  expect(answer.evidence).toContain(`PID ${running.pid}`)
  expect(answer.evidence).toContain('"daphne" is not in INSTALLED_APPS')
})

real('wsgi-server-on-port', 'runserver --noasgi, with the daphne app', async () => {
  const made = await project({ installedApps: ['daphne', 'django.contrib.contenttypes', 'django.contrib.auth', 'channels', 'updates'] })
  const running = await server('runserver', made, { args: ['--noasgi'] })
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('wsgi-server-on-port')
  expect(answer.evidence).toContain('--noasgi')
})

real('wsgi-server-on-port', 'gunicorn with the WSGI application of a package of another name', async () => {
  const made = await project({ package: 'votes', style: 'plain', environment: 'gunicorn' })
  const running = await server('gunicorn', made, { application: 'votes.wsgi' })
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('wsgi-server-on-port')
  expect(answer.evidence).toContain(`PID ${running.pid}`)
  expect(answer.evidence).toContain('votes.wsgi')
})

real('asgi-app-under-wsgi-server', 'gunicorn with the ASGI application and its own worker', async () => {
  const made = await project({ style: 'plain', environment: 'gunicorn' })
  const running = await server('gunicorn', made)
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('asgi-app-under-wsgi-server')
  expect(answer.evidence).toContain(`PID ${running.pid}`)
  expect(answer.evidence).toContain('core.asgi:application')
})

test("gunicorn with uvicorn's worker is healthy", async () => {
  const made = await project({ style: 'plain', environment: 'gunicorn' })
  const running = await server('gunicorn', made, { args: ['-k', 'uvicorn.workers.UvicornWorker'] })
  expect(await doctor(made.root, { url: urlOf(running.port) })).toMatchObject({ ok: true, id: undefined, warnings: [] })
})

real('asgi-app-wrong', 'daphne with the WSGI application', async () => {
  const made = await project()
  const running = await server('daphne', made, { application: 'core.wsgi:application' })
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('asgi-app-wrong')
  expect(answer.evidence).toContain('core.wsgi:application')
  expect(answer.evidence).toContain(`PID ${running.pid}`)
})

real('asgi-app-wrong', 'uvicorn with a name of asgi.py that is the WSGI application', async () => {
  const made = await project({ asgi: 'from core.wsgi import application\n' })
  const running = await server('uvicorn', made, { args: ['--interface', 'asgi3'] })
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('asgi-app-wrong')
})

real('ws-library-missing', 'uvicorn without websockets and wsproto', async () => {
  const made = await project({ style: 'plain', environment: 'uvicornPlain' })
  const running = await server('uvicorn', made, { environment: 'uvicornPlain' })
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('ws-library-missing')
  expect(answer.evidence).toContain(`PID ${running.pid}`)
  expect(answer.diagnosis?.remedy.commands).toContainEqual(['backend/venv/bin/python', '-m', 'pip', 'install', 'uvicorn[standard]'])
})

real('ws-library-missing', 'uvicorn --ws none', async () => {
  const made = await project()
  const running = await server('uvicorn', made, { args: ['--ws', 'none'] })
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('ws-library-missing')
  expect(answer.evidence).toContain('--ws none')
  expect(answer.diagnosis?.remedy.text).toContain('--ws none')
})

for (const kind of ['daphne', 'uvicorn', 'hypercorn'] as const) {
  real('server-suspended', `${kind}, stopped as by Ctrl+Z`, async () => {
    const made = await project()
    const running = await server(kind, made)
    // hypercorn serves from a child
    process.kill(-running.pid, 'SIGSTOP')
    const answer = await doctor(made.root, { url: urlOf(running.port) })
    expect(answer.id, answer.evidence).toBe('server-suspended')
    expect(answer.evidence).toContain(`PID ${running.pid}`)
    expect(answer.diagnosis?.remedy.commands.flat()).toContain(String(running.pid))
  })
}

for (const kind of ['daphne', 'uvicorn'] as const) {
  real('server-crashes', `${kind}: a message ends the process with a segmentation fault`, async () => {
    const made = await project({ files: pings, consumer: diesOfSegfault })
    const running = await server(kind, made)
    const answer = await doctor(made.root, { url: urlOf(running.port) })
    expect(answer.id, answer.evidence).toBe('server-crashes')
    expect(answer.evidence).toContain('ECONNREFUSED')
  })
}

real('server-crashes', 'gunicorn, which starts a new worker for each that dies', async () => {
  const made = await project({ files: pings, consumer: diesOfSegfault, style: 'plain', environment: 'gunicorn' })
  const running = await server('gunicorn', made, { args: ['-k', 'uvicorn.workers.UvicornWorker'] })
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('server-crashes')
  expect(answer.evidence).toContain('Played')
})

real('server-crashes', 'uvicorn --reload, whose parent keeps the port', async () => {
  const made = await project({ files: pings, consumer: diesOfSegfault })
  const running = await server('uvicorn', made, { args: ['--reload'] })
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('server-crashes')
})

real('server-crashes', 'hypercorn: os.abort() at a message, in a project that reads its settings by environ', async () => {
  const made = await project({ files: pings, consumer: endsTheProcess, style: 'environ', package: 'votes' })
  const running = await server('hypercorn', made, { application: 'votes.asgi:application' })
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('server-crashes')
})

real('server-websocket-timeout', 'daphne --websocket_timeout 1, within the time that a socket is held', async () => {
  const made = await project()
  const running = await server('daphne', made, { args: ['--websocket_timeout', '1'] })
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('server-websocket-timeout')
  expect(answer.evidence).toContain('--websocket_timeout 1')
  expect(answer.evidence).toContain(`PID ${running.pid}`)
})

real('server-websocket-timeout', 'daphne --websocket_timeout=30, which no handshake shows', async () => {
  const made = await project()
  const running = await server('daphne', made, { args: ['--websocket_timeout=30'] })
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer.id, answer.evidence).toBe('server-websocket-timeout')
  expect(answer.evidence).toContain('30')
})

test('daphne --websocket_timeout -1, which means never, is healthy', async () => {
  const made = await project()
  const running = await server('daphne', made, { args: ['--websocket_timeout', '-1'] })
  expect(await doctor(made.root, { url: urlOf(running.port) })).toMatchObject({ ok: true, id: undefined })
})

test("neighbours of a wrong server that are the application's own: no WebSocket part, no accept", async () => {
  const plain = await project({ asgi: httpOnlyAsgi })
  const one = await server('daphne', plain)
  expect((await doctor(plain.root, { url: urlOf(one.port) })).id).toBe('http-only-asgi')
  const mute = await project({ consumer: acceptMissing })
  const other = await server('uvicorn', mute)
  expect((await doctor(mute.root, { url: urlOf(other.port) })).id).toBe('accept-missing')
})
