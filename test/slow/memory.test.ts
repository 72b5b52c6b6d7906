/** The launcher of a long day: 2,000 open sockets, 10,000 that are refused, 100 reloads, and its heap is what it was. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { RunningCli } from '../support/cli.ts'
import { figure } from '../support/figures.ts'
import { until } from '../support/redis.ts'
import { makeStand, type Stand } from '../support/stand.ts'

const [openSockets, refusedSockets, reloads] = [2000, 10_000, 100]

let stand: Stand | undefined
const sockets: WebSocket[] = []

const close = () => {
  for (const socket of sockets.splice(0)) socket.terminate()
}
const mb = (bytes: number) => (bytes / 1e6).toFixed(1)

afterEach(async () => {
  close()
  await stand?.remove()
})

const consumerOf = (version: number) => `from channels.generic.websocket import AsyncJsonWebsocketConsumer

VERSION = ${version}

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        if self.scope["query_string"] == b"no":
            await self.close()
        else:
            await self.accept()

    async def receive_json(self, content):
        if content.get("type") == "ping":
            await self.send_json({"type": "pong"})
`

/** Node's own words about its memory after a collection, in bytes. */
interface Memory {
  readonly heapUsed: number
  readonly rss: number
}

/** What each Node of the run is started with: it collects and tells when it is sent SIGUSR2. */
const hook = (file: string) => `
import { writeFileSync } from 'node:fs'
process.on('SIGUSR2', () => {
  for (let round = 0; round < 4; round++) globalThis.gc()
  writeFileSync(${JSON.stringify(file)}, JSON.stringify(process.memoryUsage()))
})
`

async function memoryOf(cli: RunningCli, file: string): Promise<Memory> {
  await writeFile(file, '')
  cli.child.kill('SIGUSR2')
  let told = ''
  await until(async () => (told = await readFile(file, 'utf8')).endsWith('}'))
  return JSON.parse(told)
}

const opened = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = new WebSocket(url, { origin: new URL(url.replace('ws', 'http')).origin })
    socket.once('open', () => {
      sockets.push(socket)
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

/** So many handshakes, some at once; gives how many were let in. */
async function handshakes(url: string, count: number): Promise<number> {
  let begun = 0
  let letIn = 0
  const one = async () => {
    while (begun++ < count) {
      const isOpen = await opened(url)
      if (isOpen) letIn++
    }
  }
  await Promise.all(Array.from({ length: 40 }, one))
  return letIn
}

test('the heap of the launcher', { timeout: 900_000 }, async () => {
  stand = await makeStand({ consumer: consumerOf(0) })
  const { project, mark } = stand
  const [told, module] = ['memory.json', 'memory.mjs'].map((name) => join(mark.env['TMPDIR'] ?? '', name))
  if (told === undefined || module === undefined) throw new Error('there is no folder')
  await writeFile(module, hook(told))
  // what the compiler makes of a function that is called often is no leak: there is none
  const cli = stand.start(['--reload', '--json'], { NODE_OPTIONS: `--expose-gc --jitless --import=${module}` })
  const [, url = ''] = await cli.waitFor(/"event":"ready".*?"url":"([^"]+)","state":"connected"/)
  let version = 0
  const reload = async (count: number) => {
    for (let round = 0; round < count; round++) {
      await writeFile(join(project.backend, 'updates', 'consumers.py'), consumerOf(++version))
      await until(async () => (cli.stdout().match(/"event":"restarted"/g)?.length ?? 0) >= version, 30_000)
    }
  }
  // what is loaded at the first time of each is no leak
  expect(await handshakes(url, 100)).toBe(100)
  close()
  expect(await handshakes(`${url}?no`, 100)).toBe(0)
  await reload(5)
  const before = await memoryOf(cli, told)
  const seen = new Map<string, Memory>()
  expect(await handshakes(url, openSockets)).toBe(openSockets)
  seen.set(`at ${openSockets} open sockets`, await memoryOf(cli, told))
  close()
  expect(await handshakes(`${url}?no`, refusedSockets)).toBe(0)
  seen.set(`after ${refusedSockets} refused ones`, await memoryOf(cli, told))
  await reload(reloads)
  seen.set(`after ${reloads} reloads`, await memoryOf(cli, told))
  figure(`memory of the launcher: heap ${mb(before.heapUsed)} MB, resident ${mb(before.rss)} MB`)
  for (const [when, { heapUsed, rss }] of seen) {
    figure(`  ${when}: heap ${mb(heapUsed)} MB, resident ${mb(rss)} MB`)
    // a measurement is some tens of kilobytes wide
    expect(heapUsed, when).toBeLessThan(before.heapUsed * 1.03 + 200_000)
    expect(rss, when).toBeLessThan(before.rss * 1.2)
  }
  expect((await cli.end('SIGINT')).status).toBe(130)
})
