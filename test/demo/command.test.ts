import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCli, startCli, type RunningCli } from '../support/cli.ts'
import { freePort } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'
import { pythonOf } from '../support/tools.ts'

let folder = ''
let cli: RunningCli | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'election-demo-command-'))
})
afterEach(async () => {
  await cli?.end('SIGTERM')
  await rm(folder, { recursive: true, force: true })
})

/** A PATH on which an interpreter with every package comes first. */
const ready = { PATH: `${dirname(pythonOf('main'))}${delimiter}${process.env['PATH'] ?? ''}` }

test('an interpreter that already has the packages is used; a second run finds all of it there', async () => {
  const port = String(await freePort('127.0.0.1'))
  cli = startCli(['demo', '--port', port], { cwd: folder, env: ready })
  const [banner] = await cli.waitFor(/ready in[\s\S]*Page.*/)
  expect(banner).toContain('● connected')
  expect(banner).toContain(`http://127.0.0.1:${port}/`)
  const dotenv = await readFile(join(folder, 'election-demo', 'backend', '.env'), 'utf8')
  for (const key of ['SECRET_KEY', 'DEMO_PASSWORD']) secret(new RegExp(`^${key}=(.+)$`, 'm').exec(dotenv)?.[1] ?? '')
  const page = await fetch(`http://127.0.0.1:${port}/`)
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('id="status"')
  expect((await cli.end('SIGINT')).status).toBe(130)
  await expect(stat(join(folder, 'election-demo', 'backend', 'venv'))).rejects.toThrow()

  cli = startCli(['demo', '--port', port], { cwd: folder, env: ready })
  await cli.waitFor(/● connected/)
  expect(cli.stdout()).not.toContain('migrate')
  expect((await cli.end('SIGTERM')).status).toBe(143)
})

test('without one, the environment is made and the requirements are installed', { timeout: 240_000 }, async () => {
  cli = startCli(['demo', 'here', '--port', String(await freePort('127.0.0.1'))], { cwd: folder })
  const [banner] = await cli.waitFor(/ready in[\s\S]*Page.*/)
  expect(banner).toContain('● connected')
  expect(banner).toContain('backend/venv')
  await cli.end('SIGINT')
})

test('a folder with something else in it is left alone', async () => {
  const result = await runCli(['demo', '.'], { cwd: dirname(folder), env: ready })
  expect(result.status).toBe(2)
  expect(result.stderr).toContain('not-empty')
})

test('without any Python it says which command installs one', async () => {
  const result = await runCli(['demo'], { cwd: folder, env: { PATH: folder } })
  expect(result.status).toBe(1)
  expect(result.stderr).toContain('venv-missing')
  expect(result.stderr).toMatch(/apt install python3-venv/)
})
