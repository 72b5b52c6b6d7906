import { readdirSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

/**
 * Of the real faults (test/faults) `npm test` runs these; the whole takes many
 * minutes and has a script of its own, `npm run test:faults`.
 */
const quick = ['broken-probes', 'routing', 'token']
const slowSuite = process.env['TEST_SLOW'] === 'all'
const faults = process.env['TEST_FAULTS'] === 'all'
// by name: a negated pattern takes `fix` for the beginning of `fix-stores`
const slow = readdirSync(new URL('test/faults', import.meta.url)).filter(
  (name) => !quick.some((quickName) => name === `${quickName}.test.ts`),
)

export default defineConfig({
  test: {
    include: slowSuite ? ['test/slow/**/*.test.ts'] : faults ? ['test/faults/**/*.test.ts'] : ['test/**/*.test.ts'],
    exclude: ['test/.cache/**', ...(slowSuite ? [] : ['test/slow/**']), ...(faults ? [] : slow.map((name) => `test/faults/${name}`))],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
