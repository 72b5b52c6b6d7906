import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { expectOneServer, expectServed, makeReloading, servedVersion } from '../support/edits.ts'
import type { RunningCli } from '../support/cli.ts'
import type { Stand } from '../support/stand.ts'

let stand: Stand | undefined

afterEach(async () => {
  await stand?.remove()
  stand = undefined
})

async function reloading(): Promise<Awaited<ReturnType<typeof makeReloading>>> {
  const made = await makeReloading()
  ;({ stand } = made)
  return made
}

/** The events of a kind so far. */
function events(cli: RunningCli, kind: string): Record<string, unknown>[] {
  return cli
    .stdout()
    .split('\n')
    .filter((line) => line.includes(`"event":"${kind}"`))
    .map((line): Record<string, unknown> => JSON.parse(line))
}

test('a save restarts the backend, on the same port, and its WebSocket is proven again', async () => {
  const { stand: at, cli, save } = await reloading()
  await save(1, 'good')
  await cli.waitFor(/"event":"restarted","why":"updates\/consumers.py changed"/)
  expect(await servedVersion(at.port)).toBe(1)
  const [restarted] = events(cli, 'restarted')
  expect(restarted?.['websocket']).toMatchObject({ state: 'connected', broadcast: { sent: 2, received: 2 } })
  await expectOneServer(at, cli)
  const { status } = await cli.end('SIGINT')
  expect(status).toBe(130)
  await at.expectNothingLeft().catch((error: unknown) => {
    // the compiled consumer of the new version
    if (!String(error).includes('__pycache__')) throw error
  })
})

test('a syntax error says so with its line, the backend goes on with the last good code, and the next save mends it', async () => {
  const { stand: at, cli, save } = await reloading()
  await save(1, 'syntax')
  await cli.waitFor(
    /"event":"reload-refused","file":"backend\/updates\/consumers.py","line":4,"message":"SyntaxError: [^"]+","since":"\d\d:\d\d:\d\d"/,
  )
  expect(await servedVersion(at.port)).toBe(0)
  await save(2, 'good')
  await expectServed(cli, at.port, 2)
  expect(events(cli, 'restarting')).toHaveLength(1)
})

test('what raises at its import is said with its cause, and the next save is waited for', { tags: ['slow'] }, async () => {
  const { stand: at, cli, save } = await reloading()
  await save(1, 'raises')
  await cli.waitFor(/"event":"diagnosis".*half an edit/)
  await cli.waitFor(/waiting for the next save/)
  expect(await servedVersion(at.port)).toBeUndefined()
  await save(2, 'good')
  await expectServed(cli, at.port, 2)
  await expectOneServer(at, cli)
})

test('a backend that is taken away, as another branch does, is said; the run goes on, and so does the backend once it is back', async () => {
  const { stand: at, cli } = await reloading()
  const backend = join(at.project.root, 'backend')
  const gone = join(at.project.root, '.gone')
  await rename(backend, gone)
  await cli.waitFor(/"id":"no-project"/)
  await rename(gone, backend)
  await cli.waitFor(/"event":"restarted","why":"manage.py changed"/)
  expect(await servedVersion(at.port)).toBe(0)
  expect((await cli.end('SIGINT')).status).toBe(130)
})

test('a new migration, a cache, an environment, a log and a frontend restart nothing; a new module does', async () => {
  const { stand: at, cli } = await reloading()
  const { backend } = at.project
  for (const folder of ['updates/migrations', 'updates/__pycache__', '.venv/lib', 'logs', 'node_modules/x', '.git'])
    await mkdir(join(backend, folder), { recursive: true })
  for (const file of [
    'updates/migrations/0001_initial.py',
    'updates/__pycache__/a.py',
    '.venv/lib/a.py',
    'logs/a.log',
    'node_modules/x/a.py',
    '.git/a.py',
    'updates/.#views.py',
    'updates/views.py~',
  ])
    await writeFile(join(backend, file), 'x = 1\n')
  await mkdir(join(backend, 'fresh', 'deep'), { recursive: true })
  await writeFile(join(backend, 'fresh', 'deep', 'module.py'), 'x = 1\n')
  await cli.waitFor(/"event":"restarted","why":"fresh\/deep\/module.py changed"/)
  expect(events(cli, 'restarting')).toHaveLength(1)
  await rm(join(backend, 'fresh'), { recursive: true })
  await cli.waitFor(
    /"event":"restarting","why":"fresh\/deep\/module.py changed"(?:.|\n)*"event":"restarting","why":"fresh\/deep\/module.py changed"/,
  )
})

test('settings that change are decided anew: another ASGI application is served', { tags: ['slow'] }, async () => {
  const { stand: at, cli } = await reloading()
  const settings = join(at.project.backend, 'core', 'settings.py')
  const asgi = join(at.project.backend, 'core', 'asgi.py')
  await writeFile(join(at.project.backend, 'core', 'other.py'), `${await readFile(asgi, 'utf8')}\nprint("the other one", flush=True)\n`)
  await writeFile(settings, (await readFile(settings, 'utf8')).replace('core.asgi.application', 'core.other.application'))
  await cli.waitFor(/the other one/)
  await cli.waitFor(/"event":"restarted"/)
})

test('without --reload nothing is watched; a crash starts the backend again and says why', async () => {
  const { makeStand } = await import('../support/stand.ts')
  stand = await makeStand()
  const cli = stand.start(['--json'])
  const [, pid = ''] = await cli.waitFor(/"event":"ready".*"pid":(\d+)/)
  process.kill(Number(pid), 'SIGKILL')
  await cli.waitFor(/"event":"diagnosis".*SIGKILL/)
  await cli.waitFor(/"event":"restarted".*"state":"connected"/)
  const [waiting] = events(cli, 'service').filter(({ state }) => state === 'waiting')
  expect(waiting?.['why']).toMatch(/started again in 1 s/)
  await expectOneServer(stand, cli)
  const { status } = await cli.end('SIGTERM')
  expect(status).toBe(143)
})
