// Starts the demo on every Python of this machine, with the newest packages that
// each of them can have: environment by the demo's own setup, proof, the doctor's
// look from inside, stop.
// usage: npm run test:pythons [-- python3.12 …]
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const names =
  process.argv.length > 2 ? process.argv.slice(2) : ['python3.9', 'python3.10', 'python3.11', 'python3.12', 'python3.13', 'python3.14']
let failed = false
// pyenv's commands answer only for versions that are switched on
const pyenv = spawnSync('pyenv', ['versions', '--bare'], { encoding: 'utf8' })
const env = pyenv.status === 0 ? { ...process.env, PYENV_VERSION: pyenv.stdout.trim().split('\n').join(':') } : process.env
for (const name of names) {
  const found = spawnSync(name, ['-c', 'import sys; print(sys.executable, "%d.%d.%d" % sys.version_info[:3])'], { encoding: 'utf8', env })
  if (found.status !== 0) {
    console.log(`${name}: not on this machine`)
    continue
  }
  const [python, version] = found.stdout.trim().split(' ')
  const folder = mkdtempSync(join(tmpdir(), 'election-python-'))
  try {
    const line = await demo(python, join(folder, 'demo'))
    console.log(`Python ${version}: ${line}`)
    failed ||= !line.includes('connected') || !line.includes('doctor: healthy')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
process.exitCode = failed ? 1 : 0

/** What the doctor says of it, with a look from inside by that very Python. */
function doctor(folder) {
  const asked = spawnSync(process.execPath, [join(root, 'bin', 'election-dev.js'), 'doctor', '--json', '--port', '8790'], {
    cwd: folder,
    encoding: 'utf8',
  })
  const { state, findings, diagnosis } = JSON.parse(asked.stdout)
  const unknown = findings.filter(({ status }) => status === 'unknown').map(({ id }) => id)
  return {
    state: unknown.length > 0 ? `unknown ${unknown.join(', ')}` : (diagnosis?.id ?? state),
    checks: findings.filter(({ status }) => status === 'pass').length,
  }
}

/** What the banner says of the backend, or why there is none. */
function demo(python, folder) {
  return new Promise((resolve) => {
    const path = `${dirname(python)}:${process.env.PATH}`
    const child = spawn(process.execPath, [join(root, 'bin', 'election-dev.js'), 'demo', folder, '--json', '--port', '8790'], {
      env: { ...process.env, PATH: path },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let line = ''
    child.stdout.on('data', (data) => {
      output += data
      const ready = output.split('\n').find((entry) => entry.includes('"event":"ready"'))
      if (ready === undefined || line !== '') return
      try {
        const { websocket, backend } = JSON.parse(ready)
        const { state, checks } = doctor(folder)
        line = `${websocket.state} · ${backend.server} ${backend.serverVersion} · Django ${backend.django} · doctor: ${state}, ${checks} checks`
        child.kill('SIGINT')
      } catch {
        // the rest of the line is still to come
      }
    })
    child.once('close', (code) => resolve(line === '' ? `ended with ${code}: ${output.slice(-600)}` : line))
  })
}
