/** As much of a deadline as one sleep is counted for, in milliseconds. */
const sliceMs = 50

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
    const slice = Math.min(left, sliceMs)
    left -= slice
    timer = setTimeout(left > 0 ? sleep : read, slice)
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
