import { once } from 'node:events'
import { WebSocket, type RawData } from 'ws'
import { errorCode } from '../errors.ts'
import type { PongFact, SocketClose } from '../facts/wire.ts'
import { succeeds } from '../host/files.ts'
import { parseJson } from '../host/json.ts'
import { within } from '../host/race-stop.ts'

/** How often a socket is asked whether its end has begun, in milliseconds: ws tells of a close frame only once the connection is gone, or 30 s later. */
const closingEveryMs = 50

/** An open WebSocket that is watched: messages are counted, the close is kept, nothing is stored. */
export class HeldSocket {
  /** How it was closed, when it is. */
  readonly closed: Promise<SocketClose>
  readonly #socket: WebSocket
  readonly #started: number
  readonly #waiting = new Set<(text: string) => void>()
  #close: SocketClose | undefined
  #openedAt: number | undefined
  #messages = 0
  #byUs = false

  constructor(socket: WebSocket, started: number) {
    this.#socket = socket
    this.#started = started
    socket.on('message', (data: RawData, isBinary: boolean) => {
      this.#messages++
      if (!isBinary) for (const take of this.#waiting) take(textOf(data))
    })
    let closing: NodeJS.Timeout | undefined
    let broken: string | undefined
    socket.once('open', () => {
      this.#openedAt = performance.now()
      // the code that came with a close frame stays; the server may hold the connection as long as it likes
      closing = setInterval(() => {
        if (socket.readyState === WebSocket.CLOSING && !this.#byUs) socket.terminate()
      }, closingEveryMs).unref()
      socket.on('error', (error) => {
        broken ??= errorCode(error)?.startsWith('WS_ERR_') === true ? error.message : undefined
        socket.terminate()
      })
    })
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        clearInterval(closing)
        const afterMs = performance.now() - started
        const seen = { reason: reason.toString('utf8'), afterMs, messagesBefore: this.#messages }
        this.#close = { code, ...seen, ...(broken === undefined ? {} : { broken }) }
        resolve(this.#close)
      })
    })
  }

  /** Messages that have come so far. */
  get messages(): number {
    return this.#messages
  }

  /** True where we closed it ourselves. */
  get closedByUs(): boolean {
    return this.#byUs
  }

  /** True once it is closed, by whomever. */
  get hasClosed(): boolean {
    return this.#close !== undefined
  }

  /** Milliseconds since it was opened; up to its end, where it has ended. */
  get heldMs(): number {
    const end = this.#close === undefined ? performance.now() : this.#started + this.#close.afterMs
    return this.#openedAt === undefined ? 0 : end - this.#openedAt
  }

  /** Waits until the socket has been open for `ms` milliseconds; the close, if it comes before. */
  async hold(ms: number): Promise<SocketClose | undefined> {
    // a timer of Node may fire up to a millisecond early
    while (this.#close === undefined && this.heldMs < ms) await within(Math.ceil(ms - this.heldMs), this.closed)
    return this.#close
  }

  /** Sends a message that the application knows and waits for its answer, for `deadlineMs` milliseconds at most. */
  async ask(message: Readonly<Record<string, unknown>>, isAnswer: (text: string) => boolean, deadlineMs: number): Promise<PongFact> {
    if (this.#close !== undefined) return { result: 'closed', close: this.#close }
    const sent = performance.now()
    const pong = this.hears(isAnswer, deadlineMs)
    this.#socket.send(JSON.stringify(message), () => {})
    if (await pong) return { result: 'pong', elapsedMs: performance.now() - sent }
    // typed anew: it may have been closed while the pong was waited for
    const close: SocketClose | undefined = this.#close
    return close === undefined ? { result: 'unanswered' } : { result: 'closed', close }
  }

  /** Waits for a text that `isIt` takes, for `deadlineMs` milliseconds at most; false where it doesn't come, or the socket is closed before. */
  async hears(isIt: (text: string) => boolean, deadlineMs: number): Promise<boolean> {
    if (this.#close !== undefined) return false
    const over = new AbortController()
    const heard = new Promise<boolean>((resolve) => {
      const take = (text: string) => {
        if (isIt(text)) resolve(true)
      }
      this.#waiting.add(take)
      over.signal.addEventListener('abort', () => this.#waiting.delete(take), { once: true })
    })
    const result = await within(deadlineMs, Promise.race([heard, this.closed.then(() => false)]))
    over.abort()
    return result ?? false
  }

  /** Sends a text; whether it gets anywhere is told by what comes back. */
  send(text: string): void {
    this.#socket.send(text, () => {})
  }

  /** Sends a ping frame of the protocol and tells whether its pong came within `deadlineMs` milliseconds: every server answers it by itself. */
  async isAlive(deadlineMs: number): Promise<boolean> {
    if (this.#close !== undefined) return false
    const pong = succeeds(once(this.#socket, 'pong'))
    this.#socket.ping(undefined, undefined, () => {})
    return (await within(deadlineMs, Promise.race([pong, this.closed.then(() => false)]))) ?? false
  }

  /** Closes with 1000 and waits for the other side, for `ms` milliseconds at most; then the connection is cut. */
  async close(ms = 300): Promise<void> {
    this.#byUs = true
    if (this.#close !== undefined) return
    this.#socket.close(1000)
    await within(ms, this.closed)
    this.terminate()
  }

  /** Cuts the connection now. */
  terminate(): void {
    this.#byUs = true
    this.#socket.on('error', () => {})
    this.#socket.terminate()
  }
}

/** `{"type":"pong"}` in any of the shapes that applications give it, or the bare word. */
export function isPong(text: string): boolean {
  if (text.trim().toLowerCase() === 'pong') return true
  return Object.entries(parseJson(text) ?? {}).some(
    ([key, value]) => key === 'pong' || (typeof value === 'string' && value.toLowerCase() === 'pong'),
  )
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8')
  return Buffer.isBuffer(data) ? data.toString('utf8') : Buffer.from(data).toString('utf8')
}
