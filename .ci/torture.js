// `npm run test:torture`: the tool is broken in every way that is known, one kind after the other. Its last line has the figures.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
/** What `npm test` has the quick part of: the same files without what is tagged as slow. */
const parts = {
  endings: ['test/slow/endings', 'test/slow/stack-endings', 'test/slow/smoke-killed', 'test/run/guard', 'test/run/stop', 'test/detach'],
  'forged files': ['test/run/backup', 'test/run/home', 'test/host/files', 'test/run/dotenv-write', 'test/commands/limits'],
  'hostile servers': ['test/verify', 'test/facts/redis', 'test/slow/never-green', 'test/slow/page-hostile'],
  secrets: ['test/host/secrets', 'test/detach/secrets', 'test/host/output', 'test/host/escape-codes', 'test/host/urls'],
  'bad input': ['test/slow/bad-input', 'test/slow/broken-index', 'test/host/bounded-match'],
  fuzzing: ['test/slow/fuzz'],
  memory: ['test/slow/memory', 'test/slow/log-volume'],
}
const wanted = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'torture-'))
const figures = join(folder, 'figures')
const began = Date.now()
const counts = { passed: 0, failed: 0 }
const lines = []
for (const [name, files] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const report = join(folder, `${name}.json`)
  const args = [vitest, 'run', '--maxWorkers', '2', '--reporter', 'default', '--reporter', 'json', '--outputFile', report, ...files]
  const started = Date.now()
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, TEST_TORTURE: 'all', TEST_FIGURES: figures },
  })
  const seen = resultOf(report)
  counts.passed += seen.passed
  // a runner that ends without a report has failed, too
  counts.failed += seen.failed + Number(status !== 0 && seen.failed === 0)
  lines.push(`${name}: ${seen.passed} passed, ${seen.failed} failed, ${Math.round((Date.now() - started) / 1000)} s`)
}

function resultOf(report) {
  try {
    const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(report, 'utf8'))
    return { passed, failed }
  } catch {
    return { passed: 0, failed: 0 }
  }
}

for (const line of lines) process.stdout.write(`${line}\n`)
try {
  process.stdout.write(readFileSync(figures, 'utf8'))
} catch {
  // a part that measures nothing
}
rmSync(folder, { recursive: true })
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${Math.round((Date.now() - began) / 1000)} s\n`)
process.exitCode = counts.failed === 0 ? 0 : 1
