import { expect, test } from 'vitest'
import { isWellKnown } from '../../src/checks/distributions.ts'
import { removedModule, successors } from '../../src/checks/removed-modules.ts'

test.each([
  ['distutils', '3.12.1', 12, 'setuptools<81'],
  ['distutils', '3.11.7', undefined, undefined],
  ['cgi', '3.13.0', 13, 'legacy-cgi'],
  ['cgi', '3.12.4', undefined, undefined],
  ['asyncore', '3.14.0', 12, 'standard-asyncore'],
  ['imp', '3.12.0', 12, undefined],
  ['pkg_resources', '3.11.7', undefined, 'setuptools<81'],
  ['constructor', '3.14.0', undefined, undefined],
  ['requests', '3.14.0', undefined, undefined],
  ['distutils', '', undefined, undefined],
])('%s on Python %s', (module, python, minor, name) => {
  const found = removedModule(module, python)
  expect([found?.minor, found?.name]).toEqual([minor, name])
})

test('what carries one on is no guess', () => {
  expect(successors.filter((name) => !isWellKnown(name.replace(/<.*/, '')))).toEqual([])
})
