import { setTimeout as delay } from 'node:timers/promises'
import { onAbort, raceStop } from '../host/race-stop.ts'
import type { SocketClose } from '../facts/wire.ts'
import { loginCodes } from '../checks/wire-words.ts'
import { restartDelayMs } from '../plan/restart.ts'
import type { HeldSocket } from './held-socket.ts'
import type { Proof } from './prove.ts'

/** How often an open socket is asked for a sign of life, and how long it may take, in milliseconds. */
const aliveEveryMs = 15_000
const aliveMs = 5000

/** A socket that lived at most this long may die the same way again: its next proof must outlive it, in milliseconds. */
const shortLifeMs = 10_000
/** The same where the application closed it by a code of its own: it may wait so long for a login, or for a message. */
const patientLifeMs = 60_000

/** Codes of the application's own (RFC 6455, section 7.4.2), and the registered one for want of a login. */
const isOfApplication = (code: number): boolean => code >= 4000 || loginCodes.has(code)

/** How long the proof after a death has to hold its socket, so that it isn't well for as long as the one before; undefined where that tells nothing. Pure. */
export function holdAfter({ code }: Pick<SocketClose, 'code'>, heldMs: number): number | undefined {
  return heldMs < (isOfApplication(code) ? patientLifeMs : shortLifeMs) ? heldMs + 1500 : undefined
}

export interface WatchOptions {
  readonly signal: AbortSignal
  /** The id of the cause that is shown already, where the first proof failed. */
  readonly shown: string | undefined
  /** A new proof of the same endpoint, with a new token where it was ours; the socket must live for `holdMs` at least. */
  readonly prove: (holdMs: number) => Promise<Proof>
  /** Called when the open socket died, before anything else is tried; gives the id of the cause, as far as it shows. `silent`: it was cut by us, for want of a sign of life. */
  readonly onDead: (close: SocketClose, silent: boolean) => Promise<string>
  /** Called when a new proof says something new: another cause, or proven again. */
  readonly onChange: (proof: Proof) => void
}

/**
 * Watches a proven socket until `signal` is aborted. When it dies, a new proof
 * with the whole hold tells the cause; then it is tried again after growing
 * pauses until it is proven once more. Ends at once when aborted. Never throws.
 */
export async function watch(first: HeldSocket | undefined, options: WatchOptions): Promise<void> {
  const { signal } = options
  let socket = first
  let lastId = options.shown ?? ''
  let holdMs = 0
  while (!signal.aborted) {
    if (socket !== undefined) {
      const close = await untilDead(socket, signal)
      if (close === undefined) break
      const dead = socket
      socket = undefined
      holdMs = holdAfter(close, dead.heldMs) ?? holdMs
      const id = await raceStop(options.onDead(close, dead.closedByUs), signal)
      if (id === undefined) break
      lastId = id
    }
    for (let attempt = 0; socket === undefined && !signal.aborted; attempt++) {
      // after a death the first look is at once: it is what names the cause
      if (attempt > 0 || first === undefined) await pause(restartDelayMs(attempt), signal)
      if (signal.aborted) break
      const proving = options.prove(holdMs)
      const proof = await raceStop(proving, signal)
      if (proof === undefined) {
        // nobody waits for it any more; what it opens is cut as soon as it is there
        void proving.then((late) => late.socket?.terminate())
        break
      }
      const id = proof.diagnosis?.id ?? 'proven'
      // said once: the same cause again is no news
      if (id !== lastId) options.onChange(proof)
      lastId = id
      socket = proof.socket
    }
  }
  await socket?.close()
}

async function untilDead(socket: HeldSocket, signal: AbortSignal): Promise<SocketClose | undefined> {
  const over = new AbortController()
  // AbortSignal.any would leave something in `signal` at each look, for as long as that lives
  const unheard = onAbort(signal, () => over.abort())
  const ticking = (async () => {
    for (;;) {
      await pause(aliveEveryMs, over.signal)
      if (over.signal.aborted) return
      if (!(await socket.isAlive(aliveMs))) {
        socket.terminate()
        return
      }
    }
  })()
  const close = await raceStop(socket.closed, signal)
  unheard()
  over.abort()
  // a look that is under way when all is over ends with the socket, and isn't waited for
  if (close !== undefined) await ticking
  return close
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false }).catch(() => {})
}
