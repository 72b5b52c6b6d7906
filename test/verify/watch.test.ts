/** How long a socket has to live after one that has died. */
import { expect, test } from 'vitest'
import { holdAfter } from '../../src/verify/watch.ts'

test.each([
  ['a short life', 1006, 900, 2400],
  ['a long one says nothing', 1006, 10_050, undefined],
  ['closed for want of a login, after it was waited for', 4401, 10_050, 11_550],
  ['closed for want of a message of the application’s own', 4408, 10_050, 11_550],
  ['a session that has run out', 4401, 600_000, undefined],
])('%s', (_, code, heldMs, hold) => {
  expect(holdAfter({ code }, heldMs)).toBe(hold)
})
