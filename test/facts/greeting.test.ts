/** The message by which a client says who it is: as a page sends it, and as a consumer's source reads it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { greetingsIn, greetingWith } from '../../src/facts/greeting.ts'
import { pythonOf, root, run } from '../support/tools.ts'

describe('of a page', () => {
  test.each<[source: string, texts: (string | undefined)[]]>([
    ["socket.onopen = () => socket.send(JSON.stringify({ type: 'auth', token: token() }))", ['{"type":"auth","token":"{token}"}']],
    ["ws.send(JSON.stringify({ action: 'authenticate', jwt: store.state.jwt }))", ['{"action":"authenticate","jwt":"{token}"}']],
    ["ws.send(JSON.stringify({ type: 'auth', token }))", ['{"type":"auth","token":"{token}"}']],
    [
      "sendJsonMessage({ event: 'login', payload: { access_token: get('x'), version: 2 } })",
      ['{"event":"login","payload":{"access_token":"{token}","version":2}}'],
    ],
    [
      "const hello = { op: 'identify', d: `Bearer ${accessToken}` }\nws.addEventListener('open', () => ws.send(JSON.stringify(hello)))",
      ['{"op":"identify","d":"Bearer {token}"}'],
    ],
    ["ws.addEventListener('open', () => ws.send(localStorage.token))", ['{token}']],
    ['ws.onopen = () => ws.send(getToken())', ['{token}']],
    [
      'sendMessage(JSON.stringify({\n  "action": "authenticate",\n  jwt: store.state.jwt,\n  version: 2,\n}))',
      ['{"action":"authenticate","jwt":"{token}","version":2}'],
    ],
    [
      "send(JSON.stringify({ type: 'init', payload: { accessToken: getToken(), quiet: true } }))",
      ['{"type":"init","payload":{"accessToken":"{token}","quiet":true}}'],
    ],
    ['socket.send(JSON.stringify({ token: `${token}` }))', ['{"token":"{token}"}']],
    ['socket.send(JSON.stringify({ token: a, jwt: b }))', []],
    ["fetch('/login', { body: JSON.stringify({ token }) })", []],
    ['socket.send(JSON.stringify(message))', []],
    // in every message of a conversation
    ['socket.send(JSON.stringify({ token, text: field.value }))', []],
    // not all of it stands there
    ["ws.send(JSON.stringify({ type: 'auth', token, room: room.id }))", [undefined]],
    ["ws.send(JSON.stringify({ type: 'auth', token, ...extra }))", [undefined]],
    // no message of these says who comes
    ["ws.send(JSON.stringify({ type: 'typing' }))", []],
    ["ws.send(JSON.stringify({ type: 'device', token: push.id }))", []],
    ['button.onclick = () => ws.send(token)', []],
    ['ws.onopen = () => ws.send("hello")', []],
  ])('%s', (source, texts) => {
    expect(greetingsIn(source).map(({ text }) => text)).toEqual(texts)
  })

  test('the token takes its place as JSON has it', () => {
    expect(greetingWith('{"token":"{token}"}', 'a"b')).toBe(String.raw`{"token":"a\"b"}`)
    expect(greetingWith('{token}', 'a"b')).toBe('a"b')
    expect(greetingWith('{token}', 'a$&b')).toBe('a$&b')
  })
})

const program = `
import json, sys
sys.path[:0] = sys.argv[1:]
from django.conf import settings
settings.configure(INSTALLED_APPS=[])
import consumers
from election_dev_inside.greeting import greeting
found = greeting(consumers.Board)
print(json.dumps(found and [found["text"], found["needed"], found["line"]]))
`

describe('of a consumer', () => {
  test.each<[name: string, body: string, found: [string | null, boolean, number] | null]>([
    [
      'compared by its kind, and read elsewhere',
      `async def receive_json(self, content):
        kind = content.get("type")
        if kind != "auth":
            await self.close(code=4401)
            return
        await self.authenticate(content.get("token", ""))
    async def authenticate(self, key):
        pass`,
      ['{"type": "auth", "token": "{token}"}', true, 8],
    ],
    [
      'a key within another, of a consumer that closes nobody',
      `async def receive(self, text_data=None, bytes_data=None):
        data = json.loads(text_data)
        if data["action"] == "authenticate":
            payload = data["payload"]
            self.user = await user_of(payload["jwt"])`,
      ['{"action": "authenticate", "payload": {"jwt": "{token}"}}', false, 7],
    ],
    [
      'a table of what to do',
      `async def receive_json(self, content):
        await {"login": self.login, "move": self.move}[content["op"]](content)
    async def login(self, content):
        if not await user_of(content["access_token"]):
            await self.close()`,
      ['{"op": "login", "access_token": "{token}"}', true, 6],
    ],
    [
      'a bare token',
      `async def receive(self, text_data):
        self.user = await user_of_token(text_data)
        if self.user is None:
            await self.close(code=4401)`,
      ['{token}', true, 4],
    ],
    [
      'alone',
      `async def receive_json(self, content):
        if await user_of(content["token"]) is None:
            await self.close()`,
      ['{"token": "{token}"}', true, 4],
    ],
    [
      'of a kind that nothing tells',
      `async def receive_json(self, content):
        if content["type"] in self.kinds:
            if await user_of(content["token"]) is None:
                await self.close()`,
      [null, true, 5],
    ],
    [
      'beside a user that is known',
      `async def receive_json(self, content):
        if self.scope["user"].is_anonymous and content["type"] == "auth" and not await user_of(content["token"]):
            await self.close()`,
      ['{"type": "auth", "token": "{token}"}', false, 4],
    ],
    [
      'a key, in a message that is a greeting by its name',
      `async def receive_json(self, msg):
        op = msg.get("op")
        if op == "hello":
            self.device = await self.lookup(msg.get("key", ""))
            if self.device is None:
                await self.close(code=4401)
        elif op == "reading":
            await self.store(msg["metric"], msg["value"])`,
      ['{"op": "hello", "key": "{token}"}', true, 6],
    ],
    [
      'a secret, in what is called after the greeting',
      `async def receive_json(self, msg):
        await getattr(self, "on_" + msg["kind"])(msg)
    async def on_identify(self, msg):
        if not await allowed(msg["client_secret"]):
            await self.close()`,
      [null, true, 6],
    ],
    [
      'a password beside a name',
      `async def receive_json(self, msg):
        if msg["type"] == "login" and not await known(msg["username"], msg["password"]):
            await self.close()`,
      [null, true, 4],
    ],
    [
      'a key of a greeting that nobody is sent away for',
      `async def receive_json(self, msg):
        if msg["type"] == "hello":
            self.group = msg["key"]
            await self.channel_layer.group_add(self.group, self.channel_name)
        elif msg["type"] == "bye":
            await self.close()`,
      null,
    ],
    [
      'a key that only has to be there',
      `async def receive_json(self, msg):
        if msg["type"] == "hello":
            self.key = msg.get("key")
            if self.key is None:
                await self.send_json({"error": "which chart?", "key": self.key})
                await self.close(code=4401)`,
      null,
    ],
    [
      'the key of a row that is not there',
      `async def receive_json(self, msg):
        if msg["type"] == "hello":
            self.room = await find(msg["key"])
            if self.room is None:
                await self.close(code=4404)`,
      null,
    ],
    [
      'a key of a greeting that is refused elsewhere',
      `async def receive_json(self, msg):
        if msg["type"] == "hello":
            if not await known(msg["key"]):
                await self.leave(4403)
    async def leave(self, code):
        await self.close(code=code)`,
      ['{"type": "hello", "key": "{token}"}', true, 5],
    ],
    [
      'a key of another message',
      `async def receive_json(self, msg):
        if msg["type"] == "vote" and not await self.count(msg["key"]):
            await self.close()`,
      null,
    ],
    ['what it is made with', 'def __init__(self, **options):\n        self.key = options["key"]', null],
    ['none', 'async def receive_json(self, content):\n        await self.send_json(content["text"])', null],
    ['from the scope', 'async def connect(self):\n        await user_of(self.scope["token"])', null],
  ])('%s', async (_, body, found) => {
    const folder = await mkdtemp(join(tmpdir(), 'election-dev-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'consumers.py'), `import json\nclass Board:\n    ${body}\n`)
    const { stdout } = await run(pythonOf('main'), ['-c', program, join(root, 'src/inside'), folder])
    expect(JSON.parse(stdout)).toEqual(found)
  })
})
