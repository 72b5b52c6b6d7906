import type { Raised } from './observed.ts'

/** What became of the messages that were sent at one instance and should have reached a socket at another. */
export interface CrossingFact {
  /** Where they were sent, as it may be shown: `http://127.0.0.1:8000/`. */
  readonly from: string
  /** Where the socket is that should have got them. */
  readonly to: string
  readonly sent: number
  readonly received: number
  /** Of those that arrived, in milliseconds; undefined where none did. */
  readonly medianMs: number | undefined
  readonly slowestMs: number | undefined
  /** What the channel layer raised, where it did. */
  readonly raised: Raised | undefined
}

/** One fact of a direction's messages: how long each took in milliseconds, or undefined where it was lost. Pure. */
export function crossingOf(
  where: Pick<CrossingFact, 'from' | 'to'>,
  elapsed: readonly (number | undefined)[],
  raised?: Raised | undefined,
): CrossingFact {
  const arrived = elapsed.flatMap((ms) => ms ?? []).toSorted((a, b) => a - b)
  return {
    ...where,
    sent: elapsed.length,
    received: arrived.length,
    medianMs: arrived[Math.floor((arrived.length - 1) / 2)],
    slowestMs: arrived.at(-1),
    raised,
  }
}

/** True where every message arrived, in every direction. */
export function crosses(facts: readonly CrossingFact[]): boolean {
  return facts.every(({ sent, received }) => sent > 0 && received === sent)
}
