/** Ten projects of different shapes: each goes from `git clone` to green by `start --setup` alone. */
import { expect, test } from 'vitest'
import { bringUp, pythonFor } from '../support/checkout-run.ts'
import { checkouts } from '../support/checkouts.ts'

test('they are ten', () => expect(new Set(checkouts.map(({ title }) => title)).size).toBe(10))

test.for(checkouts)('$title', { timeout: 240_000 }, async (checkout, { skip }) => {
  if (checkout.pythons !== undefined && (await pythonFor(checkout)) === undefined)
    skip(`pyenv has no Python ${checkout.pythons.join(' or ')} here`)
  await bringUp(checkout)
})
