import { readdirSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

/**
 * Of the real faults (test/faults) `npm test` runs these; the whole takes many
 * minutes and has a script of its own, `npm run test:faults`.
 */
const quick = ['broken-probes']
const slowSuite = process.env['TEST_SLOW'] === 'all'
const faults = process.env['TEST_FAULTS'] === 'all'
const matrix = process.env['TEST_MATRIX'] === 'all'
const torture = process.env['TEST_TORTURE'] === 'all'
// by name: a negated pattern takes `fix` for the beginning of `fix-stores`
const slow = readdirSync(new URL('test/faults', import.meta.url)).filter(
  (name) => !quick.some((quickName) => name === `${quickName}.test.ts`),
)

/** Files of which the slow suite has more than `npm test` runs: a variant of what another test there shows. */
const tagged = readdirSync(new URL('test', import.meta.url))
  .filter((folder) => !folder.startsWith('.') && folder !== 'slow' && folder !== 'matrix')
  .flatMap((folder) => readdirSync(new URL(`test/${folder}`, import.meta.url)).map((file) => `test/${folder}/${file}`))
  .filter(
    (file) =>
      file.endsWith('.test.ts') && readFileSync(new URL(file, import.meta.url), 'utf8').match(/tags: \['slow'\]|\bvariants\(/) !== null,
  )

export default defineConfig({
  test: {
    tags: [{ name: 'slow', description: 'a variant of what a quicker test shows as well' }],
    ...(slowSuite || faults || torture ? {} : { tagsFilter: ['!slow'] }),
    include: slowSuite
      ? ['test/slow/**/*.test.ts', ...tagged]
      : faults
        ? ['test/faults/**/*.test.ts']
        : matrix
          ? ['test/matrix/**/*.test.ts']
          : ['test/**/*.test.ts'],
    exclude: [
      'test/.cache/**',
      ...(slowSuite || torture ? [] : ['test/slow/**']),
      ...(matrix ? [] : ['test/matrix/**']),
      ...(faults ? [] : slow.map((name) => `test/faults/${name}`)),
    ],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
