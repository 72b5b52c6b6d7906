import { deadline } from './deadline.ts'

/** Calls back once the signal is aborted, at once where it is already; gives the function that takes that back. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  signal.addEventListener('abort', callback, { once: true })
  if (signal.aborted) callback()
  return () => signal.removeEventListener('abort', callback)
}

/** What the promise gives, or undefined as soon as `signal` is aborted: nobody waits for the rest then. */
export async function raceStop<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let quit: (() => void) | undefined
  const aborted = new Promise<undefined>((resolve) => {
    quit = onAbort(signal, () => resolve(undefined))
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    quit?.()
  }
}

/** What the promise gives, or undefined where that takes longer than `ms` milliseconds. The timer is gone in either case. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let quit: (() => void) | undefined
  const late = new Promise<undefined>((resolve) => {
    quit = deadline(ms, () => resolve(undefined))
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    quit?.()
  }
}
