import { randomBytes } from 'node:crypto'

/** A name for a run: sorts by its time, and two of the same second differ. */
export function newRunId(now: Date = new Date()): string {
  return `${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-${randomBytes(3).toString('hex')}`
}
