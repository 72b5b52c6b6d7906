/** As much of a deadline as one sleep is for, and how much longer one takes in which this process stood still, in milliseconds. */
const limits = { slice: 50, stall: 100 }

/**
 * Calls back once `ms` milliseconds have passed in which this process could
 * hear the other side: while a module of its own is read, or the laptop sleeps,
 * an answer lies unread, and Node runs the timers that are due before it reads
 * (nodejs.org/en/learn/asynchronous-work/event-loop-timers-and-nexttick).
 *
 * @returns What takes it back.
 */
export function deadline(ms: number, callback: () => void): () => void {
  let left = ms
  let isOver = false
  let timer: NodeJS.Timeout | undefined
  const sleep = () => {
    const slice = Math.min(left, limits.slice)
    const began = performance.now()
    timer = setTimeout(() => {
      const slept = performance.now() - began
      left -= slept > slice + limits.stall ? slice : slept
      // a timer may come a little early
      if (left >= 1) sleep()
      else read()
    }, slice)
  }
  // what has come in meanwhile is read first
  const read = () => setImmediate(() => isOver || callback())
  if (ms > 0) sleep()
  else read()
  return () => {
    isOver = true
    clearTimeout(timer)
  }
}
