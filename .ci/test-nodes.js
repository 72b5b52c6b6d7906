// Runs the tests on each Node that the project supports; the npm package `node` brings its binary.
// usage: npm run test:nodes [-- 22 24]
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const majors = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24', '26']
let failed = false
for (const major of majors) {
  const folder = join(root, 'test', '.cache', `node-${major}`)
  mkdirSync(folder, { recursive: true })
  const install = spawnSync('npm', ['install', '--prefix', folder, '--no-save', '--silent', '--no-audit', '--no-fund', `node@${major}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  const node = join(folder, 'node_modules', 'node', 'bin', 'node')
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim()
  if (install.status !== 0 || !version?.startsWith(`v${major}.`)) {
    console.log(`Node ${major}: can't be installed here`)
    failed = true
    continue
  }
  const { status } = spawnSync(node, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--reporter=dot'], {
    cwd: root,
    stdio: 'inherit',
  })
  console.log(`Node ${version}: ${status === 0 ? 'passed' : 'FAILED'}`)
  failed ||= status !== 0
}
process.exitCode = failed ? 1 : 0
