/** `start` and `doctor` agree, on every set-up of test/faults. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { causes } from '../../src/causes/causes.ts'
import { agreement } from '../support/agreement.ts'
import { others, rows, withoutStart } from '../support/agreement-rows.ts'
import { nameOf, setUps } from '../support/doctor.ts'
import { root } from '../support/tools.ts'

// those of `fix` are about what is done to a set-up of the others
const files = readdirSync(join(root, 'test', 'faults'))
  .map((file) => file.replace('.test.ts', ''))
  .filter((file) => !file.startsWith('fix'))

await agreement(files)

/** Seen in runs alone: no set-up of test/faults has them yet. */
const ofRuns: readonly string[] = [
  'broadcast-lost',
  'frontend-failed',
  'frontend-not-installed',
  'package-manager-missing',
  'page-blocked',
  'page-broken',
  'page-socket-elsewhere',
  'page-socket-none',
  'page-socket-refused',
  'requirement-not-installable',
  'user-missing',
]

test('every cause has a set-up and a row, and every set-up with a row of its own is there', () => {
  const ids = causes.map(({ id }) => id)
  const made = new Set(setUps().map(({ id }) => id))
  expect(ids.filter((id) => !made.has(id)).toSorted()).toEqual(ofRuns)
  expect(Object.keys(rows).toSorted()).toEqual(ids.toSorted())
  const names = new Set(setUps().map(nameOf))
  expect([...Object.keys(others), ...Object.keys(withoutStart)].filter((name) => !names.has(name))).toEqual([])
})
