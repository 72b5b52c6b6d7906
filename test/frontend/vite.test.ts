/** A real Vite, run by the plan: its page, its environment, its proxy. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isFree, probePort } from '../../src/facts/port.ts'
import { readFrontend } from '../../src/facts/frontend-reading.ts'
import type { FrontendPlan } from '../../src/plan/frontend.ts'
import { launchServer, type RunningServer } from '../../src/run/server.ts'
import { prove } from '../../src/verify/prove.ts'
import { proveFrontend, type FrontendProof, type FrontendTarget } from '../../src/verify/frontend.ts'
import type { Endpoint } from '../../src/verify/endpoint.ts'
import { ending } from '../support/ends.ts'
import { testHost } from '../support/processes.ts'
import type { TestProject } from '../support/project.ts'
import { freePort, until } from '../support/redis.ts'
import { planOf, votesConsumer, writeViteFrontend, type ViteFrontendOptions } from '../support/vite-frontend.ts'

const { keep, project, server, quietPort } = ending()
const path = '/ws/election-updates/'
type Planned = Extract<FrontendPlan, { kind: 'run' }>

function runnable(plan: FrontendPlan): Planned {
  if (plan.kind !== 'run') throw new Error(`it is ${plan.kind}: ${'why' in plan ? (plan.why ?? '') : ''}`)
  return plan
}

/** Starts the planned service, and ends it after the test. */
async function launch({ service }: Planned, env: Readonly<Record<string, string>> = {}): Promise<RunningServer> {
  const running = launchServer(
    testHost,
    { file: service.file, args: service.args, cwd: service.cwd, env: { ...service.env, ...env } },
    () => {},
  )
  keep({ stop: () => running.stop(3000) })
  await running.born
  return running
}

const target = (plan: Planned, running: RunningServer, more: Partial<FrontendTarget> = {}): FrontendTarget => ({
  page: new URL(plan.page),
  pid: running.pid,
  socket: undefined,
  direct: undefined,
  wiring: undefined,
  deadlineMs: 15_000,
  holdMs: 300,
  ...more,
})

const endpointAt = (port: number, origin: string): Endpoint => ({
  url: new URL(`ws://127.0.0.1:${port}${path}`),
  origin,
  token: undefined,
  tokenIn: 'query',
  tokenName: undefined,
  cookie: undefined,
  subprotocols: [],
  ping: { type: 'ping' },
})

async function textAt(url: string): Promise<string> {
  return (await fetch(url)).text()
}

test('its page answers on the chosen port, from a process of ours, without npm and without a shell', async () => {
  const made = await project({ environment: undefined })
  await writeViteFrontend(made)
  const port = await freePort('127.0.0.1')
  const plan = runnable(await planOf(made, { host: '127.0.0.1', port: 8000, wantedPort: 8000, path }, port))
  expect(plan.service.file).toBe(process.execPath)
  expect(plan.service.args[0]).toMatch(/vite[\\/]bin[\\/]vite\.js$/)
  expect(plan).toMatchObject({ page: `http://localhost:${port}/`, origin: `http://localhost:${port}`, variables: [], hardCoded: [] })
  const running = await launch(plan)
  const proof = await proveFrontend(testHost, target(plan, running))
  expect(proof).toMatchObject({ state: 'proven', owner: 'ours', page: { status: 200 }, through: undefined, diagnosis: undefined })
  expect(['127.0.0.1', '::1']).toContain(proof.page?.address)
  // nothing but the one process that was planned
  await running.stop(3000)
  expect(isFree(await probePort(port, '127.0.0.1'))).toBe(true)
})

test('no page: somebody else’s on the port, or none at all', async () => {
  const made = await project({ environment: undefined })
  await writeViteFrontend(made)
  const port = await freePort('127.0.0.1')
  const plan = runnable(await planOf(made, { host: '127.0.0.1', port: 8000, wantedPort: 8000, path }, port))
  const running = await launch(plan)
  expect(await proveFrontend(testHost, target(plan, running))).toMatchObject({ state: 'proven' })
  // the second one finds the port held: --strictPort ends it, and the page is the first one's
  const second = await launch(plan)
  expect((await second.exited).exitCode).toBe(1)
  expect(await proveFrontend(testHost, target(plan, second))).toMatchObject({ state: 'failed', owner: 'foreign' })
  const nothing = target(plan, running, { page: new URL(`http://localhost:${await quietPort()}/`), deadlineMs: 200 })
  expect(await proveFrontend(testHost, nothing)).toMatchObject({ state: 'failed', page: undefined })
})

/** A program of that name in a folder of its own, which leaves a file where it is run. */
async function standIn(made: TestProject): Promise<{ folder: string; opened: () => Promise<string | undefined> }> {
  const folder = join(made.root, 'programs')
  const file = join(made.root, 'opened')
  await mkdir(folder)
  await writeFile(join(folder, 'xdg-open'), `#!/bin/sh\necho "$1" > '${file}'\n`)
  await chmod(join(folder, 'xdg-open'), 0o755)
  return { folder, opened: () => readFile(file, 'utf8').catch(() => undefined) }
}

async function opening(env: Readonly<Record<string, string>>): Promise<{ opened: () => Promise<string | undefined>; page: string }> {
  const made = await project({ environment: undefined })
  const { folder, opened } = await standIn(made)
  await writeViteFrontend(made, { server: 'open: true,' })
  const port = await freePort('127.0.0.1')
  const host = { PATH: `${folder}:${process.env['PATH'] ?? ''}`, HOME: process.env['HOME'], DISPLAY: ':77' }
  const plan = runnable(await planOf(made, { host: '127.0.0.1', port: 8000, wantedPort: 8000, path }, port, { env: host }))
  const running = await launch(plan, env)
  expect(await proveFrontend(testHost, target(plan, running))).toMatchObject({ state: 'proven' })
  return { opened, page: plan.page }
}

describe('server.open', () => {
  test.skipIf(process.platform !== 'linux')('opens no browser, and would without the plan’s BROWSER=none', async () => {
    const without = await opening({ BROWSER: '' })
    await until(async () => (await without.opened()) !== undefined)
    expect(await without.opened()).toContain(without.page)
    const planned = await opening({})
    // Vite opens right after it listens; the control above was seen to, so a page that answers twice is past it
    for (let asked = 0; asked < 5; asked++) await textAt(planned.page)
    expect(await planned.opened()).toBeUndefined()
  })
})

const moved = (port: number) => ({ host: '127.0.0.1', port, wantedPort: 8000, path })

describe('the backend’s real port', () => {
  test('in the page’s source, before what .env says; other variables stay', async () => {
    const made = await project({ environment: undefined })
    const dotenv = [
      'VITE_WS_URL=ws://localhost:8000',
      'VITE_API_URL=http://127.0.0.1:8000/api/v1',
      'VITE_MAP_URL=https://maps.example:8000/',
    ]
    const extra = 'export const api = import.meta.env.VITE_API_URL\nexport const map = import.meta.env.VITE_MAP_URL\n'
    await writeViteFrontend(made, { dotenv, files: { 'src/addresses.js': extra } })
    const plan = runnable(await planOf(made, moved(8123), await freePort('127.0.0.1')))
    const running = await launch(plan)
    expect(await proveFrontend(testHost, target(plan, running))).toMatchObject({ state: 'proven' })
    const source = await textAt(`${plan.page}src/addresses.js`)
    expect(source).toContain('http://127.0.0.1:8123/api/v1')
    expect(source).toContain('ws://localhost:8123')
    expect(source).toContain('https://maps.example:8000/')
    expect(source).not.toContain('localhost:8000')
    expect(plan.hardCoded).toEqual([])
  })

  test('where the source alone names it, in place of a variable', async () => {
    const made = await project({ environment: undefined })
    await writeViteFrontend(made)
    const plan = runnable(await planOf(made, moved(8124), await freePort('127.0.0.1')))
    expect(plan.variables).toEqual([{ name: 'VITE_WS_URL', value: 'ws://localhost:8124', source: 'src/main.js:2' }])
    const running = await launch(plan)
    expect(await proveFrontend(testHost, target(plan, running))).toMatchObject({ state: 'proven' })
    expect(await textAt(`${plan.page}src/main.js`)).toMatch(/"VITE_WS_URL":\s*"ws:\/\/localhost:8124"/)
  })
})

describe.each(['daphne', 'uvicorn'] as const)('the WebSocket through Vite to %s', (kind) => {
  async function through(options: (port: number) => ViteFrontendOptions): Promise<{ proof: FrontendProof; plan: Planned }> {
    const made = await project({ consumer: votesConsumer })
    const backend = await server(kind, made)
    const folder = await writeViteFrontend(made, { socket: '`ws://${location.host}/ws/election-updates/`', ...options(backend.port) })
    const port = await freePort('127.0.0.1')
    const address = { host: '127.0.0.1', port: backend.port, wantedPort: backend.port, path }
    const plan = runnable(await planOf(made, address, port))
    expect(plan.socket.way).toBe('dev-server')
    const running = await launch(plan)
    const endpoint = endpointAt(backend.port, plan.origin)
    const direct = await prove(endpoint, { holdMs: 300 })
    direct.socket?.terminate()
    expect(direct.state).toBe('proven')
    const wiring = { ...(await readFrontend(folder)), folder: 'frontend' }
    const proof = await proveFrontend(testHost, target(plan, running, { socket: endpoint, direct: direct.facts, wiring }))
    return { proof, plan }
  }

  test('with ws: true it works', async () => {
    const { proof } = await through((port) => ({ server: `proxy: { '/ws': { target: 'http://127.0.0.1:${port}', ws: true } },` }))
    expect(proof).toMatchObject({ state: 'proven', diagnosis: undefined, page: { status: 200 }, owner: 'ours' })
    expect(proof.through).toMatchObject({ state: 'proven', facts: { handshake: { result: 'open' } } })
  })

  test.runIf(kind === 'daphne')(
    'without ws: true it is the proxy, with its line; with another target it is that',
    { tags: ['slow'] },
    async () => {
      const [stripped, elsewhere] = await Promise.all([
        through((port) => ({ server: `proxy: { '/ws': { target: 'http://127.0.0.1:${port}' } },` })),
        through(() => ({ server: `proxy: { '/ws': { target: 'http://127.0.0.1:1', ws: true } },` })),
      ])
      expect(stripped.proof).toMatchObject({ state: 'failed', diagnosis: { id: 'proxy-strips-upgrade' } })
      expect(stripped.proof.diagnosis?.evidence.join('\n')).toMatch(/frontend\/vite\.config\.js:5 passes \/ws on without ws: true/)
      expect(elsewhere.proof).toMatchObject({ state: 'failed', diagnosis: { id: 'wrong-frontend-port' } })
      expect(elsewhere.proof.diagnosis?.evidence.join('\n')).toContain('frontend/vite.config.js:5 passes /ws on to http://127.0.0.1:1')
    },
  )
})
