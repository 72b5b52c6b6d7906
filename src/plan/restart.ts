import type { ServicePlan } from './service.ts'

/** The first wait before a crashed service is started again, in milliseconds. */
const firstMs = 1000
/** The longest, in milliseconds. */
const longestMs = 30_000
/** Ready for so long, in milliseconds, a service counts as well again: its next crash is a first one. */
const settledMs = 60_000

/** So long, in milliseconds, something that says nothing of itself has to last after a crash before it counts as ready. */
export const lastsMs = 5000

/** How long to wait before a service is started again, in milliseconds, after it was started again `restarts` times in a row. Pure. */
export function restartDelayMs(restarts: number): number {
  return Math.min(firstMs * 2 ** Math.min(restarts, 10), longestMs)
}

/** The end of one life of a service, which nobody has asked for. */
export interface End {
  /** In a sentence. */
  readonly why: string
  /** How long it was ready, in milliseconds; undefined: it never was. */
  readonly readyMs: number | undefined
  /** With 0. */
  readonly isClean: boolean
  /** What isn't there doesn't come by trying again. */
  readonly isHopeless: boolean
}

/** What is known of the lives before. */
export interface History {
  /** How often in a row it has crashed. */
  readonly crashes: number
  /** It was ready before, in this life or an earlier one. */
  readonly everReady: boolean
  /** How long it may still take to get ready for the first time, however often it crashes before, in milliseconds. */
  readonly leftMs: number
}

/** What is done after an end. */
export type AfterEnd =
  | { readonly kind: 'over'; readonly state: 'done' | 'failed'; readonly why: string | undefined }
  | { readonly kind: 'pause'; readonly why: string; readonly delayMs: number; readonly crashes: number }
  /** Nothing, until somebody asks for it. */
  | { readonly kind: 'wait'; readonly why: string }

/** Whether a service is started again after it has ended by itself, and when. Pure. */
export function afterEnd(end: End, history: History, { restart, unready }: Pick<ServicePlan, 'restart' | 'unready'>): AfterEnd {
  const { why, readyMs } = end
  const failed = (text = why) => ({ kind: 'over', state: 'failed', why: text }) as const
  const isUnready = readyMs === undefined
  if (isUnready && unready === 'waits') return { kind: 'wait', why }
  if (end.isHopeless || (isUnready && (unready === 'fails' || (unready === 'ends' && !history.everReady)))) return failed()
  if (end.isClean && restart !== 'always')
    return isUnready ? failed(`${why}, before it was ready`) : { kind: 'over', state: 'done', why: undefined }
  if (restart === 'no') return failed()
  const crashes = isUnready || readyMs < settledMs ? history.crashes + 1 : 1
  const delayMs = restartDelayMs(crashes - 1)
  if (isUnready && unready === undefined && delayMs > history.leftMs) return failed(`${why}; it was never ready in ${crashes} starts`)
  return { kind: 'pause', why, delayMs, crashes }
}
