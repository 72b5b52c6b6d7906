// The suites that take many minutes: `npm run test:faults [-- test/faults/redis.test.ts]`, `npm run test:slow`, `npm run test:matrix`. The same runner as `npm test`.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const [suite, ...rest] = process.argv.slice(2)
const { status } = spawnSync(process.execPath, [vitest, 'run', ...rest], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, [`TEST_${suite.toUpperCase()}`]: 'all' },
})
process.exitCode = status ?? 1
