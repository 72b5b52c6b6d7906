/** What `start` makes of a frontend: it asks Vite, keeps its port, and says in one row why there is no page. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { recordOf } from '../../src/host/json.ts'
import { halvesOf } from '../support/both-halves.ts'
import type { RunningCli } from '../support/cli.ts'
import { ending } from '../support/ends.ts'
import { installerEnvironment } from '../support/fresh-project.ts'
import { listening } from '../support/node-servers.ts'
import { listens } from '../support/processes.ts'
import { run } from '../support/tools.ts'
import { until } from '../support/redis.ts'
import { onlyOrigin } from '../support/vite-frontend.ts'
import { variants } from '../support/variants.ts'

const { keep, project } = ending()

/** A checkout of both halves, whose files name the ports of backend and page. */
const both = halvesOf({ keep, project })

interface Row {
  readonly state: string
  readonly url: string
  readonly text: string
  readonly diagnosis?: { readonly id: string; readonly evidence: readonly string[]; readonly remedy: { readonly commands: string[][] } }
}

/** What was said of the frontend, in the banner and after it. */
function rowsOf(cli: RunningCli): Row[] {
  const lines = cli.stdout().split('\n')
  const events = lines.flatMap((line) => (line.endsWith('}') ? [JSON.parse(line)] : []))
  return events.flatMap(({ event, frontend, ...more }) =>
    event === 'frontend' ? [more] : event === 'ready' && frontend !== null ? [frontend] : [],
  )
}

/** The frontend's row once it is decided; the WebSocket is proven in any case. */
async function rowOf(cli: RunningCli): Promise<Row> {
  await cli.waitFor(/"event":"ready".*?"state":"connected"/)
  await until(async () => Promise.resolve((rowsOf(cli).at(-1)?.state ?? 'starting') !== 'starting'), 20_000)
  const row = rowsOf(cli).at(-1)
  if (row === undefined) throw new Error(cli.stdout())
  return row
}

const scripts = async (folder: string, dev: string, more: object = {}) => {
  const file = join(folder, 'package.json')
  await writeFile(file, JSON.stringify({ ...recordOf(await readFile(file, 'utf8')), scripts: { dev }, ...more }))
}

describe('its port', () => {
  const tells: [name: string, slowMs: number][] = [
    ['that only Vite can tell is kept, and the backend is proven with its Origin', 0],
    ['that Vite takes its time to tell as well', 3000],
  ]
  variants(tells, { quick: 1 }, async (_, slowMs) => {
    const { start, folder, page } = await both(undefined, (at) => ({ asgi: onlyOrigin(at) }))
    const slow = slowMs === 0 ? '' : `await new Promise((resolve) => setTimeout(resolve, ${slowMs}))\n`
    const config = `${slow}const shift = 1\nexport default { cacheDir: '.vite', server: { port: ${page - 1} + shift } }\n`
    await writeFile(join(folder, 'vite.config.js'), config)
    const row = await rowOf(start())
    expect(row).toMatchObject({ state: 'ready', url: `http://localhost:${page}/` })
    expect(row.text).toMatch(/^page 200 in \d+ ms$/)
  })

  test('that nobody tells beforehand is taken from its socket, and so is its Origin', async () => {
    const { start, folder, page } = await both(undefined, (at) => ({ asgi: onlyOrigin(at + 1) }))
    await scripts(folder, 'node serve.mjs && echo over')
    const server = `import { createServer } from 'node:http'
createServer((_, response) => response.setHeader('content-type', 'text/html').end('<p>page</p>')).listen(${page + 1}, '127.0.0.1')`
    await writeFile(join(folder, 'serve.mjs'), server)
    const row = await rowOf(start())
    expect(row).toMatchObject({ state: 'ready', url: `http://localhost:${page + 1}/` })
  })

  test('held by another program: the next one, and who depends on it', async () => {
    const held = await listening(
      keep,
      createServer((_, response) => response.end('held')),
    )
    const { start, page } = await both(
      (port) => ({ port: held, socket: `\`ws://\${location.host.replace(':${held}', ':${port}')}/ws/election-updates/\`` }),
      () => ({ settings: `CORS_ALLOWED_ORIGINS = ["http://localhost:${held}"]`, dotenv: [`PAGE=http://127.0.0.1:${held}`] }),
    )
    expect(page).not.toBe(held)
    const cli = start()
    const row = await rowOf(cli)
    expect(row.state).toBe('ready')
    expect(Number(new URL(row.url).port)).toBeGreaterThan(held)
    const warned =
      /Port \d+ of the frontend is held by [^"]*using \d+\. Port (\d+) is named by frontend\/src\/main\.js:2 [^"]*backend\/core\/settings\.py:\d+ [^"]*backend\/\.env:\d+ \(127/
    expect(warned.exec(cli.stdout())?.[1]).toBe(String(held))
  })

  test('held by its own old dev server: --takeover ends that, and keeps the port', { tags: ['slow'] }, async () => {
    const { start, folder, page } = await both()
    const old = spawn(process.execPath, [join(folder, 'node_modules', 'vite', 'bin', 'vite.js')], { cwd: folder, stdio: 'ignore' })
    const ended = once(old, 'exit')
    keep({ stop: async () => void (old.kill('SIGKILL'), await ended) })
    await until(() => listens(page))
    const beside = start()
    const moved = await rowOf(beside)
    expect(moved.url).not.toBe(`http://localhost:${page}/`)
    expect(beside.stdout()).toMatch(/an earlier dev server of this frontend, [^"]*vite\.js \(PID \d+\)[^"]*election-dev start --takeover/)
    await beside.end('SIGINT')
    expect(old.exitCode).toBeNull()
    const cli = start(['--takeover'])
    expect(await rowOf(cli)).toMatchObject({ state: 'ready', url: `http://localhost:${page}/` })
    expect(cli.stdout()).toMatch(/ending an earlier dev server of this project, node [^"]*vite\.js/)
    await ended
  })
})

// create-react-app's own is 350 MB; what counts here is a tool that is asked for nothing, and takes its port from where no reading looks
const reactScripts = `const { createServer } = require('node:http')
const port = Number(process.env.PORT ?? require('../../../port.json'))
createServer((_, response) => response.setHeader('content-type', 'text/html').end('<p>page</p>')).listen(port, '127.0.0.1')
`

test('another tool: nothing is claimed of what was only read, and its page is where its socket is', async () => {
  const { start, folder, page } = await both((port) => ({ socket: `makeUrl(${port})` }))
  await scripts(folder, 'react-scripts start')
  const bin = join(folder, 'node_modules', 'react-scripts', 'bin')
  await mkdir(bin, { recursive: true })
  await writeFile(join(bin, '..', 'package.json'), '{"name":"react-scripts","bin":"./bin/react-scripts.js"}')
  await writeFile(join(bin, 'react-scripts.js'), reactScripts)
  await writeFile(join(folder, 'port.json'), String(page))
  const row = await rowOf(start())
  expect(row).toMatchObject({ state: 'ready', url: `http://localhost:${page}/`, text: expect.stringMatching(/^page 200 in \d+ ms$/) })
})

describe('a WebSocket through it', () => {
  const own =
    "(() => { const url = new URL('/live/feed/', location.href); url.protocol = url.protocol.replace('http', 'ws'); return url })()"
  const through = (ws: string) =>
    both(
      (port) => ({ socket: own, server: `proxy: { '/live': { target: 'http://127.0.0.1:${port}'${ws} } },` }),
      () => ({ route: 'live/feed/' }),
    )

  test('is tried at the path that the application has', async () => {
    const { start } = await through(', ws: true')
    expect(await rowOf(start())).toMatchObject({
      state: 'ready',
      text: expect.stringMatching(/^page 200 .* WebSocket through it 101 in \d+ ms$/),
    })
  })

  test('is named where its proxy does not pass it on, with the line', async () => {
    const { start } = await through('')
    const row = await rowOf(start())
    expect(row).toMatchObject({ state: 'failed', diagnosis: { id: 'proxy-strips-upgrade' } })
    expect(row.diagnosis?.evidence.join('\n')).toMatch(/frontend\/vite\.config\.js:5 passes \/live on without ws: true/)
  })
})

describe('its script', () => {
  test('that takes a shell is run by its package manager', { tags: ['slow'] }, async () => {
    const { start, folder, page } = await both()
    await scripts(folder, 'node -e "process.exit(0)" && vite')
    const cli = start()
    expect(await rowOf(cli)).toMatchObject({ state: 'ready', url: `http://localhost:${page}/` })
    expect(cli.stdout()).toContain('vite')
  })

  test('that starts the backend as well is left for its dev server: there is one backend', async () => {
    const { start, folder, page, port, made } = await both()
    const second = `${join(made.backend, 'manage.py')} runserver ${port + 1}`
    await scripts(folder, `concurrently "vite" "python ${second}"`)
    const cli = start()
    expect(await rowOf(cli)).toMatchObject({ state: 'ready', url: `http://localhost:${page}/` })
    expect(cli.stdout()).toMatch(/of the script dev only vite [^"]* is run, the backend is up already: not python [^"]*runserver/)
    // by its command: its port may be that of whatever else runs here
    expect((await run('ps', ['-eo', 'args'])).stdout).not.toContain(second)
  })
})

describe('no page, in one row', () => {
  test('frontend-not-installed: no packages', async () => {
    const { start, folder } = await both()
    await rm(join(folder, 'node_modules'), { recursive: true })
    const row = await rowOf(start())
    expect(row).toMatchObject({
      state: 'failed',
      diagnosis: { id: 'frontend-not-installed', remedy: { commands: [['election-dev', 'start', '--install']] } },
    })
    expect(row.text).toMatch(
      /node_modules is missing in frontend\/\. npm install in frontend.* election-dev start --install {3}frontend-not-installed$/,
    )
  })

  test('frontend-not-installed: half of them; --install makes them whole', { timeout: 180_000, tags: ['slow'] }, async () => {
    const { start, folder, page } = await both()
    await rm(join(folder, 'node_modules'), { recursive: true })
    const bin = join(folder, 'node_modules', 'vite', 'bin')
    await mkdir(bin, { recursive: true })
    await writeFile(
      join(folder, 'node_modules', 'vite', 'package.json'),
      '{"name":"vite","type":"module","bin":{"vite":"bin/vite.js"},"exports":{".":"./dist/index.js"}}',
    )
    await writeFile(join(bin, 'vite.js'), "import '../dist/index.js'")
    const cli = start()
    const row = await rowOf(cli)
    expect(row).toMatchObject({ state: 'failed', diagnosis: { id: 'frontend-not-installed' } })
    // it is told without a start, and so without its restarts
    expect(cli.stdout()).not.toMatch(/"service","name":"frontend"/)
    await cli.end('SIGINT')
    const again = start(['--install'], installerEnvironment(true))
    await again.waitFor(new RegExp(`"url":"http://localhost:${page}/","state":"ready"`))
  })

  test('package-manager-missing: a release that can not be fetched', { tags: ['slow'] }, async () => {
    const { start, folder, made } = await both()
    await scripts(folder, 'node -e "process.exit(0)" && vite', { packageManager: 'yarn@4.5.0' })
    const env = { COREPACK_NPM_REGISTRY: 'http://127.0.0.1:1', COREPACK_HOME: join(made.root, 'corepack') }
    const row = await rowOf(start([], env))
    expect(row).toMatchObject({ state: 'failed', diagnosis: { id: 'package-manager-missing' } })
    expect(row.text).toMatch(/^not started: yarn isn't available as package\.json names it: yarn@4\.5\.0\..* {3}package-manager-missing$/)
  })

  test('package-manager-missing: the same, for an installation', { tags: ['slow'] }, async () => {
    const { start, folder, made } = await both()
    await rm(join(folder, 'node_modules'), { recursive: true })
    await scripts(folder, 'vite', { packageManager: 'yarn@4.5.0' })
    const env = { COREPACK_NPM_REGISTRY: 'http://127.0.0.1:1', COREPACK_HOME: join(made.root, 'corepack') }
    const row = await rowOf(start(['--install'], env))
    expect(row).toMatchObject({ state: 'failed', diagnosis: { id: 'package-manager-missing' } })
    expect(row.diagnosis?.evidence.join('\n')).toMatch(/http:\/\/127\.0\.0\.1:1/)
  })

  test('frontend-not-installed: an installation that fails', { tags: ['slow'] }, async () => {
    const { start, folder } = await both()
    await rm(join(folder, 'node_modules'), { recursive: true })
    // npm ci takes no lock file that says something else than package.json
    await writeFile(join(folder, 'package-lock.json'), '{"name":"frontend","lockfileVersion":3,"packages":{}}')
    const row = await rowOf(start(['--install']))
    expect(row).toMatchObject({ state: 'failed', diagnosis: { id: 'frontend-not-installed' } })
    expect(row.text).toMatch(/^not started: npm ci ended with 1\. npm ci in frontend/)
    expect(row.diagnosis?.evidence.join('\n')).toMatch(/in sync/)
  })

  test('package-manager-missing: it is not on this machine', async () => {
    const { start, folder, made } = await both()
    await scripts(folder, 'node -e "process.exit(0)" && vite', { packageManager: 'bun@1.1.0' })
    const row = await rowOf(start([], { PATH: join(made.root, 'nowhere') }))
    expect(row).toMatchObject({
      state: 'failed',
      diagnosis: { id: 'package-manager-missing', evidence: [expect.stringMatching(/no bun on the PATH/)] },
    })
  })

  test('frontend-failed: its configuration throws, and is told once', async () => {
    const { start, folder } = await both()
    await writeFile(join(folder, 'vite.config.js'), "throw new Error('no key for the map')")
    const cli = start()
    const row = await rowOf(cli)
    expect(row).toMatchObject({ state: 'failed', diagnosis: { id: 'frontend-failed' } })
    expect(row.diagnosis?.evidence.join('\n')).toContain('no key for the map')
    expect(cli.stdout()).toMatch(/"name":"frontend","kind":"frontend","state":"failed"/)
    expect(cli.stdout()).not.toMatch(/"name":"frontend","kind":"frontend","state":"restarting"/)
  })
})

test('an installation outlives a backend that fails', { tags: ['slow'], timeout: 60_000 }, async () => {
  const { start, folder, made } = await both()
  await rm(join(folder, 'node_modules'), { recursive: true })
  await scripts(folder, 'vite', { scripts: { dev: 'vite', postinstall: 'node slow.mjs' }, devDependencies: { page: 'file:./page' } })
  await mkdir(join(folder, 'page'))
  await writeFile(join(folder, 'page', 'package.json'), '{"name":"page","version":"1.0.0"}')
  await writeFile(
    join(folder, 'slow.mjs'),
    "import { writeFileSync } from 'node:fs'\nwriteFileSync('begun', '')\nsetTimeout(() => writeFileSync('whole', ''), 4000)\n",
  )
  await writeFile(join(made.backend, 'core', 'asgi.py'), 'import nothing_of_that_name\n')
  const { status, stdout } = await start(['--install']).end()
  expect(status).toBe(1)
  expect(stdout).toContain('still being installed')
  expect(await readFile(join(folder, 'whole'), 'utf8')).toBe('')
})
