/** What the promise gives, or undefined as soon as `signal` is aborted: nobody waits for the rest then. */
export async function raceStop<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const over = new AbortController()
  const aborted = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true, signal: over.signal })
    if (signal.aborted) resolve(undefined)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    over.abort()
  }
}
