/** Which interpreter makes a new environment. */
import { expect, test } from 'vitest'
import { chooseBase, unavailable } from '../../src/facts/base-python.ts'

const at = (version: string) => ({ python: `/opt/python${version}`, version })
const all = ['3.8.18', '3.9.18', '3.12.1', '3.12.4', '3.13.0'].map(at)
const usual = at('3.11.7')
const word = (spec: string) => ({ spec, source: 'pyproject.toml:3' })

test.each<[string, string | undefined, string | undefined, string | undefined]>([
  ['nothing is said', undefined, undefined, undefined],
  ['python3 will do', '>=3.10', undefined, undefined],
  ['python3 is the one that is preferred', '>=3.10', '3.11', undefined],
  ['newer: the nearest', '>=3.12', undefined, '3.12.1'],
  ['older: the nearest', '<3.11', undefined, '3.9.18'],
  ['preferred, and there', undefined, '3.13', '3.13.0'],
  ['preferred to the last number, and there', undefined, '3.12.4', '3.12.4'],
  ['preferred to the last number, another release of it is there', undefined, '3.9.6', '3.9.18'],
  ['preferred, and not there: python3', undefined, '3.10', undefined],
  ['preferred and not there, and python3 is refused', '>=3.12', '3.14', '3.12.1'],
  ['preferred, which the project itself refuses', '>=3.12', '3.9', '3.12.1'],
])('%s', (_, required, preferred, version) => {
  const wish = {
    required: required === undefined ? undefined : word(required),
    preferred: preferred === undefined ? undefined : word(preferred),
  }
  const found = chooseBase(wish, usual, [usual, ...all])
  expect(found?.kind === 'found' ? found.version : found).toBe(version)
})

test('none will do: which there are', () => {
  const found = chooseBase({ required: word('>=3.14'), preferred: undefined }, usual, [usual, ...all])
  if (found?.kind !== 'none') throw new Error('one was found')
  expect(unavailable(found)).toMatchObject({
    title: 'The project asks for Python >=3.14, and none of those here is one',
    evidence: ['pyproject.toml:3 asks for Python >=3.14', 'Found on this machine: 3.11.7, 3.8.18, 3.9.18, 3.12.1, 3.12.4, 3.13.0'],
  })
})

test('without a python3 one that is preferred is taken', () => {
  expect(chooseBase({ required: undefined, preferred: word('3.13') }, undefined, all)).toMatchObject({ kind: 'found', version: '3.13.0' })
})
