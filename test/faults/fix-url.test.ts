import { readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect } from 'vitest'
import { doctor, real } from '../support/doctor.ts'
import { fix, ownFiles, undo } from '../support/fix.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { startProgram, startServer, type RunningServer } from '../support/servers.ts'
import { basePython } from '../support/tools.ts'

let project: TestProject | undefined
const servers: RunningServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
  await project?.remove()
  project = undefined
})

const path = '/ws/election-updates/'
const page = (url: string) => ({ 'frontend/src/socket.js': `// the updates\nexport const socket = new WebSocket("${url}")\n` })

/** The file is corrected, the right URL is healthy in the same run, and `--undo` restores it. */
async function corrects(id: string, made: TestProject, server: RunningServer, url: string, right: string, yes = false): Promise<void> {
  project = made
  servers.push(server)
  const before = await ownFiles(made.root)
  const answer = await fix(made.root, { url, yes })
  expect(answer.made[0], `${answer.evidence} ${JSON.stringify(answer.made)}`).toMatchObject({
    id,
    kind: 'edit',
    outcome: 'done',
    file: 'frontend/src/socket.js',
  })
  expect(await readFile(join(made.root, 'frontend/src/socket.js'), 'utf8')).toBe(
    `// the updates\nexport const socket = new WebSocket("${right}")\n`,
  )
  expect(answer.state, answer.evidence).toBe('healthy')
  expect((await doctor(made.root, { url: right })).state).toBe('healthy')
  expect((await undo(made.root)).status).toBe(0)
  expect(await ownFiles(made.root)).toEqual(before)
}

real('wrong-frontend-port', 'the page gets the port that the backend listens on', async () => {
  const wrong = await freePort('127.0.0.1')
  const url = `ws://localhost:${wrong}${path}`
  const made = await makeProject({ files: page(url) })
  const server = await startServer('daphne', made)
  await corrects('wrong-frontend-port', made, server, url, `ws://localhost:${server.port}${path}`)
})

real('trailing-slash-missing', 'the page gets the slash', async () => {
  const port = await freePort('127.0.0.1')
  const url = `ws://127.0.0.1:${port}/ws/election-updates`
  const made = await makeProject({ files: page(url) })
  await corrects('trailing-slash-missing', made, await startServer('daphne', made, { port }), url, `${url}/`)
})

real('wss-vs-ws', 'the page gets ws://', async () => {
  const port = await freePort('127.0.0.1')
  const url = `wss://127.0.0.1:${port}${path}`
  const made = await makeProject({ files: page(url) })
  await corrects('wss-vs-ws', made, await startServer('uvicorn', made, { port }), url, url.replace('wss', 'ws'))
})

real('trailing-slash-missing', 'no file has the URL: the right one is said', async () => {
  project = await makeProject()
  const server = await startServer('daphne', project)
  servers.push(server)
  const answer = await fix(project.root, { url: `ws://127.0.0.1:${server.port}/ws/election-updates` })
  expect(answer.made).toMatchObject([
    { id: 'trailing-slash-missing', outcome: 'refused', problem: expect.stringContaining(`ws://127.0.0.1:${server.port}${path}`) },
  ])
})

if (Object.values(networkInterfaces()).some((entries) => entries?.some(({ address }) => address === '::1'))) {
  real('ipv6-localhost', 'the page gets the address that the backend listens on', async () => {
    const port = await freePort('127.0.0.1')
    const url = `ws://localhost:${port}${path}`
    const made = await makeProject({ files: page(url) })
    const server = await startServer('daphne', made, { port })
    servers.push(
      await startProgram(basePython(), (at) => ['-m', 'http.server', '--bind', '::1', String(at)], { cwd: '/', host: '::1', port }),
    )
    await corrects('ipv6-localhost', made, server, url, `ws://127.0.0.1:${port}${path}`, true)
  })
}

real(
  'secret-key-changes',
  'a fixed key in .env, read in the style of the project',
  async () => {
    for (const style of ['decouple', 'environ', 'plain'] as const) {
      const made = await makeProject({
        style,
        consumer: tokenConsumer,
        settings: 'from django.core.management.utils import get_random_secret_key\nSECRET_KEY = get_random_secret_key()',
        hasDotenv: style !== 'plain',
      })
      try {
        const server = await startServer('daphne', made)
        try {
          const token = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyIjo3LCJleHAiOjQxMDI0NDQ4MDB9.c2lnbmF0dXJlLW9mLWFub3RoZXIta2V5'
          const answer = await fix(made.root, { url: `ws://127.0.0.1:${server.port}${path}`, token, yes: false })
          expect(answer.made[0], `${answer.id} ${answer.evidence}`).toMatchObject({
            id: 'secret-key-changes',
            kind: 'edit',
            outcome: 'done',
          })
          const settings = await readFile(join(made.backend, 'core', 'settings.py'), 'utf8')
          const wanted = {
            decouple: 'SECRET_KEY = config("SECRET_KEY")',
            environ: 'SECRET_KEY = env("SECRET_KEY")',
            plain: 'os.environ.get("SECRET_KEY", "django-insecure-',
          }
          expect(settings).toContain(wanted[style])
          const again = await doctor(made.root, { url: `ws://127.0.0.1:${server.port}${path}`, token })
          expect(again.id, again.evidence).not.toBe('secret-key-changes')
          expect((await undo(made.root)).status).toBe(0)
          expect(await readFile(join(made.backend, 'core', 'settings.py'), 'utf8')).toContain('SECRET_KEY = get_random_secret_key()')
        } finally {
          await server.stop()
        }
      } finally {
        await made.remove()
      }
    }
  },
  90_000,
)

/** Refuses every token that isn't signed with the key. */
const tokenConsumer = `
from urllib.parse import parse_qs
import jwt
from django.conf import settings
from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        token = parse_qs(self.scope["query_string"].decode()).get("token", [""])[0]
        try:
            jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"])
        except jwt.PyJWTError:
            await self.close(code=4001)
            return
        await self.accept()
`
