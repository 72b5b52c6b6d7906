/** An open socket that is held, against a real server of ws. */
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { isPong, type HeldSocket } from '../../src/verify/held-socket.ts'
import { shakeHands } from '../../src/verify/handshake.ts'

let server: WebSocketServer | undefined

afterEach(() => {
  for (const client of server?.clients ?? []) client.terminate()
  server?.close()
})

async function open(behave: (socket: WebSocket) => void): Promise<HeldSocket> {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', behave)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const { socket } = await shakeHands({ url: `ws://127.0.0.1:${address.port}/`, headers: {}, subprotocols: [] }, { deadlineMs: 5000 })
  if (socket === undefined) throw new Error('no handshake')
  return socket
}

test('held for as long as was asked, counted from the 101', async () => {
  const socket = await open((client) => client.send('{"type":"welcome"}'))
  expect(await socket.hold(300)).toBeUndefined()
  expect(socket.heldMs).toBeGreaterThanOrEqual(300)
  expect(socket.messages).toBe(1)
  await socket.close()
  expect(socket.closedByUs).toBe(true)
})

test('a pong is told from other messages', async () => {
  const socket = await open((client) =>
    client.on('message', () => {
      client.send('{"type":"tally"}')
      client.send('{"type":"pong"}')
    }),
  )
  expect(await socket.ask({ type: 'ping' }, isPong, 5000)).toMatchObject({ result: 'pong' })
  expect(socket.messages).toBe(2)
  expect(await socket.isAlive(5000)).toBe(true)
  socket.terminate()
})

test('no pong within the deadline', async () => {
  const socket = await open(() => {})
  expect(await socket.ask({ type: 'ping' }, isPong, 50)).toEqual({ result: 'unanswered' })
  socket.terminate()
})

test('closed while the pong is waited for, and everything after it', async () => {
  const socket = await open((client) => client.on('message', () => client.close(4001, 'log in')))
  const close = expect.objectContaining({ code: 4001, reason: 'log in', messagesBefore: 0 })
  expect(await socket.ask({ type: 'ping' }, isPong, 5000)).toEqual({ result: 'closed', close })
  expect(await socket.ask({ type: 'ping' }, isPong, 5000)).toEqual({ result: 'closed', close })
  expect(await socket.hold(60_000)).toEqual(close)
  expect(await socket.isAlive(5000)).toBe(false)
})

test('a server that answers no frame at all is not alive', async () => {
  const socket = await open((client) => client.pause())
  expect(await socket.isAlive(50)).toBe(false)
  socket.terminate()
})
