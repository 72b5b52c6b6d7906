import { defineConfig } from 'vitest/config'

/**
 * Of the real faults (test/faults) `npm test` runs these; the whole takes many
 * minutes and has a script of its own, `npm run test:faults`.
 */
const quick = ['broken-probes', 'broadcast', 'dotenv', 'fix', 'routing', 'token']
const faults = process.env['TEST_FAULTS'] === 'all'

export default defineConfig({
  test: {
    include: faults ? ['test/faults/**/*.test.ts'] : ['test/**/*.test.ts'],
    exclude: ['test/.cache/**', 'test/slow/**', ...(faults ? [] : [`test/faults/!(${quick.join('|')}).test.ts`])],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
