/** What is printed helps: the commands of every cause, run on the set-ups of test/faults, and on some of another shape. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { causes, type CauseId } from '../../src/causes/causes.ts'
import { closedCauses, closure } from '../support/closure.ts'
import { root } from '../support/tools.ts'

// those of `fix` are about what is done to a set-up of the others
const files = readdirSync(join(root, 'test', 'faults'))
  .map((file) => file.replace('.test.ts', ''))
  .filter((file) => !file.startsWith('fix'))

await closure(files)

/** Whose commands no set-up of test/faults prints, since they show in runs or in another case: the test that runs them. */
const elsewhere: Readonly<Partial<Record<CauseId, string>>> = {
  'apps-not-ready': 'slow/closure-of-runs',
  'asgi-import-error': 'slow/closure-of-runs',
  'bind-address-unavailable': 'slow/closure-of-runs',
  'database-absent': 'slow/closure-of-runs',
  'database-unreachable': 'slow/closure-of-runs',
  'dependency-conflict': 'faults/python',
  'frontend-not-installed': 'slow/closure-of-runs',
  'message-too-big': 'slow/closure-of-runs',
  'page-socket-elsewhere': 'start/page',
  'session-missing': 'slow/closure-of-runs',
  'stdlib-module-removed': 'slow/closure-of-runs',
  'user-missing': 'start/database',
}

test('every cause was closed by its commands, or its record says why it has none', () => {
  const open = causes.filter(({ id, noCommands }) => noCommands === undefined && !closedCauses().has(id) && elsewhere[id] === undefined)
  expect(open.map(({ id }) => id)).toEqual([])
  for (const [id, file] of Object.entries(elsewhere))
    expect(readFileSync(join(root, 'test', `${file}.test.ts`), 'utf8'), file).toContain(`'${id}`)
})
