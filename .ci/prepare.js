// Installs and builds what is missing or older than its sources. Needs nothing but Node.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

// what was installed, by content: a checkout gives every file a new time
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex')
const stamp = join(root, 'node_modules', '.installed-lock')
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  // npm's own program, started with this Node: no shell, no npm.cmd
  const npm = process.env.npm_execpath
  if (npm === undefined) run('npm', ['ci'], { shell: process.platform === 'win32' })
  else run(process.execPath, [npm, 'ci'])
  writeFileSync(stamp, wanted)
}
if (newest(['src', '.ci/build.js', 'package.json']) > age('dist/THIRD-PARTY-NOTICES.txt')) run(process.execPath, ['.ci/build.js'])

function run(file, args, options = {}) {
  const { status, error } = spawnSync(file, args, { cwd: root, stdio: ['ignore', 2, 2], ...options })
  if (status !== 0) {
    process.stderr.write(`${file} ${args.join(' ')} failed${error === undefined ? '' : `: ${error.message}`}\n`)
    process.exit(status ?? 1)
  }
}

/** When a file was last written; 0 where it isn't there. */
function age(path) {
  const file = join(root, path)
  return existsSync(file) ? statSync(file).mtimeMs : 0
}

/** The newest of the files, folders walked. */
function newest(paths) {
  let last = 0
  for (const path of paths) {
    const file = join(root, path)
    const entry = statSync(file)
    last = Math.max(last, entry.isDirectory() ? newest(readdirSync(file).map((name) => join(path, name))) : entry.mtimeMs)
  }
  return last
}
