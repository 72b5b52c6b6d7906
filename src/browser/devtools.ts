import type { Readable, Writable } from 'node:stream'
import { isRecord, parseJson } from '../host/json.ts'
import { within } from '../host/race-stop.ts'

/** Anything that the browser tells by itself. */
export interface DevToolsEvent {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  /** The page, frame or worker that it is about; undefined: the browser as a whole. */
  readonly session: string | undefined
}

/** An answer of the browser: what was asked for, or its error in words. */
type Answer = { readonly ok: true; readonly result: Readonly<Record<string, unknown>> } | { readonly ok: false; readonly why: string }

/** What is longer than this, in bytes, is passed over: a page may be sent frames of any size. */
const longest = 32 * 1024 * 1024

/**
 * The DevTools protocol over a pair of pipes: JSON, each message ended by a NUL
 * (`--remote-debugging-pipe`; https://chromedevtools.github.io/devtools-protocol/).
 */
export class DevTools {
  readonly #to: Writable
  readonly #pending = new Map<number, (answer: Answer) => void>()
  readonly #onEvent: (event: DevToolsEvent) => void
  #last = 0
  readonly #from: Readable
  #over: string | undefined

  constructor(from: Readable, to: Writable, onEvent: (event: DevToolsEvent) => void) {
    this.#to = to
    this.#from = from
    this.#onEvent = onEvent
    let parts: Buffer[] = []
    let length = 0
    from.on('data', (chunk: Buffer) => {
      let at = 0
      for (let end = chunk.indexOf(0); end !== -1 && this.#over === undefined; end = chunk.indexOf(0, at)) {
        if (length + end - at <= longest) this.#take(Buffer.concat([...parts, chunk.subarray(at, end)]).toString())
        parts = []
        length = 0
        at = end + 1
      }
      length += chunk.length - at
      if (length <= longest) parts.push(chunk.subarray(at))
      else parts = []
    })
    const over = () => this.#end('the browser has ended')
    from.on('close', over).on('error', over)
    to.on('error', over)
  }

  /** Asks the browser; an error, its end or `deadlineMs` milliseconds without an answer are `ok: false`. Never throws. */
  async ask(method: string, params: object = {}, session?: string, deadlineMs = 5000): Promise<Answer> {
    if (this.#over !== undefined) return { ok: false, why: this.#over }
    const id = (this.#last += 1)
    const answer = new Promise<Answer>((resolve) => this.#pending.set(id, resolve))
    this.#to.write(`${JSON.stringify({ id, method, params, ...(session === undefined ? {} : { sessionId: session }) })}\0`)
    const found = await within(deadlineMs, answer)
    this.#pending.delete(id)
    return found ?? { ok: false, why: `no answer to ${method} within ${deadlineMs / 1000} s` }
  }

  #take(text: string): void {
    const message = parseJson(text)
    if (!isRecord(message)) return this.#end('what it says is no message of the DevTools protocol')
    const { id, method, params, result, error, sessionId } = message
    if (typeof id === 'number') {
      const why = isRecord(error) ? String(error['message']) : undefined
      this.#pending.get(id)?.(why === undefined ? { ok: true, result: isRecord(result) ? result : {} } : { ok: false, why })
    } else if (typeof method === 'string') {
      this.#onEvent({ method, params: isRecord(params) ? params : {}, session: typeof sessionId === 'string' ? sessionId : undefined })
    }
  }

  #end(why: string): void {
    this.#over ??= why
    // not closed: that would end the browser before all that it started is known
    this.#from.pause()
    for (const resolve of this.#pending.values()) resolve({ ok: false, why: this.#over })
  }
}
