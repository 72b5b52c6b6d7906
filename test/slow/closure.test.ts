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

/** Whose commands no set-up of test/faults prints: they show in runs, or in a case that none of them is. */
const unseen: ReadonlySet<string> = new Set([
  'apps-not-ready',
  'asgi-import-error',
  'bind-address-unavailable',
  'database-absent',
  'database-unreachable',
  'dependency-conflict',
  'frontend-not-installed',
  'message-too-big',
  'page-socket-elsewhere',
  'session-missing',
  'stdlib-module-removed',
  'user-missing',
])

test('every cause was closed by its commands, or its record says why it has none', () => {
  const open = causes.filter(({ id, noCommands }) => noCommands === undefined && !closedCauses().has(id) && !unseen.has(id))
  expect(open.map(({ id }) => id)).toEqual([])
})
