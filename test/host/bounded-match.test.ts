import { expect, test } from 'vitest'
import { serves } from '../../src/facts/routes.ts'
import { matches } from '../../src/host/bounded-match.ts'

const hostile = `${'a'.repeat(60)}!`

test.each<[string, string, boolean | undefined]>([
  ['^ws/(?:\\w+/)+$', 'ws/a/b/', true],
  ['^ws/(?:\\w+/)+$', 'ws', false],
  ['^ws/', 'ws/a', true],
  ['(', 'ws', undefined],
  ['(x)+(', 'ws', undefined],
  ['^(a+)+$', hostile, undefined],
  ['^(a|a)*$', hostile, undefined],
])('%s in %s: %s', (pattern, text, expected) => {
  const began = performance.now()
  expect(matches(pattern, text)).toBe(expected)
  expect(performance.now() - began).toBeLessThan(1000)
})

test('a route that backtracks is one that can not be read', () => {
  expect(serves({ route: '^(a+)+$', pattern: '(a+)+$' }, `/${hostile}`)).toBeUndefined()
  expect(serves({ route: '^(a+)+$', pattern: '(a+)+$' }, '/aaa')).toBe(true)
})
