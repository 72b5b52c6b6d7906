/** What a consumer does to a socket: real consumers with one fault each, on real servers. */
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { acceptMissing, blocks, raisesAfterAccept, raisesBeforeAccept, raisesOnPing, silentConsumer } from '../support/consumers.ts'
import { real } from '../support/doctor.ts'
import { consumerOf, expectCause, expectHealthy, serve } from '../support/store.ts'

real('consumer-exception', 'connect() raises before accept, daphne', async () => {
  const { ask } = await serve({ consumer: raisesBeforeAccept })
  expectCause(await ask(), 'consumer-exception', 'ValueError: no such election', 'updates/consumers.py:6, in connect', '500')
})

real('consumer-exception', 'connect() raises after accept, hypercorn, a package other than core', async () => {
  const { ask } = await serve({ server: 'hypercorn', package: 'backoffice', style: 'environ', consumer: raisesAfterAccept })
  expectCause(
    await ask(),
    'consumer-exception',
    'ValueError: no such election',
    'updates/consumers.py:7, in connect',
    /^101, and the socket/,
  )
})

/** The page's heartbeat. */
const pings = { 'frontend/src/live.ts': "setInterval(() => socket.send(JSON.stringify({ type: 'ping' })), 30_000)\n" }

real('consumer-exception', "it dies of the page's ping, uvicorn", async () => {
  const { ask } = await serve({ server: 'uvicorn', consumer: raisesOnPing, files: pings })
  expectCause(await ask(), 'consumer-exception', "KeyError: 'election'", 'updates/consumers.py:9, in receive_json', '{"type":"ping"}')
})

real('consumer-exception', 'a line of a module beside the consumer, in a thread', async () => {
  const consumer = `
from channels.generic.websocket import JsonWebsocketConsumer
from updates.tally import tally

class Updates(JsonWebsocketConsumer):
    def connect(self):
        self.accept()
        self.send_json(tally([]))
`
  const files = { 'backend/updates/tally.py': 'def tally(votes):\n    return {"share": votes.count(1) / len(votes)}\n' }
  const { ask } = await serve({ consumer, files, style: 'plain' })
  expectCause(await ask(), 'consumer-exception', 'ZeroDivisionError', 'updates/tally.py:2, in tally')
})

real('accept-missing', 'connect() ends without accept or close, daphne', async () => {
  const { ask } = await serve({ consumer: acceptMissing })
  expectCause(await ask(), 'accept-missing', 'connect() returned after', 'nothing was sent')
})

real('accept-missing', 'accept() without await, uvicorn', async () => {
  const { ask } = await serve({ server: 'uvicorn', consumer: consumerOf('self.accept()') })
  expectCause(await ask(), 'accept-missing', 'connect() returned after', 'nothing was sent')
})

real('connect-too-slow', 'connect() waits longer than daphne does', async () => {
  const { ask } = await serve({ consumer: consumerOf('await asyncio.sleep(30)\nawait self.accept()') })
  expectCause(await ask(), 'connect-too-slow', 'connect() still ran', 'It waits at updates/consumers.py:7, in connect')
})

real('connect-too-slow', 'in a thread, hypercorn', async () => {
  const consumer = `
import time
from channels.generic.websocket import JsonWebsocketConsumer

class Updates(JsonWebsocketConsumer):
    def connect(self):
        time.sleep(30)
        self.accept()
`
  const { ask } = await serve({ server: 'hypercorn', consumer })
  expectCause(await ask(), 'connect-too-slow', 'connect() still ran', 'updates/consumers.py:7, in connect')
})

real('connect-never-returns', 'a loop in connect(), daphne', async () => {
  const { ask } = await serve({
    consumer: consumerOf('await self.accept()\nwhile True:\n    await self.send_json({})\n    await asyncio.sleep(1)'),
  })
  const answer = await ask()
  expectCause(answer, 'connect-never-returns', /^2\.5 s after accept\(\).*connect\(\) was still at updates\/consumers\.py:\d+, in connect$/)
  expect(answer.warnings).not.toContain('ping-unanswered')
})

const synchronous = `
import time
from channels.generic.websocket import JsonWebsocketConsumer

class Updates(JsonWebsocketConsumer):
    def receive_json(self, content):
        if content.get("type") == "count":
            time.sleep(12)
        if content.get("type") == "ping":
            self.send_json({"type": "pong"})
`

real('sync-consumer-blocks', 'a synchronous consumer that is busy with what another socket has sent, daphne', async () => {
  const { ask, url } = await serve({ consumer: synchronous, style: 'plain' })
  const other = new WebSocket(url, { origin: new URL('/', url.replace('ws', 'http')).origin })
  onTestFinished(() => other.terminate())
  await once(other, 'open')
  other.send('{"type":"count"}')
  expectCause(await ask(), 'sync-consumer-blocks', 'ECONNRESET', /Played alone, connect\(\) of Updates accepts after \d+ ms/)
})

real('sync-consumer-blocks', 'a synchronous consumer that works on after it has accepted, uvicorn', async () => {
  const consumer = synchronous.replace(
    '    def receive_json',
    '    def connect(self):\n        self.accept()\n        time.sleep(12)\n\n    def receive_json',
  )
  const { ask } = await serve({ consumer, server: 'uvicorn', style: 'plain' })
  expectCause(await ask(), 'sync-consumer-blocks', /connect\(\) was still at updates\/consumers\.py:8, in connect/)
})

real('sync-consumer-blocks', 'time.sleep() in an async connect(), daphne', async () => {
  const { ask } = await serve({ consumer: blocks })
  expectCause(await ask(), 'sync-consumer-blocks', 'updates/consumers.py:6, in connect', /event loop stood still for \d+ s/)
})

real('sync-consumer-blocks', 'a socket without a time limit, uvicorn', async () => {
  const body = `import socket
here = socket.create_server(("127.0.0.1", 0))
socket.create_connection(here.getsockname()).recv(1)
await self.accept()`
  const { ask } = await serve({ server: 'uvicorn', consumer: consumerOf(body), style: 'environ' })
  expectCause(await ask(), 'sync-consumer-blocks', 'updates/consumers.py:9, in connect')
})

real('ping-unanswered', 'a consumer that passes over every message: a warning, and all is well', async () => {
  const { ask } = await serve({ consumer: silentConsumer, files: pings })
  const answer = await ask()
  expect(answer).toMatchObject({ ok: true, status: 0, warnings: ['ping-unanswered'] })
  expect(answer.findings.find(({ id }) => id === 'ping-unanswered')?.evidence?.join()).toContain('no pong came back')
})

real('message-too-big', "uvicorn's --ws-max-size is under the page's ping", async () => {
  const { server, ask } = await serve({ server: 'uvicorn', args: ['--ws-max-size', '10'] })
  expectCause(await ask(), 'message-too-big', '1009', `uvicorn (PID ${server.pid})`, '--ws-max-size 10')
})

real('message-too-big', 'a limit that the ping is under and a longer message is over: a warning', async () => {
  const { server, ask } = await serve({ server: 'uvicorn', args: ['--ws-max-size', '1000'] })
  const answer = await ask()
  expect(answer).toMatchObject({ ok: true, warnings: ['message-too-big'] })
  expect(answer.findings.find(({ id }) => id === 'message-too-big')?.evidence?.join()).toContain(`PID ${server.pid}`)
})

const page = { args: ['--subprotocol', 'votes.v1'] }

real('subprotocol-mismatch', 'the page offers one, and the consumer picks none', async () => {
  const { ask } = await serve()
  expectCause(await ask(page), 'subprotocol-mismatch', 'Server sent no subprotocol')
})

real('subprotocol-mismatch', 'the consumer picks one that was not offered, daphne', async () => {
  const { ask } = await serve({ consumer: consumerOf('await self.accept(subprotocol="votes.v2")') })
  expectCause(await ask(page), 'subprotocol-mismatch', 'accept(subprotocol="votes.v2"); the page offers votes.v1')
})

real('subprotocol-mismatch', 'the consumer picks one where the page offers none, hypercorn', async () => {
  const { ask } = await serve({ server: 'hypercorn', consumer: consumerOf('await self.accept(subprotocol="votes.v2")') })
  expectCause(await ask(), 'subprotocol-mismatch', /votes\.v2|subprotocol/)
})

test('healthy: the subprotocol that the page offers', async () => {
  const { ask } = await serve({ consumer: consumerOf('await self.accept(subprotocol=self.scope["subprotocols"][0])') })
  expectHealthy(await ask(page))
})

test('healthy: connect() takes two seconds', async () => {
  const { ask } = await serve({ consumer: consumerOf('await asyncio.sleep(2)\nawait self.accept()') })
  expectHealthy(await ask())
})

test('healthy: a consumer in a thread, and one on the bare interface', async () => {
  const threaded = `
from channels.generic.websocket import JsonWebsocketConsumer

class Updates(JsonWebsocketConsumer):
    groups = ["updates"]

    def receive_json(self, content):
        self.send_json({"type": "pong"})
`
  const bare = `
from channels.consumer import AsyncConsumer

class Updates(AsyncConsumer):
    async def websocket_connect(self, event):
        await self.send({"type": "websocket.accept"})

    async def websocket_receive(self, event):
        await self.send({"type": "websocket.send", "text": '{"type": "pong"}'})
`
  for (const consumer of [threaded, bare]) {
    const { ask } = await serve({ consumer })
    expectHealthy(await ask())
  }
})
