import { runInNewContext } from 'node:vm'
import { attempt } from '../errors.ts'

/** A group that is repeated may take exponential time, and several repetitions a power of the length: no other pattern takes long. */
const mayBacktrack = /\)[*+{]|[*+}].*[*+}]/s
/** How long a pattern may take, in milliseconds. */
const limitMs = 50

/**
 * Whether the text has what somebody else's pattern looks for; undefined where
 * JavaScript can't read it, or it backtracks for longer than 50 ms: `^(a+)+$`
 * takes years for forty letters, and nothing else runs meanwhile.
 */
export function matches(pattern: string, text: string): boolean | undefined {
  if (!mayBacktrack.test(pattern)) return attempt(() => new RegExp(pattern).test(text))
  // V8 ends a regular expression where it ends the script that runs it
  const found: unknown = attempt(() => runInNewContext('new RegExp(pattern).test(text)', { pattern, text }, { timeout: limitMs }))
  return typeof found === 'boolean' ? found : undefined
}
