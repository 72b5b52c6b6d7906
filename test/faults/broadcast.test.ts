/** Broadcasts that a sound socket doesn't show until one is sent: read by the doctor, or seen by `start` as the page sends. */
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { startCli } from '../support/cli.ts'
import { askDoctor, real } from '../support/doctor.ts'
import { makeProject, openConsumer, type ProjectOptions } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { consumerOf, expectCause, expectHealthy, redis, serve, urlOf } from '../support/store.ts'

const sender = (group: string, type: string, head = '') => ({
  'backend/updates/announce.py': `from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
${head}
def announce(result):
    async_to_sync(get_channel_layer().group_send)(${group}, {"type": ${type}, "result": result})
`,
})

const withHandler = `${openConsumer}
    async def election_update(self, event):
        await self.send_json(event)
`

real('broadcast-handler-missing', 'a type that no method handles, read from the sources', async () => {
  const { ask } = await serve({ files: sender('"updates"', '"election.update"') })
  const answer = await ask()
  expectCause(
    answer,
    'broadcast-handler-missing',
    'updates/announce.py:5 sends type "election.update" to the group updates',
    'election_update',
  )
  expect(answer.diagnosis?.remedy.text).toContain('async def election_update(self, event)')
})

real('broadcast-handler-missing', 'names from the settings and a constant, uvicorn, environ', async () => {
  const { ask } = await serve({
    server: 'uvicorn',
    style: 'environ',
    settings: 'GROUP = "updates"',
    files: sender('settings.GROUP', 'TYPE', 'from django.conf import settings\n\nTYPE = "tally_changed"\n'),
  })
  expectCause(await ask(), 'broadcast-handler-missing', '"tally_changed"', 'has no method tally_changed')
})

real('group-name-mismatch', 'the sender sends to another group than the sockets join', async () => {
  const { ask } = await serve({ consumer: withHandler, files: sender('"election-updates"', '"election.update"') })
  expectCause(
    await ask(),
    'group-name-mismatch',
    'updates/announce.py:5 sends to "election-updates"',
    'updates/consumers.py:6 joins "updates"',
  )
})

real('group-name-mismatch', 'a constant of the class against a constant of the sender, hypercorn', async () => {
  const consumer = withHandler
    .replace('    async def connect', '    GROUP = "results"\n\n    async def connect')
    .replace('"updates"', 'self.GROUP')
  const { ask } = await serve({ server: 'hypercorn', consumer, files: sender('GROUP', '"election.update"', '\nGROUP = "result"\n') })
  expectCause(await ask(), 'group-name-mismatch', 'sends to "result"', 'joins "results"')
})

real('group-name-invalid', 'the consumer joins a group with a space in its name', async () => {
  const { ask } = await serve({ consumer: openConsumer.replace('"updates"', '"election updates"') })
  expectCause(await ask(), 'group-name-invalid', /Group name must be a valid unicode string/, 'updates/consumers.py:6, in connect')
})

real('group-name-invalid', 'the sender alone has it: sockets are fine', async () => {
  const { ask } = await serve({ server: 'uvicorn', consumer: withHandler, files: sender('"election:updates"', '"election.update"') })
  expectCause(await ask(), 'group-name-invalid', 'updates/announce.py:5 uses the group "election:updates"')
})

/** What the page makes of the socket by one message. */
const asked = `${openConsumer}
        if content.get("type") == "announce":
            from decimal import Decimal
            await self.channel_layer.group_send("updates", {"type": "election.update", "share": Decimal("0.5")})

    async def election_update(self, event):
        await self.send_json({"type": "update"})
`

/** The same, and no method handles what it sends. */
const unhandled = asked.replace('"type": "election.update"', '"type": "election.moved"').replace('Decimal("0.5")', 'str(Decimal("0.5"))')

/** Starts the launcher on a project, sends what a page would, and gives the line that names the cause; the doctor has no other. */
async function started(message: string, options: ProjectOptions, args: readonly string[] = []): Promise<string> {
  const project = await makeProject({ consumer: asked, ...options, settings: `DATABASES = {}\n${options.settings ?? ''}` })
  onTestFinished(project.remove)
  const port = await freePort('127.0.0.1')
  const cli = startCli(['start', '--port', String(port), ...args], { cwd: project.root })
  onTestFinished(async () => {
    await cli.end('SIGTERM')
  })
  await cli.waitFor(/● connected/)
  const socket = new WebSocket(urlOf(port), { origin: `http://127.0.0.1:${port}` })
  socket.on('error', () => {})
  await once(socket, 'open')
  socket.send(message)
  await once(socket, 'close')
  const [line] = await cli.waitFor(/ {2}! .*\n/)
  const { id } = await askDoctor(project.root, { url: urlOf(port), readOnly: false })
  if (id !== undefined) expect(line).toContain(id)
  return line
}

const onRedis = async (): Promise<ProjectOptions> => ({
  dotenv: ['USE_REDIS_FOR_CHANNELS=True', `REDIS_PORT=${(await redis()).port}`],
})

real('broadcast-not-serialisable', 'a Decimal in a message over Redis, start', async () => {
  const line = await started('{"type":"announce"}', await onRedis())
  expect(line).toMatch(/can.?not serialize '?decimal\.Decimal'? object.*updates\/consumers\.py:\d+.* broadcast-not-serialisable\n/)
})

real('client-sends-non-json', 'the page sends bare text, start, daphne', async () => {
  const line = await started('hello', {})
  expect(line).toMatch(/JSONDecodeError: Expecting value: line 1 column 1 \(char 0\).* client-sends-non-json\n/)
})

real('client-sends-non-json', 'the page sends [object Object], start, hypercorn, environ', async () => {
  const line = await started('[object Object]', { style: 'environ' }, ['--server', 'hypercorn'])
  expect(line).toMatch(/JSONDecodeError.* client-sends-non-json\n/)
})

real('broadcast-handler-missing', 'a type that only the page brings up, start, uvicorn', async () => {
  const line = await started('{"type":"announce"}', { ...(await onRedis()), consumer: unhandled }, ['--server', 'uvicorn'])
  expect(line).toMatch(/No handler for message type election\.moved.* broadcast-handler-missing\n/)
})

test('healthy: sender and consumer share names that only running code knows', async () => {
  const consumer = withHandler.replace('"updates"', "f\"updates.{self.scope['path'].count('/')}\"")
  const { ask } = await serve({ consumer, files: sender('f"updates.{len(result)}"', '"election.update"') })
  expectHealthy(await ask())
})

test('healthy: several consumers, each with groups and senders of its own', async () => {
  const files = {
    ...sender('"updates"', '"election.update"'),
    'backend/updates/chat.py': `from channels.generic.websocket import AsyncWebsocketConsumer

class Chat(AsyncWebsocketConsumer):
    async def connect(self):
        await self.channel_layer.group_add("chat", self.channel_name)
        await self.accept()

    async def chat_message(self, event):
        await self.send(event["text"])

    async def receive(self, text_data=None, bytes_data=None):
        await self.channel_layer.group_send("chat", {"type": "chat.message", "text": text_data})
`,
  }
  const { ask } = await serve({ consumer: withHandler, files })
  expectHealthy(await ask())
})

test('healthy: a Decimal that the consumer converts', async () => {
  const { ask } = await serve({
    ...(await onRedis()),
    consumer: consumerOf('await self.accept()\nfrom decimal import Decimal\nawait self.send_json({"share": str(Decimal("0.5"))})'),
  })
  expectHealthy(await ask())
})
