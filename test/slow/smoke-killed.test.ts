/** `smoke` ended at a hundred moments: TEST_SEED repeats them. */
import { test, vi } from 'vitest'
import { killAt, moments } from '../support/killed.ts'

vi.setConfig({ testTimeout: 120_000 })

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000)

test.for(moments(seed, 100, 6000))(`$signal after $afterMs ms (TEST_SEED=${seed}) leaves nothing`, async (moment, context) => {
  await killAt(context, moment)
})
