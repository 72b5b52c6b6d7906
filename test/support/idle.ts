/** Sockets that get no message. */
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'

/** The code that a socket of the page ended with; undefined where it was still open after `idleMs` without a message. */
export async function endOf(port: number, idleMs: number): Promise<number | undefined> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws/election-updates/`, { origin: `http://127.0.0.1:${port}` })
  await once(socket, 'open')
  const lived = new AbortController()
  const closed = once(socket, 'close').then(([code]) => Number(code))
  const end = await Promise.race([closed, delay(idleMs, undefined, { signal: lived.signal })])
  lived.abort()
  socket.terminate()
  return end
}
