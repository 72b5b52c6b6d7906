// How much longer `election-dev start` takes to its ready line than the shortest
// script that could do the same (shortest.js), on the demo, in pairs in one run.
// usage: npm run bench:start [-- PAIRS]
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const pairs = Number(process.argv[2] ?? 11)
const cache = join(root, 'test', '.cache')
const environment = readdirSync(cache).find((name) => name.startsWith('venv-main-') && !name.endsWith('.lock'))
if (environment === undefined) throw new Error('npm test makes the Python environment that this needs: run it once')

const folder = mkdtempSync(join(tmpdir(), 'election-bench-'))
const backend = join(folder, 'backend')
try {
  cpSync(join(root, 'templates', 'demo'), folder, { recursive: true })
  renameSync(join(backend, 'env.example'), join(backend, '.env.example'))
  const password = randomBytes(9).toString('hex')
  const dotenv = readFileSync(join(backend, '.env.example'), 'utf8')
    .replace(/^SECRET_KEY=.*$/m, `SECRET_KEY=${randomBytes(32).toString('hex')}`)
    .replace(/^DEMO_PASSWORD=.*$/m, `DEMO_PASSWORD=${password}`)
  writeFileSync(join(backend, '.env'), dotenv)
  symlinkSync(join(cache, environment), join(backend, 'venv'))
  const python = join(backend, 'venv', 'bin', 'python')
  const manage = (...args) => execFileSync(python, ['manage.py', ...args], { cwd: backend, encoding: 'utf8' })
  manage('migrate', '--verbosity', '0')
  manage('demo_user')
  const token = manage(
    'shell',
    '-c',
    'from rest_framework_simplejwt.tokens import AccessToken as T; from django.contrib.auth import get_user_model as M; print(T.for_user(M().objects.get()))',
  )
    .trim()
    .split('\n')
    .at(-1)

  const results = { plain: [], given: [], minted: [] }
  const resident = []
  for (let pair = -1; pair < pairs; pair++) {
    // in turn, so that a machine that slows down slows all of them
    const plain = await time(
      [join(root, '.ci', 'bench', 'shortest.js'), python, backend, await freePort(), `/ws/election-updates/?token=${token}`],
      {},
      /ready \d+/,
    )
    const given = await time(
      [join(root, 'bin', 'election-dev.js'), 'start', '--cwd', folder, '--port', await freePort()],
      { ELECTION_DEV_TOKEN: token },
      /ready in/,
      (pid) => resident.push(residentOf(pid)),
    )
    const minted = await time([join(root, 'bin', 'election-dev.js'), 'start', '--cwd', folder, '--port', await freePort()], {}, /ready in/)
    // the first of each warms the disk's cache and isn't counted
    if (pair < 0) continue
    results.plain.push(plain)
    results.given.push(given)
    results.minted.push(minted)
  }
  row('the shortest script', results.plain)
  row('start, token given', results.given)
  row('start, token minted', results.minted)
  const empty = []
  const version = []
  for (let pair = 0; pair < 2 * pairs; pair++) {
    empty.push(await time(['-e', '0'], {}))
    version.push(await time([join(root, 'bin', 'election-dev.js'), '--version'], {}))
  }
  if (resident[0] !== undefined) console.log(`start holds ${median(resident)} MB at its ready line, median of ${resident.length}`)
  row('node -e 0', empty)
  row('election-dev --version', version)
  console.log(
    `--version takes ${median(version.map((value, index) => value / empty[index])).toFixed(2)} times as long as an empty Node, median of ${version.length} pairs`,
  )
  const more = (values) => median(values.map((value, index) => value - results.plain[index]))
  console.log(
    `more than the shortest, median of ${pairs} pairs: ${more(results.given)} ms with a token given, ${more(results.minted)} ms with one minted`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Milliseconds from the spawn to the line that matches (the command is ended then, and waited for), or to its end. */
function time(args, env, pattern, whenReady) {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    let output = ''
    let elapsed
    const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    const look = (data) => {
      output += data
      if (elapsed !== undefined || pattern?.test(output) !== true) return
      elapsed = performance.now() - started
      whenReady?.(child.pid)
      // the shortest script ends its server by itself
      if (!args[0].endsWith('shortest.js')) child.kill('SIGINT')
    }
    child.stdout.on('data', look)
    child.stderr.on('data', look)
    child.once('close', () => {
      if (pattern === undefined) elapsed = performance.now() - started
      if (elapsed === undefined) reject(new Error(output))
      else resolve(Math.round(elapsed))
    })
  })
}

/** Resident memory of a process in whole megabytes; undefined where the system doesn't tell by a file. */
function residentOf(pid) {
  const file = `/proc/${pid}/status`
  return existsSync(file) ? Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(file, 'utf8'))?.[1]) / 1024) : undefined
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(String(port)))
    })
  })
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

function row(name, values) {
  console.log(`${name.padEnd(22)} min ${Math.min(...values)}   median ${median(values)}   max ${Math.max(...values)} ms`)
}
