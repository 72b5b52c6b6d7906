import { setFlagsFromString } from 'node:v8'

/** The newest Node whose V8 is known to have the flag; one without it would say so on standard error. */
const lastKnown = 26

/**
 * Keeps V8 from doubling the space for young objects up to 32 MB, most of which
 * is garbage: a log of a million lines makes much of it, and the launcher of a
 * day's work is to stay small (some 25 MB less at the peak). The collections
 * that it costs can't be measured beside the lines. For a process of our own
 * alone: the flag is the whole process's.
 */
export function keepHeapSmall(): void {
  if (Number.parseInt(process.versions.node, 10) <= lastKnown) setFlagsFromString('--semi-space-growth-factor=1')
}
