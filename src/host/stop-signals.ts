/** What asks the launcher to end. `asked`: the program that it is part of. */
export type StopReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGBREAK' | 'parent-gone' | 'output-closed' | 'asked'

/** Exit status after a reason: 128 + the signal's number, as shells give it. A closed output is what SIGHUP tells too. */
export const exitStatusOf: Readonly<Record<StopReason, number>> = {
  SIGINT: 130,
  SIGTERM: 143,
  SIGHUP: 129,
  SIGBREAK: 130,
  'parent-gone': 129,
  'output-closed': 129,
  asked: 0,
}

/** A request this soon after another is the same one, in milliseconds. */
const sameRequestMs = 100
/** What a person sends again to say "now". A terminal that closes tells it by SIGHUP, by write errors and by a parent that ends: one event. */
const insistent: ReadonlySet<StopReason> = new Set(['SIGINT', 'SIGTERM', 'SIGBREAK'])

/** How often the parent is looked at, in milliseconds. */
const parentEveryMs = 250

/**
 * Calls back for every request to stop, with how many there were: the second,
 * which only SIGINT, SIGTERM and SIGBREAK can be, means now. Returns a function that takes the handlers away. `watchParent`: a
 * launcher whose parent was killed has nobody left who would stop it.
 */
export function onStopRequest(callback: (reason: StopReason, count: number) => void, options: { watchParent: boolean }): () => void {
  let count = 0
  let last = Number.NEGATIVE_INFINITY
  const request = (reason: StopReason) => {
    if (count > 0 && !insistent.has(reason)) return
    const now = performance.now()
    // a Ctrl+C reaches us from the terminal and once more through a parent such as npm, microseconds apart: that is one request
    if (now - last < sameRequestMs) return
    last = now
    callback(reason, ++count)
  }
  const signals =
    process.platform === 'win32' ? (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'] as const) : (['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  const handlers = signals.map((signal) => ({ signal, handler: () => request(signal) }))
  for (const { signal, handler } of handlers) process.on(signal, handler)

  const closed = () => request('output-closed')
  process.stdout.on('error', closed)
  process.stderr.on('error', closed)

  const parent = process.ppid
  // 1 is init or a container's own first process: nobody that we were handed to
  const watch = options.watchParent && parent > 1 && process.platform !== 'win32'
  const timer = watch
    ? setInterval(() => {
        if (process.ppid !== parent) request('parent-gone')
      }, parentEveryMs)
    : undefined
  timer?.unref()
  return () => {
    for (const { signal, handler } of handlers) process.off(signal, handler)
    process.stdout.off('error', closed)
    process.stderr.off('error', closed)
    clearInterval(timer)
  }
}

/** A signal that the first request to stop aborts, and why; `end` takes the handlers away. */
export function stopSignal(options: { watchParent: boolean }): {
  readonly signal: AbortSignal
  readonly reason: () => StopReason | undefined
  readonly end: () => void
} {
  const abort = new AbortController()
  let reason: StopReason | undefined
  const end = onStopRequest((why) => {
    reason ??= why
    abort.abort()
  }, options)
  return { signal: abort.signal, reason: () => reason, end }
}

/**
 * Ends this process by SIGHUP itself, which a shell shows as 129, where its
 * terminal may be gone: Node restores the terminal's mode at an ordinary exit
 * and aborts where that fails (ResetStdio in src/node.cc). Call it last. Does
 * nothing after any other reason.
 */
export function hangUp(reason: StopReason | undefined): void {
  if (reason === undefined || process.platform === 'win32' || exitStatusOf[reason] !== exitStatusOf.SIGHUP) return
  const { stdin, stdout, stderr } = process
  if (!stdin.isTTY && !stdout.isTTY && !stderr.isTTY) return
  // packages that restore the cursor listen, too, and would put off the end
  process.removeAllListeners('SIGHUP')
  process.kill(process.pid, 'SIGHUP')
}

/** What is told to stop by a program, and not by a signal: also before it listens. */
export interface StopSwitch {
  /** Tells it, with how urgently: 1 to stop, 2 by force. False where it was told so already. */
  readonly ask: (level: number) => boolean
  /** As `onStopRequest`. */
  readonly onStop: (callback: (reason: StopReason, count: number) => void) => () => void
}

/** Makes one, which nothing has been asked of yet. */
export function stopSwitch(): StopSwitch {
  let asked = 0
  let tell: ((reason: StopReason, count: number) => void) | undefined
  return {
    ask: (level) => {
      if (level <= asked) return false
      asked = level
      tell?.('asked', level)
      return true
    },
    onStop: (callback) => {
      tell = callback
      if (asked > 0) callback('asked', 1)
      return () => {
        tell = undefined
      }
    },
  }
}
