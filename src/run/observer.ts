import type { Readable, Writable } from 'node:stream'
import type { Observed } from '../facts/observed.ts'
import { deadline } from '../host/deadline.ts'
import { LineSplitter } from '../host/lines.ts'

/** How many events are kept: a page that reconnects for ever must not fill the memory. */
const keptEvents = 1000

/** How long the server may take to give back what was made for us, in milliseconds. */
const takeBackMs = 1000

/** The launcher's end of the pipes to the observer inside the serving process. */
export type Observer = ReturnType<typeof observe>

/**
 * Speaks with the observer: the nonce goes first, so that it is neither in the
 * arguments nor in the environment, where every process of the user may read
 * it. Nothing counts before a hello that gives it back. The observer ends its
 * server when `input` ends, however that comes about.
 */
export function observe(input: Writable, output: Readable, nonce: string) {
  const kept: Observed[] = []
  const listeners = new Set<(event: Observed) => void>()
  const looks = new Map<number, { readonly take: (told: unknown) => void; readonly lose: () => void }>()
  let count = 0
  let asked = 0
  let greeted = false
  let owes = false
  let closed = false
  let observes = false
  const take = (event: Observed | undefined): void => {
    if (event?.event === 'hello') greeted = event.nonce === nonce
    if (event === undefined || !greeted) return
    if (event.event === 'fact') {
      looks.get(event.id)?.take(event.told)
      return
    }
    observes ||= event.event === 'observing'
    kept.push(event)
    count++
    if (kept.length > keptEvents) kept.shift()
    for (const listener of listeners) listener(event)
  }
  let parse: ((line: string) => Observed | undefined) | undefined
  const early: string[] = []
  // loaded while the server starts: nothing comes before it is there
  const load = async (): Promise<void> => {
    const { parseObserved } = await import('../facts/observed.ts')
    parse = parseObserved
    for (const line of early.splice(0)) take(parseObserved(line))
  }
  void load()
  const splitter = new LineSplitter((line) => void (parse === undefined ? early.push(line) : take(parse(line))))
  output.on('data', (chunk: Buffer) => splitter.push(chunk))
  const say = (message: Readonly<Record<string, unknown>>) => void input.write(`${JSON.stringify(message)}\n`, () => {})
  // a server that has ended takes nothing any more; its end is told by `exited`
  input.on('error', () => {})
  output.on('error', () => {})
  output.once('close', () => {
    closed = true
    for (const { lose } of looks.values()) lose()
  })
  say({ 'election-dev': nonce })

  const since = (mark: number): readonly Observed[] => kept.slice(Math.max(0, kept.length - (count - mark)))
  const listen = (callback: (event: Observed) => void) => {
    listeners.add(callback)
    return () => void listeners.delete(callback)
  }
  /** Waits for the first event after the mark that `pick` takes, for `deadlineMs` milliseconds at most. */
  const first = async <T>(mark: number, pick: (event: Observed) => T | undefined, deadlineMs: number): Promise<T | undefined> => {
    for (const event of since(mark)) {
      const found = pick(event)
      if (found !== undefined) return found
    }
    return new Promise((resolve) => {
      const quit = deadline(deadlineMs, () => finish(undefined))
      const unlisten = listen((event) => {
        const found = pick(event)
        if (found !== undefined) finish(found)
      })
      const finish = (found: T | undefined) => {
        unlisten()
        quit()
        resolve(found)
      }
    })
  }
  return {
    /** What a handshake of ours bears, so that the observer knows it. A secret. */
    nonce,
    /** The application is wrapped; false where it runs plain, and until the observer has said so. */
    observes: () => observes,
    /** A mark behind the last event so far. */
    mark: () => count,
    /** What is still kept of the events after a mark. */
    since,
    /** Calls back for every event from now on; gives the function that ends it. */
    listen,
    first,
    /** Asks for a broadcast to the probes that are open. */
    askBroadcast: (id: number) => say({ ask: 'broadcast', id }),
    /** Asks for the probes that are open to be in a group until the message `id` has come to each of them, for 3 s at most. */
    askJoin: (id: number, group: string) => say({ ask: 'join', id, group }),
    /** Asks for one message to a group that sockets of another process have joined. */
    askSend: (id: number, group: string) => say({ ask: 'send', id, group }),
    /** Asks for a look at the project by the process that serves it, which begins once the application is imported: each fact, and that no more will come. Gives the function that stops listening. */
    askLook: (request: Readonly<Record<string, unknown>>, take: (told: unknown) => void, lose: () => void): (() => void) => {
      const id = ++asked
      looks.set(id, { take, lose })
      say({ ask: 'look', id, ...request })
      return () => void looks.delete(id)
    },
    /** Something was made in the project for us. */
    owe: () => {
      owes = true
    },
    /** Has what was made in the project for us taken back, where something was: waits a second at most, since the server is about to end. */
    takeBack: async (): Promise<void> => {
      if (!owes || closed) return
      owes = false
      const gone = new Promise<void>((resolve) => output.once('close', () => resolve()))
      const answer = first(count, ({ event }) => event === 'taken-back' || undefined, takeBackMs)
      say({ ask: 'take-back' })
      await Promise.race([answer, gone])
    },
    /** Lets go of the pipes. */
    close: () => {
      input.destroy()
      output.destroy()
    },
  }
}
