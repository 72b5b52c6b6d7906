/** What start says of its page, doctor and verify say as well: they try its WebSocket the way that the page goes. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { halvesOf } from '../support/both-halves.ts'
import { runCli } from '../support/cli.ts'
import { doctor } from '../support/doctor.ts'
import { ending } from '../support/ends.ts'
import { browser } from '../support/page-look.ts'
import { pageRowOf } from '../support/page-rows.ts'
import { root } from '../support/tools.ts'
import { until } from '../support/redis.ts'

const { keep, project, folder: emptyFolder, quietPort } = ending()
const both = halvesOf({ keep, project })

const path = '/ws/election-updates/'
const own = `\`ws://\${location.host}${path}\``
const proxy = (port: number, more = '') => `proxy: { '/ws': { target: 'http://127.0.0.1:${port}'${more} } },`

/** The run writes down how it stands, meanwhile. */
const besides = { readOnly: false } as const

/** What verify says of the project in a folder. */
const verified = async (cwd: string) => {
  const { status, stdout } = await runCli(['verify', '--json'], { cwd })
  const { ok, page }: { ok: boolean; page?: { diagnosis?: { id: string } } } = JSON.parse(stdout)
  return { status, ok, id: page?.diagnosis?.id }
}

test("a run's page whose proxy passes no upgrade on, until it does", { timeout: 120_000, tags: ['slow'] }, async () => {
  const { made, folder, port, page, start } = await both((backend) => ({ socket: own, server: proxy(backend) }))
  const cli = start(['--no-browser'])
  await cli.waitFor(/"event":"diagnosis".*proxy-strips-upgrade/)
  const answer = await doctor(made.root, besides)
  expect(answer, answer.evidence).toMatchObject({ ok: false, id: 'proxy-strips-upgrade', status: 1 })
  expect(answer.evidence).toContain('frontend/vite.config.js:')
  expect(await verified(made.root)).toEqual({ status: 1, ok: false, id: 'proxy-strips-upgrade' })

  // Vite takes it by itself
  await writeFile(
    join(folder, 'vite.config.js'),
    `export default { cacheDir: '.vite', server: { port: ${page}, strictPort: true, ${proxy(port, ', ws: true')} } }\n`,
  )
  await cli.waitFor(/server restarted/)
  expect(await doctor(made.root, besides)).toMatchObject({ ok: true, id: undefined })
  expect(await verified(made.root)).toEqual({ status: 0, ok: true, id: undefined })
})

test.skipIf(browser === undefined)("a run's page that a browser saw go elsewhere", { timeout: 120_000, tags: ['slow'] }, async () => {
  const { made, start } = await both((backend) => ({ socket: `'ws://localhost:${backend}/ws/old/'` }))
  const env = { HOME: await emptyFolder(), XDG_CACHE_HOME: undefined, ELECTION_DEV_BROWSER: undefined }
  expect(await pageRowOf(start([], env))).toMatchObject({ state: 'failed', diagnosis: { id: 'page-socket-elsewhere' } })
  expect(await doctor(made.root, besides)).toMatchObject({ ok: false, id: 'page-socket-elsewhere' })
  expect(await verified(made.root)).toMatchObject({ status: 1, id: 'page-socket-elsewhere' })
})

test('a dev server that somebody else has started: its proxy leads to another port', { timeout: 120_000 }, async () => {
  const elsewhere = await quietPort()
  const { made, folder, page, start } = await both(() => ({ socket: own, server: proxy(elsewhere, ', ws: true') }))
  await start(['--no-frontend']).waitFor(/"event":"ready"/)
  // nobody has started it yet
  expect(await doctor(made.root, besides)).toMatchObject({ ok: true })
  const vite = spawn(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), '--strictPort'], { cwd: folder, stdio: 'ignore' })
  keep({
    stop: async () => {
      vite.kill()
      if (vite.exitCode === null && vite.signalCode === null) await once(vite, 'exit')
    },
  })
  await until(async () =>
    fetch(`http://localhost:${page}/`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  const answer = await doctor(made.root, besides)
  expect(answer, answer.evidence).toMatchObject({ ok: false, id: 'wrong-frontend-port' })
  expect(answer.evidence).toMatch(/frontend\/vite\.config\.js:\d+ passes \/ws on to http:\/\/127\.0\.0\.1:\d+/)
  expect(await verified(made.root)).toMatchObject({ status: 1, id: 'wrong-frontend-port' })
})
