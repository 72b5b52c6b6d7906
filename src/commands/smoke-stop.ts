import type { Host } from '../host/host.ts'
import { onStopRequest, stopSwitch } from '../host/stop-signals.ts'
import type { SmokeRecord } from '../report/smoke-record.ts'

/** What may end a run of `smoke` before its time: a signal, a closed output, a parent that is gone, the deadline. */
export type RunStop = ReturnType<typeof stopByDeadline>

/**
 * Listens for all that ends the run; what came first goes into the record. `reserveMs`: how much of its time is
 * kept for the end. The work is told to stop so much earlier, and what is still there at the timeout is killed.
 */
export function stopByDeadline(
  host: Pick<Host, 'now'>,
  record: SmokeRecord,
  { reserveMs, watchParent }: { readonly reserveMs: number; readonly watchParent: boolean },
) {
  const told = stopSwitch()
  const force = new AbortController()
  const ask = (reason: string, level: number) => {
    record.interruption ??= { reason, during: record.phases.at(-1)?.text ?? '', afterMs: host.now() - record.began }
    if (told.ask(level) && level > 1) force.abort()
  }
  const takeAway = onStopRequest((reason, times) => ask(reason, Math.min(times, 2)), { watchParent })
  const left = record.timeoutMs - (host.now() - record.began)
  const timers = [setTimeout(() => ask('deadline', 1), left - reserveMs), setTimeout(() => ask('deadline', 2), left)]
  return {
    onStop: told.onStop,
    /** Aborted where everything is to be ended by force. */
    force: force.signal,
    /** Listens for nothing any more. */
    end: () => {
      takeAway()
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
