/** The first wait before a crashed service is started again, in milliseconds. */
const firstMs = 1000
/** The longest, in milliseconds. */
const longestMs = 30_000
/** Ready for so long, in milliseconds, a service counts as well again: its next crash is a first one. */
export const settledMs = 60_000

/** So long, in milliseconds, something that says nothing of itself has to last after a crash before it counts as ready. */
export const lastsMs = 5000

/** How long to wait before a service is started again, in milliseconds, after it was started again `restarts` times in a row. Pure. */
export function restartDelayMs(restarts: number): number {
  return Math.min(firstMs * 2 ** Math.min(restarts, 10), longestMs)
}

/** What became of a backend or service that is to run. */
export interface Crash {
  /** It was ready before it ended. */
  readonly wasUp: boolean
  /** How long it ran, in milliseconds. */
  readonly livedMs: number
}

/** How often in a row something has crashed, the crash that was just seen among them. Pure. */
function crashesInARow(before: number, crash: Crash): number {
  return crash.wasUp && crash.livedMs >= settledMs ? 1 : before + 1
}

/** What is done about a backend that has failed. */
export type AfterFailure =
  | { readonly kind: 'end' }
  | { readonly kind: 'pause'; readonly delayMs: number; readonly crashes: number }
  /** Only a change of the sources can help. */
  | { readonly kind: 'wait-for-save' }

/**
 * A backend that never worked in this run ends it: its cause is a finding. One
 * that did is started again, for its cause may pass (a Redis that restarts). With
 * `--reload` the next save is waited for where it could not even start. Pure.
 */
export function afterFailure(
  crash: Crash,
  history: { readonly everUp: boolean; readonly crashes: number },
  options: { readonly restart: boolean; readonly reload: boolean },
): AfterFailure {
  if (!crash.wasUp && options.reload) return { kind: 'wait-for-save' }
  if (!options.restart || !(history.everUp || crash.wasUp)) return { kind: 'end' }
  const crashes = crashesInARow(history.crashes, crash)
  return { kind: 'pause', delayMs: restartDelayMs(crashes - 1), crashes }
}
