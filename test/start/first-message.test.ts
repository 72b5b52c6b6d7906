/** A socket that is nobody's before its first message says whose it is, as the page's source sends that. */
import { expect, onTestFinished, test } from 'vitest'
import { startCli } from '../support/cli.ts'
import { makeProject, type ProjectOptions } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'

const token = secret()

const consumer = `
import asyncio
from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        self.known = False
        await self.accept()
        self.limit = asyncio.create_task(self.expire())

    async def expire(self):
        await asyncio.sleep(4)
        if not self.known:
            await self.close(code=4401)

    async def disconnect(self, code):
        self.limit.cancel()

    async def receive_json(self, content):
        if content != {"action": "authenticate", "jwt": "${token}"}:
            await self.close(code=4401)
            return
        self.known = True
        await self.channel_layer.group_add("updates", self.channel_name)
        await self.send_json({"type": "welcome"})
`

const page = `const ws = new WebSocket('ws://localhost:8000/ws/election-updates/')
ws.onopen = () => ws.send(JSON.stringify({ action: 'authenticate', jwt: localStorage.getItem('jwt') }))
`

const files = { 'frontend/src/live.js': page }

/** What the run says of its WebSocket for longer than the application waits for the message. */
async function statesOf(
  env: Readonly<Record<string, string>>,
  made: Pick<ProjectOptions, 'consumer' | 'files'> = { consumer, files },
): Promise<{ stdout: string; states: string[] }> {
  const project = await makeProject({ style: 'plain', settings: 'DATABASES = {}\n', ...made })
  onTestFinished(project.remove)
  const port = await freePort('127.0.0.1')
  const cli = startCli(['start', '--port', String(port), '--json', '--no-frontend', '--no-browser'], { cwd: project.root, env })
  await cli.waitFor(/"event":"ready".*\n/)
  // 4401 would come after 4 s: the socket of the proof is kept
  const late = setTimeout(() => cli.child.kill('SIGINT'), 6000)
  onTestFinished(() => clearTimeout(late))
  const { stdout } = await cli.end()
  const events = stdout.split('\n').filter((line) => /"event":"(?:ready|websocket)"/.test(line))
  return { stdout, states: events.flatMap((line) => /"state":"(connected|not-connected|wants-token|refused)"/.exec(line)?.[1] ?? []) }
}

test('with a token it is sent, and the socket stays', { timeout: 60_000 }, async () => {
  const { states, stdout } = await statesOf({ ELECTION_DEV_TOKEN: token })
  expect(states, stdout).toEqual(['connected'])
  expect(stdout).not.toContain(token)
})

test('without one it is never green: the place that sends it is told', { timeout: 60_000 }, async () => {
  const { states, stdout } = await statesOf({})
  expect(new Set(states), stdout).toEqual(new Set(['wants-token']))
  expect(stdout).toContain('token-missing')
  // what is under such a name is masked, a place for it as well
  expect(stdout).toMatch(/frontend\/src\/live\.js:2: \{[^}]*authenticate[^}]*jwt/)
})

test('one that the application refuses is told with its code', { timeout: 60_000, tags: ['slow'] }, async () => {
  const { states, stdout } = await statesOf({ ELECTION_DEV_TOKEN: secret() })
  expect(states, stdout).not.toContain('connected')
  expect(stdout).toContain('4401')
})

test('the key of a device, which no user has and only the consumer tells of', { timeout: 60_000, tags: ['slow'] }, async () => {
  const device = consumer.replace(
    `content != {"action": "authenticate", "jwt": "${token}"}`,
    `content.get("op") != "hello" or content.get("key") != "${token}"`,
  )
  const without = await statesOf({}, { consumer: device })
  expect(new Set(without.states), without.stdout).toEqual(new Set(['wants-token']))
  expect(without.stdout).toMatch(/as its first message; none was sent[^]*consumers\.py:\d+: [^\n]*hello/)
  const { states, stdout } = await statesOf({ ELECTION_DEV_TOKEN: token }, { consumer: device })
  expect(states, stdout).toEqual(['connected'])
})
