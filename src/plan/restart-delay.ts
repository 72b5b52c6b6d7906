/** The first wait before a crashed service is started again, in milliseconds. */
const firstMs = 1000
/** The longest, in milliseconds. */
const longestMs = 30_000
/** Ready for so long, in milliseconds, a service counts as well again: its next crash is a first one. */
export const settledMs = 60_000

/** How long to wait before a service is started again, in milliseconds, after it was started again `restarts` times in a row. Pure. */
export function restartDelayMs(restarts: number): number {
  return Math.min(firstMs * 2 ** Math.min(restarts, 10), longestMs)
}
