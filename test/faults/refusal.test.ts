/** The WebSocket works, and the application says no by a rule of its own. */
import { expect, test } from 'vitest'
import { askDoctor, doctor, real } from '../support/doctor.ts'
import { ending, urlOf } from '../support/ends.ts'
import { runCli } from '../support/cli.ts'
import { pythonOf, run } from '../support/tools.ts'
import { consumerOf } from '../support/store.ts'
import { guards, migrate, sessionProject } from '../support/session-project.ts'

const { project, server } = ending()

real('session-missing', 'a session is wanted, and the database has no user', async () => {
  const made = await project(sessionProject('database', guards.before))
  await migrate(made)
  const { port } = await server('daphne', made)
  const answer = await doctor(made.root, { url: urlOf(port, '/ws/rota/') })
  expect(answer.id, answer.evidence).toBe('session-missing')
  expect(answer.evidence).toMatch(/Updates closes at updates\/consumers\.py:6: if self\.scope\["user"\]\.is_anonymous/)
})

for (const [there, said, remedy] of [
  [['ada', 'grace'], /Active users: ada, grace/, 'Name one who is there: --user ada.'],
  [[], /no active user at all/, 'Let the setup make a development user: election-dev start --setup, without --user.'],
] as const)
  real('session-missing', `a user is named who is not there, of ${there.length}`, async () => {
    const made = await project(sessionProject('database', guards.before))
    await migrate(made, there)
    const { port } = await server('daphne', made)
    const answer = await doctor(made.root, { args: ['--port', String(port), '--user', 'nobody-such'] })
    expect(answer.id, answer.evidence).toBe('session-missing')
    expect(answer.diagnosis?.title).toMatch(/no active user who is called nobody-such$/)
    expect(answer.evidence).toMatch(said)
    expect(answer.diagnosis?.remedy.text).toBe(remedy)
  })

real('application-refuses', 'who it is, the consumer finds out by itself, and asks for more', async () => {
  const consumer = `from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth.models import User

class Updates(AsyncWebsocketConsumer):
    async def connect(self):
        user = await database_sync_to_async(User.objects.get)(username="usher")
        if not user.is_staff:
            await self.close(code=4403)
        else:
            await self.accept()
`
  const made = await project({ consumer })
  await migrate(made, ['usher'])
  const { port } = await server('uvicorn', made)
  const answer = await doctor(made.root, { url: urlOf(port), token: 'of-no-worth' })
  expect(answer.id, answer.evidence).toBe('application-refuses')
  expect(answer.evidence).toMatch(/4403 at updates\/consumers\.py:9: if not user\.is_staff/)
})

const ofGroup = `from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth.models import Group

class Updates(AsyncWebsocketConsumer):
    async def connect(self):
        found = await database_sync_to_async(Group.objects.filter(pk=self.scope["url_route"]["kwargs"]["group_id"]).first)()
        if found is None:
            await self.close(code=4404)
        else:
            await self.accept()
`

real('row-missing', 'the path names a row of an empty table', async () => {
  const made = await project({ consumer: ofGroup, route: 'ws/groups/<int:group_id>/' })
  await migrate(made)
  const { port } = await server('daphne', made)
  const answer = await doctor(made.root, { url: urlOf(port, '/ws/groups/1/') })
  expect(answer.id, answer.evidence).toBe('row-missing')
  expect(answer.evidence).toMatch(/4404.*auth\.Group/s)
  expect(answer.diagnosis?.remedy.commands).toEqual([['election-dev', 'doctor', '--fix', '--yes', '--url', urlOf(port, '/ws/groups/1/')]])
})

const fixture = (model: string, pk: number) => ({
  'backend/updates/fixtures/halls.json': JSON.stringify([{ model, pk, fields: { name: 'hall' } }]),
})

const withFixture = async () => {
  const made = await project({ consumer: ofGroup, route: 'ws/groups/<int:group_id>/', files: fixture('auth.group', 1) })
  await migrate(made)
  const { port } = await server('daphne', made)
  return { made, url: urlOf(port, '/ws/groups/1/') }
}

real('row-missing', 'a fixture of the project has it', async () => {
  const { made, url } = await withFixture()
  const answer = await doctor(made.root, { url })
  expect(answer.id, answer.evidence).toBe('row-missing')
  expect(answer.evidence).toContain('The fixture backend/updates/fixtures/halls.json has the auth.group 1')
  const [command, ...more] = answer.diagnosis?.remedy.commands ?? []
  expect([command?.slice(1), more]).toEqual([['backend/manage.py', 'loaddata', 'backend/updates/fixtures/halls.json'], []])
})

test('the command that loads a fixture, run as it is printed: all is well', async () => {
  const { made, url } = await withFixture()
  const [[program = '', ...args] = []] = (await askDoctor(made.root, { url })).diagnosis?.remedy.commands ?? []
  await run(program, args, { cwd: made.root })
  const again = await askDoctor(made.root, { url })
  expect(again, again.evidence).toMatchObject({ ok: true, id: undefined })
})

const byName = ofGroup.replace(/filter\(pk=.*?\)\.first\)\(\)/, 'filter(name=self.scope["url_route"]["kwargs"]["room_name"]).first)()')

for (const [what, consumer, route, path, shown] of [
  ['any, at a path that is made up', ofGroup, 'ws/groups/<int:group_id>/', '/ws/groups/1/', "<QuerySet [(1, 'example')]>"],
  ['the one that the path names', byName, 'ws/rooms/<str:room_name>/', '/ws/rooms/lobby/', "<QuerySet [(1, 'lobby')]>"],
] as const)
  test(`the command that makes an example of a row, run as it is printed: ${what}`, async () => {
    const made = await project({ consumer, route })
    await migrate(made)
    const { port } = await server('daphne', made)
    const url = urlOf(port, path)
    const [[program, ...args] = []] = (await askDoctor(made.root, { url })).diagnosis?.remedy.commands ?? []
    expect(program).toBe('election-dev')
    const { stdout, status } = await runCli(args, { cwd: made.root })
    expect(status, stdout).toBe(0)
    const again = await askDoctor(made.root, { url })
    expect(again, again.evidence).toMatchObject({ ok: true, id: undefined })
    const show = 'from django.contrib.auth.models import Group; print(Group.objects.values_list("pk", "name"))'
    const { stdout: rows } = await run(pythonOf('main'), ['manage.py', 'shell', '-c', show], { cwd: made.backend })
    expect(rows.trim().split('\n').at(-1)).toBe(shown)
  })

for (const [what, id, files] of [
  ['a fixture of another model', 7, fixture('updates.hall', 1)],
  ['a fixture without the row that the path names', 7, fixture('auth.group', 1)],
] as const)
  real('row-missing', `${what} is no help`, async () => {
    const made = await project({ consumer: ofGroup, route: 'ws/groups/<int:group_id>/', files })
    await migrate(made)
    const { port } = await server('daphne', made)
    const answer = await doctor(made.root, { url: urlOf(port, `/ws/groups/${id}/`) })
    expect(answer.id, answer.evidence).toBe('row-missing')
    expect(answer.diagnosis?.remedy.commands).toEqual([])
  })

real('row-missing', 'the consumer raises where the row of the path is not there, which is no fault of its code', async () => {
  const consumer = `from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth.models import Group

class Updates(AsyncWebsocketConsumer):
    async def connect(self):
        self.room_name = self.scope["url_route"]["kwargs"]["room_name"]
        self.room = await database_sync_to_async(Group.objects.get)(name=self.room_name)
        await self.accept()
`
  const made = await project({ consumer, route: 'ws/rooms/<str:room_name>/' })
  await migrate(made)
  const { port } = await server('uvicorn', made)
  const answer = await doctor(made.root, { url: urlOf(port, '/ws/rooms/example/') })
  expect(answer.id, answer.evidence).toBe('row-missing')
  expect(answer.evidence).toMatch(/matching query does not exist.*table of auth\.Group is empty, and room_name in .* is made up/s)
})

/** What stands in connect(), the route, and what the refusal may not be called for want of evidence. */
const untold: readonly (readonly [string, string, string, RegExp])[] = [
  [
    'what is not in the query, at a path with a name that is made up',
    'from urllib.parse import parse_qs\nquery = parse_qs(self.scope["query_string"].decode())\nif "client" not in query:\n    await self.close()\nelse:\n    await self.accept()',
    'ws/rooms/<str:room>/',
    /if "client" not in query/,
  ],
  [
    'a query that it does not want, or none',
    'if not self.scope["query_string"]:\n    await self.close()\nelse:\n    await self.accept()',
    'ws/rooms/',
    /if not self\.scope\["query_string"\]/,
  ],
  [
    'a subprotocol, at a path with a name that is made up',
    'wanted = "votes.v" + str(1)\nif wanted not in self.scope["subprotocols"]:\n    await self.close()\nelse:\n    await self.accept(wanted)',
    'ws/rooms/<str:room>/',
    /if wanted not in self\.scope\["subprotocols"\]/,
  ],
  ['nothing: it closes whatever comes', 'await self.close()', 'ws/rooms/', /Updates closes at updates\/consumers\.py:7/],
]

for (const [what, body, route, said] of untold)
  real('application-refuses', what, async () => {
    const made = await project({ consumer: consumerOf(body), route })
    await migrate(made)
    const { port } = await server('daphne', made)
    const answer = await doctor(made.root, { url: urlOf(port, `/${route.replace('<str:room>', 'example')}`) })
    expect(answer.id, answer.evidence).toBe('application-refuses')
    expect(answer.evidence).toMatch(said)
    expect(answer.findings.filter(({ status }) => status === 'fail').map(({ id }) => id)).toEqual(['application-refuses'])
  })

const swallowing = (line: string) => consumerOf(`try:\n    ${line}\n    await self.accept()\nexcept Exception:\n    await self.close()`)

real('consumer-exception', 'the consumer makes a refusal of a fault of its own', async () => {
  const made = await project({ consumer: swallowing('self.limit = {}["limit"]') })
  const { port } = await server('uvicorn', made)
  const answer = await doctor(made.root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('consumer-exception')
  expect(answer.evidence).toMatch(/KeyError: 'limit' {3}updates\/consumers\.py:8.*hides the error behind a refusal/s)
})

real('middleware-missing', 'the consumer makes a refusal of it', async () => {
  const made = await project({ consumer: swallowing('self.user = self.scope["user"]') })
  const { port } = await server('daphne', made)
  const answer = await doctor(made.root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('middleware-missing')
})

real('token-missing', 'a token that is not there is an exception, of which the consumer makes a refusal', async () => {
  const consumer = `from urllib.parse import parse_qs\n${swallowing('self.token = parse_qs(self.scope["query_string"].decode())["token"][0]')}`
  const made = await project({ consumer })
  const { port } = await server('daphne', made)
  const answer = await doctor(made.root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('token-missing')
})
