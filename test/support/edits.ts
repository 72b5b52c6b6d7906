/** Edits of a served project, and what must be true after them. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { WebSocket } from 'ws'
import { processTable, treeOf } from '../../src/host/process-table.ts'
import type { RunningCli } from './cli.ts'
import { testHost } from './processes.ts'
import { makeStand, type Stand } from './stand.ts'

/** What an edit makes of the consumer. */
export type Edit = 'good' | 'syntax' | 'raises'

const broken = { good: '', syntax: 'class Updates(:\n', raises: 'raise RuntimeError("half an edit")\n' }

/** A consumer that greets with its version. */
function consumerOf(version: number, kind: Edit): string {
  return `from channels.generic.websocket import AsyncJsonWebsocketConsumer

VERSION = ${version}
${broken[kind]}
class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await self.accept()
        await self.send_json({"type": "welcome", "version": VERSION})

    async def receive_json(self, content):
        if content.get("type") == "ping":
            await self.send_json({"type": "pong"})
`
}

/** The same numbers for the same seed (mulberry32), so that a failure can be had again. */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The version that the backend serves, or undefined where its WebSocket doesn't answer. */
export async function servedVersion(port: number): Promise<number | undefined> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws/election-updates/`, {
    origin: `http://127.0.0.1:${port}`,
    handshakeTimeout: 2000,
  })
  return new Promise((resolve) => {
    socket.once('message', (data: Buffer) => {
      const message: unknown = JSON.parse(data.toString())
      socket.terminate()
      resolve(typeof message === 'object' && message !== null && 'version' in message ? Number(message.version) : undefined)
    })
    socket.once('error', () => resolve(undefined))
    socket.once('close', () => resolve(undefined))
  })
}

/** Waits until the version is served; fails with what the launcher said. */
export async function expectServed(cli: RunningCli, port: number, version: number, deadlineMs = 20_000): Promise<void> {
  const deadline = performance.now() + deadlineMs
  let seen: number | undefined
  while (performance.now() < deadline) {
    seen = await servedVersion(port)
    if (seen === version) return
    await delay(50)
  }
  expect(seen, cli.stdout().split('\n').slice(-40).join('\n')).toBe(version)
}

/** A stand whose backend is started under `--reload` and watched. */
export async function makeReloading(): Promise<{ stand: Stand; cli: RunningCli; save: (version: number, kind: Edit) => Promise<void> }> {
  const stand = await makeStand({ consumer: consumerOf(0, 'good') })
  const file = join(stand.project.backend, 'updates', 'consumers.py')
  const cli = stand.start(['--reload', '--json', '--verbose'])
  await cli.waitFor(/"event":"ready"/)
  await cli.waitFor(/watching backend for changes/)
  return { stand, cli, save: (version, kind) => writeFile(file, consumerOf(version, kind)) }
}

/** One launcher, and of the backend one tree with one server in it; the port has one listener. */
export async function expectOneServer(stand: Stand, cli: RunningCli): Promise<void> {
  const deadline = performance.now() + 10_000
  let leaders: number[] = []
  // a compiler or an inspection that is just ending is none of it
  while (performance.now() < deadline) {
    const rows = (await processTable(testHost)) ?? []
    const marked = new Set(await stand.mark.processes())
    const own = new Set(treeOf(rows, cli.child.pid ?? 0))
    const orphans = [...marked].filter((pid) => !own.has(pid))
    leaders = rows.filter(({ pid, parent }) => marked.has(pid) && parent === cli.child.pid).map(({ pid }) => pid)
    if (orphans.length === 0 && leaders.length === 1) break
    await delay(50)
  }
  const commands = await Promise.all(leaders.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  expect(commands.map((command) => command.split('\0').join(' '))).toHaveLength(1)
}
