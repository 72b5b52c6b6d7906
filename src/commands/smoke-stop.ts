import type { Host } from '../host/host.ts'
import { onStopRequest, stopSwitch, type StopSwitch } from '../host/stop-signals.ts'
import type { Interruption } from '../report/smoke-result.ts'

/** What may end a run of `smoke` before its time: a signal, a closed output, a parent that is gone, the deadline. */
export interface RunStop extends Pick<StopSwitch, 'onStop'> {
  /** Calls back where everything is to be ended by force, now; gives the function that takes it back. */
  readonly onForce: (callback: () => void) => () => void
  /** What came first, if anything did. */
  readonly interruption: () => Interruption | undefined
  /** Listens for nothing any more. */
  readonly end: () => void
}

/** Deadlines of a run, in milliseconds. */
export interface RunLimits {
  /** On the host's clock. */
  readonly began: number
  readonly timeoutMs: number
  /** How much of it is kept for the end: the work is told to stop so much earlier, and what is still there at the timeout is killed. */
  readonly reserveMs: number
  readonly watchParent: boolean
}

/** Listens for all that ends the run. `during` gives what is being done, in words. */
export function stopByDeadline(host: Pick<Host, 'now'>, limits: RunLimits, during: () => string): RunStop {
  let interruption: Interruption | undefined
  let isForced = false
  const told = stopSwitch()
  const forced = new Set<() => void>()
  const ask = (reason: string, level: number) => {
    interruption ??= { reason, during: during(), afterMs: host.now() - limits.began }
    if (!told.ask(level) || level < 2) return
    isForced = true
    for (const force of forced) force()
  }
  const takeAway = onStopRequest((reason, times) => ask(reason, Math.min(times, 2)), { watchParent: limits.watchParent })
  const left = limits.timeoutMs - (host.now() - limits.began)
  const timers = [setTimeout(() => ask('deadline', 1), left - limits.reserveMs), setTimeout(() => ask('deadline', 2), left)]
  return {
    onStop: told.onStop,
    onForce: (callback) => {
      forced.add(callback)
      if (isForced) callback()
      return () => void forced.delete(callback)
    },
    interruption: () => interruption,
    end: () => {
      takeAway()
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
