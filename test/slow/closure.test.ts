/** What is printed helps: the commands of every cause, run on the set-ups of test/faults, and on some of another shape. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { causes } from '../../src/causes/causes.ts'
import { closedCauses, closure } from '../support/closure.ts'
import { root } from '../support/tools.ts'

// those of `fix` are about what is done to a set-up of the others
const files = readdirSync(join(root, 'test', 'faults'))
  .map((file) => file.replace('.test.ts', ''))
  .filter((file) => !file.startsWith('fix'))

await closure(files)

/** Seen in runs alone, and closed by tests of them: `start --setup`, `start --install`, a page that is opened. */
const ofRuns: readonly string[] = ['frontend-not-installed', 'page-socket-elsewhere', 'user-missing']

test('every cause was closed by its commands, or its record says why it has none', () => {
  const open = causes.filter(({ id, noCommands }) => noCommands === undefined && !closedCauses().has(id)).map(({ id }) => id)
  expect(open.toSorted()).toEqual(ofRuns)
})
