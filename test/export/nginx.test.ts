/**
 * The exported nginx file for real: nginx asks a name server for the replicas,
 * as it asks Docker's, and a message sent at one reaches the sockets of the other.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { runCli } from '../support/cli.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort, startRedis, until, type RunningRedis } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'
import { startProgram, type RunningServer } from '../support/servers.ts'
import { nginx, pythonOf } from '../support/tools.ts'

/** Says at which address it is served, and passes on to all of its group what it is sent. */
const consumer = `
import os
from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await self.channel_layer.group_add("updates", self.channel_name)
        await self.accept()
        headers = {name.decode(): value.decode() for name, value in self.scope["headers"]}
        await self.send_json({"at": os.environ["AT"], "host": headers.get("host"), "proto": headers.get("x-forwarded-proto")})

    async def receive_json(self, content):
        await self.channel_layer.group_send("updates", {"type": "vote", "number": content["number"]})

    async def vote(self, event):
        await self.send_json({"number": event["number"]})
`

const places = ['127.0.0.1', '127.0.0.2'] as const
const count = 100

let project: TestProject
let redis: RunningRedis
let names: Socket
let resolver: string
const password = secret()
const running: { stop: () => Promise<void> }[] = []

beforeAll(async () => {
  project = await makeProject({ consumer, files: { 'backend/requirements.txt': 'Django\nchannels\ndaphne\nchannels-redis\n' } })
  redis = await startRedis({ config: [`requirepass ${password}`], password })
  names = createSocket('udp4')
  names.on('message', (question, { port, address }) => names.send(answer(question), port, address))
  names.bind(0, '127.0.0.1')
  await once(names, 'listening')
  resolver = `127.0.0.1:${names.address().port}`
})

afterAll(async () => {
  for (const one of running.toReversed()) await one.stop()
  names.close()
  await redis.stop()
  await project.remove()
})

/** What a name server says of any name: both places, valid for a second (RFC 1035, 4.1). Of IPv6 it knows nothing. */
function answer(question: Buffer): Buffer {
  const end = question.indexOf(0, 12) + 5
  const asked = question.subarray(12, end)
  const isIpv4 = question.readUInt16BE(end - 4) === 1
  const head = Buffer.from(question.subarray(0, 12))
  head.writeUInt16BE(0x8180, 2)
  head.writeUInt16BE(isIpv4 ? places.length : 0, 6)
  head.writeUInt16BE(0, 8)
  head.writeUInt16BE(0, 10)
  const records = places.map((place) => Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...place.split('.').map(Number)]))
  return Buffer.concat([head, asked, ...(isIpv4 ? records : [])])
}

/** Two daphnes, one at each place on one port, and nginx with the exported file in front of them. */
async function serve(layer: Readonly<Record<string, string>>): Promise<{ port: number; nginx: RunningServer }> {
  const backendPort = await freePort('127.0.0.1')
  for (const host of places) {
    const args = ['-m', 'daphne', '--proxy-headers', '-b', host, '-p', String(backendPort), 'core.asgi:application']
    const env = { ...layer, AT: host }
    running.push(await startProgram(pythonOf('main'), () => args, { cwd: project.backend, env, host, port: backendPort }))
  }
  const port = await freePort('127.0.0.1')
  // the text is the exported one, but for the three places
  const own = moved(await exported(), [
    ['listen 80;', `listen 127.0.0.1:${port};`],
    ['resolver 127.0.0.11 ', `resolver ${resolver} `],
    ['backend backend:8000;', `backend backend.test:${backendPort};`],
  ])
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`)
  await writeFile(join(folder, 'site.conf'), own)
  await writeFile(
    join(folder, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr warn;
events { worker_connections 512; }
http { ${temporary.join(' ')} access_log off; include ${folder}/site.conf; }\n`,
  )
  const binary = await nginx()
  if (binary === undefined) throw new Error('no nginx on this machine, and none can be installed')
  const server = await startProgram(binary, () => ['-c', join(folder, 'nginx.conf'), '-p', folder], { port })
  running.push(server, { stop: () => rm(folder, { recursive: true, force: true }) })
  return { port, nginx: server }
}

function moved(text: string, places: readonly (readonly [string, string])[]): string {
  for (const [there, here] of places) if (text.split(there).length !== 2) throw new Error(`${here}: not one "${there}" in ${text}`)
  return places.reduce((changed, [there, here]) => changed.replace(there, here), text)
}

async function exported(): Promise<string> {
  const result = await runCli(['export', 'compose', '--yes'], { cwd: project.root })
  expect(result.status).toBe(0)
  return readFile(join(project.root, 'deploy', 'compose', 'nginx.conf'), 'utf8')
}

interface Client {
  readonly at: string
  readonly welcome: Readonly<Record<string, unknown>>
  readonly numbers: number[]
  readonly send: (number: number) => void
  readonly close: () => void
}

async function connect(port: number): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws/election-updates/`, { origin: `http://127.0.0.1:${port}` })
  const numbers: number[] = []
  const welcome = await new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString())
      if ('at' in message) resolve(message)
      else numbers.push(message.number)
    })
  })
  return {
    at: String(welcome['at']),
    welcome,
    numbers,
    send: (number) => socket.send(JSON.stringify({ number })),
    close: () => socket.terminate(),
  }
}

/** Two sockets that nginx has given to different replicas. */
async function apart(port: number): Promise<readonly [Client, Client]> {
  const one = await connect(port)
  for (let left = 10; left > 0; left -= 1) {
    const other = await connect(port)
    if (other.at !== one.at) return [one, other]
    other.close()
  }
  throw new Error('nginx gives every socket to one replica')
}

describe('two daphnes behind the exported nginx', () => {
  it(`with Redis, ${count} of ${count} messages sent at one reach the other`, async () => {
    const { port } = await serve({ USE_REDIS_FOR_CHANNELS: 'True', REDIS_PORT: String(redis.port), REDIS_PASSWORD: password })
    const [one, other] = await apart(port)
    const numbers = Array.from({ length: count }, (_, index) => index)
    for (const number of numbers) one.send(number)
    await until(async () => other.numbers.length >= count && one.numbers.length >= count)
    expect(other.numbers.toSorted((a, b) => a - b)).toEqual(numbers)
    // what the application sees is what the browser said
    expect(one.welcome).toMatchObject({ host: `127.0.0.1:${port}`, proto: 'http' })
    const status = await new Promise<number | undefined>((resolve) =>
      get(`http://127.0.0.1:${port}/none`, (page) => resolve(page.resume().statusCode)),
    )
    // Django's own page of a project without URLs
    expect(status).toBe(200)
    one.close()
    other.close()
  })

  it('with the layer in memory none crosses, which is why more than one replica of it is refused', async () => {
    const { port } = await serve({ USE_REDIS_FOR_CHANNELS: 'False' })
    const [one, other] = await apart(port)
    for (let number = 0; number < count; number += 1) one.send(number)
    await until(async () => one.numbers.length >= count)
    // all that was sent has gone round; a last message of its own shows that the other socket is alive, and what came before
    other.send(-1)
    await until(async () => other.numbers.includes(-1))
    expect(other.numbers).toEqual([-1])
    one.close()
    other.close()
  })
})
