import type { ServerExit } from '../facts/startup.ts'
import type { Host } from '../host/host.ts'
import { raceStop } from '../host/race-stop.ts'
import type { End } from '../plan/restart.ts'
import type { ServicePlan } from '../plan/service.ts'
import { untilListening } from './listening.ts'
import type { ReadyOutcome } from './readiness.ts'
import { launchServer, type RunningServer } from './server.ts'

/** One process of a service that is ready. */
export interface Life {
  readonly server: RunningServer
  /** False where this machine doesn't tell whose socket it is. */
  readonly isProven: boolean
  /** Aborted when it is to end. */
  readonly signal: AbortSignal
  /** Aborted when it has ended, or is to. */
  readonly gone: AbortSignal
}

/** How it has ended by itself, or what has kept it from being ready; nothing of it is left. */
export interface Ended extends Pick<End, 'readyMs'> {
  readonly server: RunningServer
  readonly exit: ServerExit
  readonly outcome: ReadyOutcome
  /** Aborted when the next life is asked for, or none any more. */
  readonly signal: AbortSignal
}

/** What happens in the life of a process. */
interface LifeEvents {
  /** Ends it. */
  readonly signal: AbortSignal
  /** The clock, in milliseconds. */
  readonly now: () => number
  /** Waits for as long as one has to last that says nothing of itself; undefined: it is ready as it is. */
  readonly lasts: (gone: AbortSignal) => Promise<void> | undefined
  readonly onLine: (line: string) => void
  /** It was launched; nothing that this does may take long. */
  readonly launched: (server: RunningServer, gone: AbortSignal) => void
  readonly born: () => void
  /** It is ready. Where this gives false, it has done its work. */
  readonly ready: (life: Life) => Promise<boolean>
  /** It is being ended, or has ended. */
  readonly ending: () => Promise<void>
}

/** Runs one process of a service to its end, with all that it started. Undefined: it was ended, or has done its work. */
export async function live(host: Host, plan: ServicePlan, events: LifeEvents): Promise<Ended | undefined> {
  const { signal } = events
  const listeners = new Set<(line: string) => void>()
  const over = new AbortController()
  const gone = AbortSignal.any([signal, over.signal])
  const server = launchServer(host, plan, (line) => {
    for (const listener of listeners) listener(line)
    events.onLine(line)
  })
  events.launched(server, gone)
  const exited = server.exited.finally(() => over.abort())
  const listen = (callback: (line: string) => void) => {
    listeners.add(callback)
    // what it said while the looks were loaded counts as well
    queueMicrotask(() => {
      for (const line of server.lastLines()) callback(line)
    })
    return () => void listeners.delete(callback)
  }
  const untilReady = async (pid: number): Promise<ReadyOutcome> => {
    const { ready, readyTimeoutMs } = plan
    if (ready === undefined) {
      const lasting = events.lasts(gone)
      // it may be done before the looks are loaded
      if (lasting === undefined) return { kind: 'ready' }
      await lasting
      return gone.aborted ? { kind: 'over' } : { kind: 'ready' }
    }
    const target = { pid, listen, over: gone }
    if (ready.listening !== undefined) return untilListening(host, ready.listening, readyTimeoutMs, target)
    return (await import('./readiness.ts')).untilReady(host, plan, target)
  }
  let outcome: ReadyOutcome = { kind: 'over' }
  let readyAt: number | undefined
  let goesOn = true
  try {
    const pid = await server.born
    if (pid !== undefined) {
      if (!signal.aborted) events.born()
      outcome = await untilReady(pid)
    }
    if (outcome.kind === 'ready' && !signal.aborted) {
      readyAt = events.now()
      goesOn = await events.ready({ server, isProven: outcome.isProven !== false, signal, gone })
    }
    // one that was never born tells in a moment why
    if (goesOn && (outcome.kind === 'ready' || outcome.kind === 'over')) await raceStop(exited, signal)
  } finally {
    over.abort()
    // what is left of its tree goes with it, whichever way it ended
    await Promise.all([server.stop(plan.stopTimeoutMs), events.ending()])
  }
  const exit = await exited
  if (signal.aborted || !goesOn) return undefined
  // what has nothing to wait for counts as ready, even where it doesn't last
  const readyMs = readyAt === undefined ? (plan.ready === undefined ? 0 : undefined) : events.now() - readyAt
  return { server, exit, outcome, readyMs, signal }
}
