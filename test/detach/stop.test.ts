import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { runFileName, runsFolder, type RunState } from '../../src/facts/run-state.ts'
import { thisMachine } from '../../src/host/machine.ts'
import { processTable } from '../../src/host/process-table.ts'
import { writeRun } from '../../src/run/run-state.ts'
import { runCli, type CliResult } from '../support/cli.ts'
import { ending, type Ends } from '../support/ends.ts'
import { listens, testHost } from '../support/processes.ts'
import { freePort, until } from '../support/redis.ts'
import { makeStand } from '../support/stand.ts'

const ends: Ends = ending()
let root = ''

beforeEach(async () => {
  root = await ends.folder()
})

/** A program that has nothing to do with any run. */
async function innocent(script = 'exec sleep 600'): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn('/bin/sh', ['-c', `echo up; ${script}`], { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
  const { pid } = child
  if (pid === undefined) throw new Error('no program could be started')
  const gone = once(child, 'exit')
  ends.keep({
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) process.kill(-pid, 'SIGKILL')
      await gone
    },
  })
  await once(child.stdout, 'data')
  return Object.assign(child, { pid })
}

async function startOf(pid: number): Promise<string> {
  const row = (await processTable(testHost))?.find((one) => one.pid === pid)
  if (row === undefined) throw new Error(`PID ${pid} isn't seen`)
  return row.started
}

const lives = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null

async function stateOf(launcher: RunState['launcher'], processes: RunState['processes'] = []): Promise<RunState> {
  return {
    schemaVersion: 1,
    id: 'a-run',
    version: '0.0.0',
    machine: await thisMachine(testHost),
    launcher,
    startedAt: Date.now(),
    background: true,
    control: null,
    log: null,
    stopTimeoutMs: 2000,
    processes,
    status: { services: [], websocket: null, openSockets: null, lastError: null, page: null },
  }
}

const cli = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: root })
const files = (): Promise<string[]> => readdir(runsFolder(root)).catch(() => [])

test('a PID that was given out again: the other process lives, and it is said', async () => {
  const other = await innocent()
  const run = await stateOf({ pid: other.pid, started: '1' }, [{ service: 'backend', pid: other.pid, started: '1' }])
  await writeRun(root, run)
  const { status, stdout, stderr } = await cli('stop')
  expect(status).toBe(0)
  expect(stderr).toContain(`names PID ${other.pid}, which is another process now (started later): nothing was ended`)
  expect(stdout).toContain('Nothing runs in this folder')
  expect(lives(other)).toBe(true)
  expect(await files()).toEqual([])
})

test('half-written and foreign state files: nothing is ended, and it is said', async () => {
  const other = await innocent()
  const started = await startOf(other.pid)
  const whole = JSON.stringify(await stateOf({ pid: 999_999_999, started: '1' }, [{ service: 'backend', pid: other.pid, started }]))
  await mkdir(runsFolder(root), { recursive: true })
  await writeFile(join(runsFolder(root), '999999999-1.json'), whole.slice(0, -40))
  await writeFile(join(runsFolder(root), '999999998-1.json'), whole.replace(String(other.pid), '-1'))
  await writeFile(join(runsFolder(root), '999999997-1.json'), '')
  const elsewhere: RunState = { ...(await stateOf({ pid: other.pid, started })), machine: { hostname: 'another', boot: 'x', pids: 'y' } }
  await writeRun(root, elsewhere)
  const { status, stderr } = await cli('stop')
  expect(status).toBe(0)
  expect(stderr).toMatch(/999999999-1\.json can't be read: it is no JSON: half-written or damaged \(\d+ bytes\); nothing was ended/)
  expect(stderr).toMatch(/999999998-1\.json can't be read: it is no state of a run \(processes\.0\.pid/)
  expect(stderr).toMatch(/999999997-1\.json can't be read: it is empty/)
  expect(stderr).toContain('is of a run on another, another machine or container: ask there')
  expect(lives(other)).toBe(true)
  // what is dead was taken away; what may live elsewhere stays
  expect(await files()).toEqual([runFileName(elsewhere.launcher)])
})

test('a launcher that runs and whose file is damaged is left alone: exit 1', async () => {
  const other = await innocent()
  await mkdir(runsFolder(root), { recursive: true })
  const name = runFileName({ pid: other.pid, started: await startOf(other.pid) })
  await writeFile(join(runsFolder(root), name), '{"schemaVersion":1,')
  const { status, stderr } = await cli('stop')
  expect(status).toBe(1)
  expect(stderr).toContain(`its launcher (PID ${other.pid}) runs`)
  expect(lives(other)).toBe(true)
  expect(await files()).toEqual([name])
})

test('what a killed launcher has left is ended with all that it has started, and nobody else', async () => {
  const other = await innocent()
  // deaf to SIGTERM, with a child in a session of its own
  const left = await innocent(`trap '' TERM; setsid sleep 600 & while :; do sleep 0.05; done`)
  const started = await startOf(left.pid)
  const child = async () => (await processTable(testHost))?.find(({ parent, group }) => parent === left.pid && group !== left.pid)?.pid
  await until(async () => (await child()) !== undefined)
  const grandchild = (await child()) ?? 0
  await writeRun(
    root,
    await stateOf({ pid: 999_999_999, started: '1' }, [
      { service: 'worker', pid: left.pid, started },
      { service: 'gone', pid: other.pid, started: '1' },
    ]),
  )
  expect(await cli('status')).toMatchObject({ status: 1, stderr: expect.stringContaining(`worker (PID ${left.pid}) goes on`) })
  const { status, stdout } = await cli('stop')
  expect(status).toBe(0)
  expect(stdout).toContain(`Stopped, process by process: worker (PID ${left.pid})`)
  expect(lives(left)).toBe(false)
  expect((await processTable(testHost))?.some(({ pid, zombie }) => pid === grandchild && !zombie)).toBe(false)
  expect(lives(other)).toBe(true)
  expect(await files()).toEqual([])
})

test('two runs in one folder: each is ended by its PID; one whose launcher hangs, one whose launcher was killed', async () => {
  const stand = await makeStand()
  ends.keep({ stop: stand.remove })
  const { project, mark } = stand
  const second = await freePort('127.0.0.1')
  const hung = stand.start(['--no-observer'])
  const killed = stand.start(['--no-observer', '--port', String(second)])
  await Promise.all([hung.waitFor(/ready in[\s\S]*Channels/), killed.waitFor(/ready in[\s\S]*Channels/)])
  const run = (...args: string[]) => runCli(args, { cwd: project.root, env: mark.env })
  await until(async () => (await readdir(runsFolder(project.root)).catch(() => [])).length === 2)

  const which = await run('stop')
  expect(which).toMatchObject({ status: 2, stderr: expect.stringContaining('several-runs') })
  expect(which.stderr).toContain(`PID ${hung.child.pid} · in a terminal`)
  expect(await listens(stand.port)).toBe(true)

  hung.child.kill('SIGSTOP')
  const status = await run('status', '--json')
  expect(JSON.parse(status.stdout)).toMatchObject({
    runs: expect.arrayContaining([
      expect.objectContaining({ pid: hung.child.pid, live: false, problem: expect.stringContaining('does not answer within 2 s') }),
    ]),
  })
  const stopped = await run('stop', '--pid', String(hung.child.pid))
  expect(stopped.stderr).toContain('does not answer within 3 s: ending what it has written down')
  expect(stopped.status).toBe(0)
  expect((await hung.end()).status).toBe(143)
  expect(await listens(stand.port)).toBe(false)
  expect(await listens(second)).toBe(true)

  killed.child.kill('SIGKILL')
  await killed.end()
  // its guard ends the backend, which has no observer
  await until(async () => (await mark.processes()).length === 0)
  const ended = await run('stop')
  expect(ended).toMatchObject({ status: 0, stdout: expect.stringContaining('Nothing runs in this folder') })
  expect(await mark.processes()).toEqual([])
  expect(await mark.temporary()).toEqual([])
  expect(await readFile(join(project.root, '.election-dev', '.gitignore'), 'utf8').catch(() => 'gone')).toBe('gone')
})
