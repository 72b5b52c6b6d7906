import type { Readable } from 'node:stream'

/**
 * The output of a process on its way to us, which can be held up. Pausing the
 * streams isn't enough: Node resumes those of a process that has ended
 * (flushStdio in lib/internal/child_process.js), so what comes all the same is
 * kept here, in its order.
 */
export class Flow {
  readonly #streams: readonly Readable[]
  readonly #held: (() => void)[] = []
  readonly #waiting: (() => void)[] = []
  #paused = false
  #forGood = false
  #draining = false
  #chunks = 0

  constructor(streams: readonly Readable[]) {
    this.#streams = streams
  }

  /** How many pieces have come so far. */
  get chunks(): number {
    return this.#chunks
  }

  get paused(): boolean {
    return this.#paused
  }

  /** Handles a piece that has come: now, or after `resume`. */
  take(handle: () => void): void {
    this.#chunks++
    if (!this.#paused && !this.#draining) {
      handle()
      return
    }
    this.#held.push(handle)
    if (this.#paused) this.#pauseStreams()
  }

  pause(): void {
    if (this.#forGood) return
    this.#paused = true
    this.#pauseStreams()
  }

  resume(): void {
    this.#paused = false
    // a handler may pause again, or resume: the order stays, and one of them drains
    if (this.#draining) return
    this.#draining = true
    while (!this.#paused) {
      const handle = this.#held.shift()
      if (handle === undefined) break
      handle()
    }
    this.#draining = false
    if (this.#paused) return
    for (const stream of this.#streams) stream.resume()
    for (const go of this.#waiting.splice(0)) go()
  }

  /** Goes on, and can't be paused any more. */
  openForGood(): void {
    this.#forGood = true
    this.resume()
  }

  /** Calls back once nothing is held up: now, or after `resume`. */
  whenOpen(go: () => void): void {
    if (this.#paused) this.#waiting.push(go)
    else go()
  }

  #pauseStreams(): void {
    for (const stream of this.#streams) stream.pause()
  }
}
