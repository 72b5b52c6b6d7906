/** What a suite has measured, for who reads its last lines (`.ci/torture.js`). */
import { appendFileSync } from 'node:fs'

/** Writes a figure into the file that TEST_FIGURES names; without one nobody asks. */
export function figure(text: string): void {
  const file = process.env['TEST_FIGURES']
  if (file !== undefined) appendFileSync(file, `${text}\n`)
}
