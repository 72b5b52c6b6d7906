/** The programmatic API as a project that installed the package has it. */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { cliEnvironment } from '../support/cli.ts'
import { raisesBeforeAccept } from '../support/consumers.ts'
import { transcript } from '../support/secrets.ts'
import { makeSmokeStand, type SmokeStand } from '../support/smoke.ts'
import { root } from '../support/tools.ts'

const run = promisify(execFile)
vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 })

let consumer: string

beforeAll(async () => {
  consumer = await mkdtemp(join(tmpdir(), 'election-consumer-'))
  const installed = join(consumer, 'node_modules', 'election-dev')
  await mkdir(installed, { recursive: true })
  // without its scripts: what is built already is packed
  await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', consumer], {
    cwd: root,
    shell: process.platform === 'win32',
  })
  const archive = (await readdir(consumer)).find((name) => name.endsWith('.tgz')) ?? ''
  await run('tar', ['xzf', join(consumer, archive), '-C', installed, '--strip-components', '1'])
  await symlink(join(root, 'node_modules', 'jiti'), join(consumer, 'node_modules', 'jiti'), 'junction')
  await writeFile(join(consumer, 'package.json'), '{"private":true,"type":"module"}')
})

afterAll(async () => {
  await rm(consumer, { recursive: true, force: true })
})

/** Runs a script of the consumer on the stand's project. */
async function runScript(
  stand: SmokeStand,
  file: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ stdout: string; stderr: string; code: number }> {
  const options = { cwd: consumer, env: cliEnvironment({ ...stand.mark.env, ELECTION_DEV_PORT: String(stand.port), ...env }) }
  try {
    const { stdout, stderr } = await run(process.execPath, [file, stand.project.root], options)
    transcript(file, `${stdout}\n${stderr}`)
    return { stdout, stderr, code: 0 }
  } catch (error) {
    if (!(error instanceof Error) || !('stdout' in error) || !('stderr' in error) || !('code' in error)) throw error
    return { stdout: String(error.stdout), stderr: String(error.stderr), code: Number(error.code) }
  }
}

test('the example of the package runs', async (context) => {
  const stand = await makeSmokeStand(context)
  await copyFile(join(consumer, 'node_modules/election-dev/templates/examples/api.mjs'), join(consumer, 'api.mjs'))
  const { stdout, stderr, code } = await runScript(stand, 'api.mjs')
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  expect(stdout).toMatch(
    new RegExp(`^ws://127\\.0\\.0\\.1:${stand.port}/ws/election-updates/: connected\\nproven from outside, too; pong in \\d+ ms\\n$`),
  )
  await stand.expectNothingLeft()
})

const observing = `
import { doctor, isRunError, start } from 'election-dev'
const signals = () => ['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => process.listenerCount(name)).join()
const events = []
const told = {}
try {
  const run = await start({ cwd: process.argv[2], hold: 300, onEvent: ({ event }) => events.push(event) })
  told.signals = signals()
  told.up = run.status()
  if (process.env.LOOK) {
    const { state, command } = await doctor({ cwd: process.argv[2], urls: [run.websocketUrl], hold: 300 })
    told.doctor = { state, command }
  }
  await run.stop()
  told.after = run.status()
  told.ended = await run.ended
} catch (error) {
  told.error = { ours: isRunError(error), code: error.code, exitCode: error.exitCode, evidence: error.evidence.join(' ') }
}
told.events = [...new Set(events)]
process.stdout.write(JSON.stringify(told))
`

test('start listens for no signal, prints nothing, tells its events; doctor gives its document', async (context) => {
  const stand = await makeSmokeStand(context)
  await writeFile(join(consumer, 'observing.mjs'), observing)
  const { stdout, stderr } = await runScript(stand, 'observing.mjs', { LOOK: '1' })
  expect(stderr).toBe('')
  // all of standard output is the script's own
  expect(JSON.parse(stdout)).toMatchObject({
    signals: '0,0,0',
    up: { running: true, websocket: { state: 'connected' } },
    doctor: { state: 'healthy', command: 'doctor' },
    after: { running: false, exitCode: 0 },
    ended: { running: false, exitCode: 0 },
    events: expect.arrayContaining(['phase', 'ready', 'log', 'stopping', 'end']),
  })
  await stand.expectNothingLeft()
})

test('start on a broken project ends all of it and throws the cause', async (context) => {
  const stand = await makeSmokeStand(context, { consumer: raisesBeforeAccept })
  await writeFile(join(consumer, 'observing.mjs'), observing)
  const { stdout } = await runScript(stand, 'observing.mjs')
  const told: { error?: { evidence: string } } = JSON.parse(stdout)
  expect(told).toMatchObject({ error: { ours: true, code: 'consumer-exception', exitCode: 1 } })
  expect(told.error?.evidence).toContain('updates/consumers.py')
  await stand.expectNothingLeft()
})

test('the types are complete without any other package', async () => {
  const source = `import { defineConfig, doctor, isRunError, start, verify, version, type ElectionDevConfig, type Run } from 'election-dev'
export const config: ElectionDevConfig = defineConfig({ port: 8001, services: { worker: { command: ['celery'], ready: { log: 'ready' } } } })
export async function use(): Promise<string | undefined> {
  const run: Run = await start({ cwd: '.', port: 8001, onEvent: ({ event }) => void event })
  const { proven, cause } = await verify({ url: run.websocketUrl })
  const { diagnosis } = await doctor({ urls: [run.websocketUrl] })
  await run.stop()
  return proven ? version : (cause?.remedy.text ?? diagnosis?.id)
}
export const codeOf = (error: unknown): string | undefined => (isRunError(error) ? error.code : undefined)
// @ts-expect-error a port is a number
defineConfig({ port: '8001' })
// @ts-expect-error there is no such key
defineConfig({ prot: 8001 })
// @ts-expect-error a service has a command
defineConfig({ services: { worker: {} } })
// @ts-expect-error there is no such server
void start({ server: 'gunicorn' })
`
  await writeFile(join(consumer, 'use.ts'), source)
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--lib',
    'es2023,dom',
    '--types',
    '',
    '--skipLibCheck',
    'false',
  ]
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const output = await run(process.execPath, [tsc, ...options, 'use.ts'], { cwd: consumer }).then(
    () => '',
    (error: unknown) => (error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error)),
  )
  expect(output).toBe('')
})
