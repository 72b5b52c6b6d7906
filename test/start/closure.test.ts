/** What is printed helps: some causes, as they are and in another shape. All of them: test/slow/closure.test.ts. */
import { expect, test } from 'vitest'
import { closedCauses, closure } from '../support/closure.ts'

await closure(
  ['database', 'settings'],
  ['migrations-pending: nobody migrated [deep]', 'log-dir-missing: LOGGING has a file in a folder that git does not keep [flat]'],
)

test('their commands were run', () => {
  expect([...closedCauses()].toSorted()).toEqual(['log-dir-missing', 'migrations-pending'])
})
