import type { Sink } from '../host/terminal.ts'

/** What can be told to write nothing more for a while. */
export interface Writers {
  /** May be called again while it holds: what was started in the meantime is to be held, too. */
  readonly pause: () => void
  readonly resume: () => void
}

/**
 * Lets the writers wait while a sink is full, so that no line is lost and none
 * fills our memory: a process whose pipe is full waits in its own `write`.
 * Gives what has to be called after each line (or piece) that went to the sinks.
 */
export function holdBack(sinks: () => readonly Sink[], writers: Writers): () => void {
  let held = false
  const look = () => {
    const sink = sinks().find((one) => one.full())
    if (sink === undefined) {
      if (!held) return
      held = false
      writers.resume()
      return
    }
    held = true
    writers.pause()
    sink.drained(look)
  }
  return () => {
    if (held) writers.pause()
    else look()
  }
}
