/** Pages that never come to rest: the look at them ends within its bound, and takes all of it away. */
import { describe, expect, test } from 'vitest'
import { ending } from '../support/ends.ts'
import { browser, seenOf, servePage } from '../support/page-look.ts'

const { keep } = ending()

describe.skipIf(browser === undefined)('a page', { timeout: 60_000 }, () => {
  test.each<[string, string]>([
    ['never comes to rest', 'for (;;);'],
    ['opens windows', "setInterval(() => window.open('/x'), 20)"],
    ['loads itself anew', 'location.reload()'],
    ['allocates a gigabyte', 'const all = []; for (let i = 0; i < 1100; i++) all.push(new Uint8Array(1e6).fill(1)); for (;;);'],
    ['throws for ever', "setInterval(() => { throw new Error('again') }, 1)"],
  ])('one that %s ends within the bound', async (_, script) => {
    const { origin } = await servePage(keep, script)
    const seen = await seenOf(`${origin}/`, { deadlineMs: 5000 })
    expect(seen.elapsedMs).toBeLessThan(9000)
  })
})
