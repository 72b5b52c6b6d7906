// Packs the project, installs the package into an empty folder and runs it there,
// as somebody who types `npx election-dev` gets it.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const folder = mkdtempSync(join(tmpdir(), 'election-pack-'))
const shell = process.platform === 'win32'
try {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], shell })
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack made no package')
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', `./${tarball}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell,
  })
  const bin = join(folder, 'node_modules', 'election-dev', 'bin', 'election-dev.js')
  const run = (...args) => execFileSync(process.execPath, [bin, ...args], { cwd: folder, encoding: 'utf8' })
  expect(/^\d+\.\d+\.\d+/.test(run('--version')), '--version prints a version')
  for (const command of [[], ['start'], ['verify'], ['doctor'], ['env'], ['demo']])
    expect(run(...command, '--help').includes('Examples:'), `${command.join(' ')} --help has examples`)
  for (const file of [
    'dist/config.schema.json',
    'dist/doctor.schema.json',
    'dist/guard.py',
    'dist/guard_windows.py',
    ...sources('inside/election_dev_inside'),
    'templates/demo/backend/manage.py',
    'templates/demo/gitignore',
    'LICENSE',
    'README.md',
  ]) {
    expect(existsSync(join(folder, 'node_modules', 'election-dev', file)), `the package has ${file}`)
  }
  const leftOut = readdirSync(join(folder, 'node_modules', 'election-dev'), { recursive: true }).filter((name) =>
    /\.pyc$|__pycache__|db\.sqlite3|(^|[\\/])\.env$/.test(name),
  )
  expect(leftOut.length === 0, `the package has nothing that a run leaves: ${leftOut.join(', ')}`)
  const { checks } = JSON.parse(run('doctor', '--list', '--json'))
  expect(checks.length > 90, `doctor --list names every check: ${checks.length}`)
  expect(run('doctor', 'explain', 'redis-too-old').includes('BZPOPMIN'), 'doctor explain has the page on a cause')
  let judged = ''
  try {
    run('doctor', '--json', '--url', 'ws://127.0.0.1:1/ws/')
  } catch (error) {
    judged = JSON.parse(error.stdout).diagnosis.id
  }
  expect(judged === 'server-not-running', 'doctor judges a URL in an empty folder')
  let status = 0
  try {
    execFileSync(process.execPath, [bin, 'start'], { cwd: folder, stdio: 'pipe' })
  } catch (error) {
    status = error.status
    expect(String(error.stderr).includes('no-project'), 'start in an empty folder says that there is no project')
  }
  expect(status === 2, 'start in an empty folder exits with 2')
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Where the package has the Python files of a folder below src. */
function sources(path) {
  const names = readdirSync(join(root, 'src', path)).filter((name) => name.endsWith('.py'))
  return names.map((name) => `dist/${path}/${name}`)
}

function expect(holds, what) {
  if (!holds) throw new Error(what)
  process.stdout.write(`  ${what}\n`)
}
