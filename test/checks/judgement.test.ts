/** What the judge does to any diagnosis that a rule gives. */
import { installedBy } from '../../src/plan/install.ts'
import { expect, test } from 'vitest'
import { judge } from '../../src/checks/judgement.ts'
import { checkoutOf, environmentWith, evidenceOf, examinationOf, nothingListens } from '../support/evidence.ts'

const lacking = (module: string, names: readonly string[], packages?: readonly string[], hasUv?: boolean) =>
  judge(
    evidenceOf({
      installers: { hasUv: hasUv ?? false },
      wire: nothingListens,
      choice: { kind: 'ready', environment: environmentWith(packages), note: undefined },
      servers: { onPorts: [], ofProject: [], source: '/proc', problem: undefined },
      checkout: checkoutOf({ requirements: { file: '/home/ada/election/backend/requirements.txt', kind: 'requirements', names } }),
      examination: examinationOf({
        errors: [{ stage: 'application', type: 'ModuleNotFoundError', message: `No module named '${module}'` }],
      }),
    }),
  ).root?.remedy

test("no name is installed that nothing asks for and nobody knows: it may be misspelled, and a stranger's package", () => {
  expect(lacking('chats', ['django'])).toMatchObject({ automatic: 'no', commands: [], text: expect.stringContaining('requires chats') })
  expect(lacking('chats', ['chats'])?.commands).toHaveLength(1)
  expect(lacking('rest_framework', [])?.commands.flat()).toContain('djangorestframework')
})

test('an environment without pip gets it first', () => {
  const [first, second] = lacking('rest_framework', [], ['django', 'channels', 'daphne'])?.commands ?? []
  expect(first?.slice(1)).toEqual(['-m', 'ensurepip', '--upgrade'])
  expect(second?.slice(1)).toEqual(['-m', 'pip', 'install', 'djangorestframework'])
  expect(lacking('rest_framework', [])?.commands).toHaveLength(1)
})

test('or uv installs into it, where it is there', () => {
  const [first, ...rest] = lacking('rest_framework', [], ['django', 'channels', 'daphne'], true)?.commands ?? []
  expect(first).toEqual(['uv', 'pip', 'install', '--python', expect.stringMatching(/python$/), 'djangorestframework'])
  expect(rest).toEqual([])
  expect(installedBy(first ?? [])).toEqual(['djangorestframework'])
})
