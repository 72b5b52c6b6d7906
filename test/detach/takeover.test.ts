import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import type { RunFact } from '../../src/facts/run-state.ts'
import type { ServerProcess, ServersFact } from '../../src/facts/server-process.ts'
import { decideTakeover } from '../../src/plan/takeover.ts'
import { ending } from '../support/ends.ts'
import { listens } from '../support/processes.ts'
import { freePort, until } from '../support/redis.ts'
import { startProgram } from '../support/servers.ts'
import { makeStand } from '../support/stand.ts'
import { basePython, pythonOf } from '../support/tools.ts'

const ends = ending()

const server = (pid: number, project: ServerProcess['project'], isServer = true): ServerProcess => ({
  pid,
  parent: 1,
  argv: isServer ? ['python', 'manage.py', 'runserver'] : ['python', '-m', 'http.server'],
  cwd: '/srv',
  executable: undefined,
  state: 'running',
  startedAt: undefined,
  command: isServer
    ? {
        program: 'runserver',
        application: undefined,
        host: undefined,
        port: 8000,
        unixSocket: undefined,
        workers: undefined,
        workerClass: undefined,
        websocketTimeout: undefined,
        ws: undefined,
        wsMaxSize: undefined,
        reload: false,
        noAsgi: false,
        tls: false,
      }
    : undefined,
  listens: [{ address: '127.0.0.1', port: 8000 }],
  unixSockets: [],
  project,
  env: undefined,
  logs: [],
})
const row = (pid: number, parent = 1, started = '7') => ({ pid, parent, group: pid, zombie: false, started })
const seen = (onPorts: readonly ServerProcess[], problem?: string): ServersFact => ({ onPorts, ofProject: [], source: '/proc', problem })
const run: Extract<RunFact, { kind: 'alive' }> = {
  kind: 'alive',
  file: '/x',
  run: {
    schemaVersion: 1,
    id: 'r',
    version: '0',
    machine: { hostname: 'h', boot: null, pids: null },
    launcher: { pid: 50, started: '5' },
    startedAt: 0,
    background: true,
    control: null,
    log: null,
    stopTimeoutMs: 1,
    processes: [{ service: 'backend', pid: 51, started: '6' }],
    status: { services: [], websocket: null, openSockets: null, lastError: null, page: null },
  },
}

test.each([
  ['a Django server of this project', seen([server(9, 'this')]), [row(9)], 'server 9 7'],
  ['one of another project', seen([server(9, 'other')]), [row(9)], 'leave: it is a server of another project'],
  ['one whose folder is not visible', seen([server(9, 'unknown')]), [row(9)], 'leave: which project it serves is not visible to this user'],
  ['another program in the folder', seen([server(9, 'this', false)]), [row(9)], 'leave: it is no Django server'],
  [
    'any command of its manage.py that listens',
    seen([{ ...server(9, 'this', false), argv: ['/v/bin/python', 'backend/manage.py', 'live'] }]),
    [row(9)],
    'server 9 7',
  ],
  ['one that was not there a moment ago', seen([server(9, 'this')]), [row(8)], 'leave: it was started this very moment'],
  ['an invisible one', seen([], 'a process of another user'), [row(9)], 'leave: a process of another user'],
  [
    'ours, and a foreign one beside it',
    seen([server(9, 'this'), server(10, 'other')]),
    [row(9), row(10)],
    'leave: it is a server of another project',
  ],
  ['ours, and an invisible one beside it', seen([server(9, 'this')], 'not visible'), [row(9)], 'leave: not visible'],
  ['nothing is known of the processes', seen([server(9, 'this')]), undefined, 'leave: its process is not visible to this user'],
  ['a child of a service of a run', seen([server(9, 'this')]), [row(50, 1, '5'), row(51, 50, '6'), row(9, 51)], 'run r'],
  [
    'a PID that a run had and another server has',
    seen([server(51, 'other')]),
    [row(51, 1, '99')],
    'leave: it is a server of another project',
  ],
] as const)('%s: %#', (_, servers, rows, expected) => {
  const decision = decideTakeover(8000, servers, [run], rows)
  const words =
    decision.kind === 'leave'
      ? `leave: ${decision.why}`
      : decision.targets
          .map((target) => (target.kind === 'run' ? `run ${target.fact.run.id}` : `server ${target.server.pid} ${target.started}`))
          .join()
  expect(words).toBe(expected)
})

test.each([
  ['a dev server of the frontend', { ...server(9, 'this', false), argv: ['node', '/p/vite.js'] }, 'end'],
  ['one whose title is its own', { ...server(9, 'this', false), argv: ['vite'], executable: '/usr/bin/node' }, 'end'],
  ['another program there', server(9, 'this', false), 'leave'],
  ['one of another frontend', { ...server(9, 'other', false), argv: ['node', '/p/vite.js'] }, 'leave'],
])('for the page: %s', (_, holder, kind) => {
  expect(decideTakeover(8000, seen([holder]), [], [row(9)], 'dev server').kind).toBe(kind)
})

test('--takeover ends the WSGI runserver of this project on the port, reloader and all, after saying which', async () => {
  const stand = await makeStand()
  ends.keep({ stop: stand.remove })
  const old = spawn(pythonOf('django'), ['manage.py', 'runserver', `127.0.0.1:${stand.port}`], {
    stdio: 'ignore',
    cwd: stand.project.backend,
    env: { ...process.env, ...stand.mark.env },
  })
  const gone = once(old, 'exit')
  await until(() => listens(stand.port))
  const cli = stand.start(['--takeover'])
  await cli.waitFor(/ready in[\s\S]*Channels/)
  expect(cli.stdout()).toMatch(
    new RegExp(`Port ${stand.port}: ending an earlier server of this project, .*manage.py runserver .*\\(PID ${old.pid}, since \\d{4}-`),
  )
  expect(cli.stdout()).toContain(`ws://127.0.0.1:${stand.port}/`)
  await gone

  // the next one takes over from this run, by its own launcher
  const next = stand.start(['--takeover'])
  await next.waitFor(/ready in[\s\S]*Channels/)
  expect(next.stdout()).toContain(`ending an earlier election-dev run of this folder (PID ${cli.child.pid}, since`)
  expect(next.stdout()).toContain(`ws://127.0.0.1:${stand.port}/`)
  expect((await cli.end()).status).toBe(0)
  await next.end('SIGTERM')
  await stand.expectNothingLeft()
})

test('--takeover leaves another program alone, and says so', async () => {
  const stand = await makeStand()
  ends.keep({ stop: stand.remove })
  const port = await freePort('127.0.0.1')
  // in the very folder of the backend, and yet no server of it
  const foreign = ends.keep(
    await startProgram(basePython(), () => ['-m', 'http.server', '--bind', '127.0.0.1', String(port)], {
      port,
      cwd: stand.project.backend,
    }),
  )
  const cli = stand.start(['--port', String(port), '--takeover'])
  await cli.waitFor(/ready in[\s\S]*Channels/)
  expect(cli.stdout()).toMatch(
    new RegExp(`Port ${port}: --takeover leaves .*http\\.server.*\\(PID ${foreign.pid}, since .*alone: it is no Django server`),
  )
  expect(foreign.child.exitCode).toBe(null)
  expect(await listens(port)).toBe(true)
  await cli.end('SIGTERM')
})
