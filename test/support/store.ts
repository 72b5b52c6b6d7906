/** A project that asks for a channel layer's Redis, on a real server, and what the doctor says of it. */
import { expect, onTestFinished } from 'vitest'
import { doctor, type Answer, type Asking } from './doctor.ts'
import { makeProject, type ProjectOptions, type TestProject } from './project.ts'
import { startRedis, type RedisStart, type RunningRedis } from './redis.ts'
import { startProgram, type RunningServer } from './servers.ts'
import { pythonOf } from './tools.ts'

type Asgi = 'daphne' | 'uvicorn' | 'hypercorn'

export interface Served {
  readonly project: TestProject
  readonly server: RunningServer
  /** The WebSocket's URL. */
  readonly url: string
  readonly ask: (asking?: Asking) => Promise<Answer>
}

export interface Serving extends ProjectOptions {
  readonly server?: Asgi
  /** More arguments of the server. */
  readonly args?: readonly string[]
  /** Of the shell that starts the server and asks the doctor. */
  readonly env?: Readonly<Record<string, string>>
}

const argsOf: Readonly<Record<Asgi, (port: number) => readonly string[]>> = {
  daphne: (port) => ['daphne', '-b', '127.0.0.1', '-p', String(port)],
  uvicorn: (port) => ['uvicorn', '--host', '127.0.0.1', '--port', String(port)],
  hypercorn: (port) => ['hypercorn', '--bind', `127.0.0.1:${port}`],
}

/** Starts a server on a project with an environment of its own; it ends with the test. */
export async function serveProject(
  project: TestProject,
  options: Pick<Serving, 'server' | 'args' | 'env' | 'package' | 'environment'> = {},
) {
  const { server = 'daphne', args = [], env = {}, package: name = 'core', environment = 'main' } = options
  const running = await startProgram(
    pythonOf(environment),
    (port) => ['-m', ...argsOf[server](port), ...args, `${name}.asgi:application`],
    {
      cwd: project.backend,
      env,
    },
  )
  onTestFinished(running.stop)
  return running
}

/** The WebSocket of the seed's layout on a port. */
export const urlOf = (port: number, route = 'ws/election-updates/') => `ws://127.0.0.1:${port}/${route}`

/** Makes a project and serves it; both end with the test. */
export async function serve(options: Serving = {}): Promise<Served> {
  const project = await makeProject(options)
  onTestFinished(project.remove)
  const server = await serveProject(project, options)
  const url = urlOf(server.port, options.route)
  return { project, server, url, ask: (asking) => doctor(project.root, { url, ...asking, env: { ...options.env, ...asking?.env } }) }
}

/** The same with settings that lead to a Redis on this port: in `.env`, and in the shell where the project reads no file. */
export async function serveOn(port: number, options: Serving = {}): Promise<Served> {
  const variables = { USE_REDIS_FOR_CHANNELS: 'True', REDIS_PORT: String(port) }
  const isPlain = options.style === 'plain'
  return serve({
    ...options,
    dotenv: [...Object.entries(variables).map(([name, value]) => `${name}=${value}`), ...(options.dotenv ?? [])],
    env: { ...(isPlain ? variables : {}), ...options.env },
  })
}

/** A Redis that ends with the test. */
export async function redis(options: RedisStart = {}): Promise<RunningRedis> {
  const server = await startRedis(options)
  onTestFinished(server.stop)
  return server
}

/** What channels_redis sends, and no more. */
export const layerRules =
  '~asgi* resetchannels +bzpopmin +zpopmin +eval +zadd +expire +zremrangebyscore +zcount +zrange +zrem +del +multi +exec'.split(' ')

/** Refuses whatever goes wrong with its channel layer, as if the token were bad. */
export const hidingConsumer = `
from urllib.parse import parse_qs
from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        import jwt
        from django.conf import settings
        token = parse_qs(self.scope["query_string"].decode()).get("token", [""])[0]
        try:
            jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"])
            await self.channel_layer.group_add("updates", self.channel_name)
        except Exception:
            await self.close()
            return
        await self.accept()
        await self.send_json({"type": "welcome"})

    async def receive_json(self, content):
        if content.get("type") == "ping":
            await self.send_json({"type": "pong"})
`

/** The id, the evidence that tells it from its neighbours, and a remedy; no secret is in any of it. */
export function expectCause(answer: Answer, id: string, ...telling: readonly (string | RegExp)[]): void {
  expect(answer.id, `${answer.evidence}\n${answer.stderr}`).toBe(id)
  for (const part of telling) expect(answer.evidence).toMatch(part)
  expect(answer.diagnosis?.remedy.text).not.toBe('')
}

/** All is well: no cause, no warning. */
export function expectHealthy(answer: Answer): void {
  expect({ id: answer.id, evidence: answer.evidence, warnings: answer.warnings }).toEqual({ id: undefined, evidence: '', warnings: [] })
  expect(answer).toMatchObject({ ok: true, status: 0 })
}

/** A consumer whose connect() is this, and that answers pings. */
export function consumerOf(connect: string): string {
  return `
import asyncio
from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
${connect.replaceAll(/^/gm, '        ')}

    async def receive_json(self, content):
        if content.get("type") == "ping":
            await self.send_json({"type": "pong"})
`
}
