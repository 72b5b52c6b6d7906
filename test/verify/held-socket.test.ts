/** An open socket that is held, against a real server of ws. */
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { isPong, type HeldSocket } from '../../src/verify/held-socket.ts'
import { shakeHands } from '../../src/verify/handshake.ts'
import { ending, urlOf } from '../support/ends.ts'
import { listening, writesAfterUpgrade } from '../support/node-servers.ts'

const { keep } = ending()

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

describe('the end, though the connection stays open', () => {
  test.each<[string, Buffer, object]>([
    ['a close frame', Buffer.from([0x88, 2, 0x0f, 0xa1]), { code: 4001 }],
    ['a close frame without a code', Buffer.from([0x88, 0]), { code: 1005 }],
    ['a text that is no UTF-8', Buffer.from([0x81, 2, 0xff, 0xfe]), { broken: expect.stringContaining('UTF-8') }],
    [
      'a frame of 10^12 bytes',
      Buffer.from([0x82, 127, 0, 0, 0, 0xe8, 0xd4, 0xa5, 0x10, 0, 1]),
      { broken: expect.stringContaining('size') },
    ],
    ['text that is no frame', Buffer.from('HTTP/1.1 500 no\r\n\r\n'), { broken: expect.stringContaining('RSV') }],
    ["a client's frame", Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5]), { broken: expect.stringContaining('MASK') }],
    ['an unknown opcode', Buffer.from([0x83, 0]), { broken: expect.stringContaining('opcode') }],
  ])('%s', async (_, bytes, end) => {
    const url = urlOf(await listening(keep, writesAfterUpgrade(bytes)))
    const { socket } = await shakeHands({ url, headers: {}, subprotocols: [] }, { deadlineMs: 5000 })
    expect(await socket?.hold(2000)).toMatchObject(end)
    expect(socket?.heldMs).toBeLessThan(1000)
    expect(await socket?.isAlive(100)).toBe(false)
  })
})
