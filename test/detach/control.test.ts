import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { LauncherError } from '../../src/errors.ts'
import { judgeRun, type RunState } from '../../src/facts/run-state.ts'
import type { RunStatus } from '../../src/facts/run-status.ts'
import { placeOf } from '../../src/host/machine.ts'
import { askRun } from '../../src/run/control-client.ts'
import { serveControl, socketBase, type ControlTarget } from '../../src/run/control-server.ts'
import { cleanRuns, removeRun, removeSocket, writeRun } from '../../src/run/run-state.ts'
import { readRuns } from '../../src/facts/run-state.ts'
import { ending } from '../support/ends.ts'
import { testHost } from '../support/processes.ts'
import { secret } from '../support/secrets.ts'

const ends = ending()

const status: RunStatus = { services: [], websocket: null, openSockets: 3, lastError: null, page: null }

const means = {
  env: { DATABASE_URL: `postgres://votes:${secret('only-for-this-run')}@127.0.0.1:1/votes` },
  flags: { settings: 'core.dev' },
}

function target(asked: string[]): ControlTarget {
  return {
    status: () => status,
    restart: async (service) => {
      if (service === 'nobody') throw new LauncherError('no-such-service', 'There is no service nobody', { hint: 'There is: backend' })
      asked.push(`restart ${service ?? 'all'}`)
    },
    verify: async () => void asked.push('verify'),
    means: () => means,
    page: async () => [],
    stop: () => void asked.push('stop'),
  }
}

test('who knows the key is answered, and nobody else', async () => {
  const asked: string[] = []
  const control = await serveControl(testHost, target(asked))
  ends.keep({ stop: control.close })
  expect((await stat(control.address)).mode & 0o777).toBe(0o600)
  expect((await stat(dirname(control.address))).mode & 0o777).toBe(0o700)
  const deadlineMs = 5000
  expect(await askRun({ control }, 'status', { deadlineMs })).toEqual({ kind: 'answer', status })
  expect(await askRun({ control }, 'restart', { deadlineMs, service: 'backend' })).toMatchObject({ kind: 'answer' })
  expect(await askRun({ control }, 'verify', { deadlineMs })).toMatchObject({ kind: 'answer' })
  expect(await askRun({ control }, 'restart', { deadlineMs, service: 'nobody' })).toEqual({
    kind: 'refused',
    code: 'no-such-service',
    message: 'There is no service nobody',
    hint: 'There is: backend',
  })
  // with its secrets, which nobody else is told
  expect(await askRun({ control }, 'means', { deadlineMs })).toEqual({ kind: 'answer', status, means })
  const wrong = { ...control, key: `${control.key}0` }
  expect(await askRun({ control: wrong }, 'stop', { deadlineMs })).toEqual({ kind: 'absent', reason: 'it closed without an answer' })
  for (const said of ['garbage\n', '{"ask":"stop"}\n', 'x'.repeat(5000)]) {
    const socket = connect(control.address)
    socket.on('error', () => {})
    socket.write(said)
    await once(socket, 'close')
  }
  expect(asked).toEqual(['restart backend', 'verify'])
  expect(await askRun({ control }, 'stop', { deadlineMs })).toMatchObject({ kind: 'answer' })
  expect(asked.at(-1)).toBe('stop')
  await control.close()
  await expect(stat(dirname(control.address))).rejects.toThrow('ENOENT')
  expect(await askRun({ control }, 'status', { deadlineMs })).toEqual({ kind: 'absent', reason: 'ENOENT' })
  expect(testHost.secrets.mask(`key ${control.key}`)).toBe('key ***')
})

test('a launcher that takes the connection and says nothing is silent at the deadline', async () => {
  const folder = await ends.folder()
  const address = join(folder, 'socket')
  const server = createServer(() => {}).listen(address)
  await once(server, 'listening')
  ends.keep({ stop: async () => void server.close() })
  expect(await askRun({ control: { address, key: 'k' } }, 'status', { deadlineMs: 50 })).toEqual({ kind: 'silent' })
})

test.each([
  ['/tmp', '/tmp'],
  [`/var/folders/${'x'.repeat(40)}`, `/var/folders/${'x'.repeat(40)}`],
  [`/var/folders/${'x'.repeat(90)}`, '/tmp'],
])('a socket in %s has its folder in %s', (temporary, base) => {
  expect(socketBase(temporary)).toBe(base)
})

const linux = { hostname: 'a', boot: '1', pids: 'p' }

test.each([
  ['the same', linux, linux, 'here'],
  ['a new name, as a network gives it', { ...linux, hostname: 'b' }, linux, 'here'],
  ['another container', { ...linux, pids: 'q' }, linux, 'elsewhere'],
  ['after a reboot', { ...linux, boot: '0', pids: 'q' }, linux, 'before-reboot'],
  ['another machine', { hostname: 'b', boot: '0', pids: 'p' }, linux, 'elsewhere'],
  ['a Mac under another name', { hostname: 'x', boot: null, pids: null }, { hostname: 'y', boot: null, pids: null }, 'here'],
  ['a Mac, read in a container', { hostname: 'x', boot: null, pids: null }, linux, 'elsewhere'],
] as const)('PIDs of %s: %#', (_, there, here, place) => {
  expect(placeOf(there, here)).toBe(place)
})

const run: RunState = {
  schemaVersion: 1,
  id: 'r',
  version: '0',
  machine: linux,
  launcher: { pid: 50, started: '5' },
  startedAt: 0,
  background: true,
  control: null,
  log: null,
  stopTimeoutMs: 1,
  processes: [{ service: 'backend', pid: 51, started: '6' }],
  status,
}
const row = (pid: number, started: string, zombie = false) => ({ pid, parent: 1, group: pid, zombie, started })

test.each([
  ['both run', [row(50, '5'), row(51, '6')], 'alive'],
  ['the launcher is a zombie, the backend runs', [row(50, '5', true), row(51, '6')], 'orphaned'],
  ['the PID of the launcher was given out again', [row(50, '9')], 'stale'],
  ['nothing runs', [row(1, '0')], 'stale'],
  ['nothing is seen', undefined, 'unseen'],
] as const)('%s: %#', (_, rows, kind) => {
  expect(judgeRun('f', run, rows, linux).kind).toBe(kind)
})

test('a state file is taken away by its own run alone, and what is named otherwise than a control socket never', async () => {
  const root = await ends.folder()
  const file = await writeRun(root, { ...run, control: { address: join(root, 'precious'), key: 'k' } })
  await writeFile(join(root, 'precious'), '')
  await removeRun(root, 'another', file)
  expect((await readRuns(testHost, root)).length).toBe(1)
  await removeSocket(join(root, 'precious'))
  await mkdir(join(root, 'election-dev-abc'))
  await writeFile(join(root, 'election-dev-abc', 'control'), '')
  await removeSocket(join(root, 'election-dev-abc', 'control'))
  // of a run on another machine: left as it is
  await cleanRuns(root, await readRuns(testHost, root))
  expect((await readdir(root)).toSorted()).toEqual(['.election-dev', 'election-dev-abc', 'precious'])
  expect(await readdir(join(root, 'election-dev-abc'))).toEqual(['control'])
  await removeRun(root, 'r', file)
  expect((await readdir(root)).toSorted()).toEqual(['election-dev-abc', 'precious'])
})
