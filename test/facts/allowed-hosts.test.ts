import { expect, test } from 'vitest'
import { isOwnList } from '../../src/facts/allowed-hosts.ts'

test.each([
  ['the hosts themselves, in any order', ['localhost', '127.0.0.1'], ['127.0.0.1', 'localhost'], false, false],
  ['what DEBUG allows where none are named', ['localhost', '127.0.0.1', '[::1]'], [], true, false],
  ['nothing, as without DEBUG', [], [], false, false],
  ['Origins with their schemes', ['http://localhost:3000'], ['localhost'], true, true],
  ['one host of two', ['localhost'], ['localhost', '127.0.0.1'], true, true],
])('a list of its own: %s', (_, origins, allowed, debug, isOwn) => {
  expect(isOwnList(origins, allowed, debug)).toBe(isOwn)
})
