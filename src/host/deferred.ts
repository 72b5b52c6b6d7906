/** A promise that is settled from outside (Promise.withResolvers, which Node has since 22). */
export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

/** Makes one. Its rejection is no unhandled one, where nobody waits for it any more. */
export function deferred<T>(): Deferred<T> {
  const made: { resolve?: (value: T) => void; reject?: (error: unknown) => void } = {}
  const promise = new Promise<T>((resolve, reject) => {
    made.resolve = resolve
    made.reject = reject
  })
  promise.catch(() => {})
  return { promise, resolve: (value) => made.resolve?.(value), reject: (error) => made.reject?.(error) }
}
