import { execFileSync } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lastRecords, segmentsOf, type LogRecord } from '../../src/facts/run-log.ts'
import { logsFolder, type RunState } from '../../src/facts/run-state.ts'
import { thisMachine } from '../../src/host/machine.ts'
import { processTable } from '../../src/host/process-table.ts'
import { openRunLog, pruneLogs } from '../../src/run/run-log.ts'
import { writeRun } from '../../src/run/run-state.ts'
import { runCli, startCli } from '../support/cli.ts'
import { ending } from '../support/ends.ts'
import { testHost } from '../support/processes.ts'
import { until } from '../support/redis.ts'

const ends = ending()

const isLine = (record: LogRecord): boolean => 'line' in record

/** A run whose launcher is the test itself. */
async function register(root: string, log: string): Promise<void> {
  const own = (await processTable(testHost))?.find(({ pid }) => pid === process.pid)
  const run: RunState = {
    schemaVersion: 1,
    id: log,
    version: '0.0.0',
    machine: await thisMachine(testHost),
    launcher: { pid: process.pid, started: own?.started ?? '' },
    startedAt: Date.now(),
    background: true,
    control: null,
    log,
    stopTimeoutMs: 1000,
    processes: [],
    status: { services: [], websocket: null, openSockets: null, lastError: null, page: null },
  }
  await writeRun(root, run)
}

test('logs -f follows across files that are written and taken away, in order, without a gap, until the end', async () => {
  const root = await ends.folder()
  const folder = logsFolder(root)
  await mkdir(folder, { recursive: true })
  await register(root, 'run-1')
  const log = openRunLog(folder, 'run-1', { size: 1024, count: 2 })
  for (let index = 0; index < 5; index++) log.line('backend', `early ${index}`)
  log.flush()
  const cli = startCli(['logs', '-f', '-n', '2', 'backend'], { cwd: root })
  await cli.waitFor(/backend │ early 4\n/)
  expect(cli.stdout()).toBe('backend │ early 3\nbackend │ early 4\n')
  for (let round = 0; round < 24; round++) {
    for (let index = 0; index < 10; index++) {
      log.line('backend', `line ${round * 10 + index}`)
      log.line('worker', 'not asked for')
    }
    log.flush()
    // as fast as it is read: of what is faster, the oldest is taken away
    await until(async () => cli.stdout().includes(`line ${round * 10 + 9}\n`))
  }
  expect((await segmentsOf(folder, 'run-1')).length).toBe(3)
  expect((await segmentsOf(folder, 'run-1'))[0]).toBeGreaterThan(5)
  for (const segment of await segmentsOf(folder, 'run-1'))
    expect((await stat(join(folder, `run-1.${segment}.jsonl`))).size).toBeLessThan(1200)
  log.end(0)
  const { status, stdout, stderr } = await cli.end()
  expect(status).toBe(0)
  expect(stderr).toBe('')
  expect(stdout.split('\n').slice(2, -1)).toEqual(Array.from({ length: 240 }, (_, index) => `backend │ line ${index}`))
})

test('the last lines come from as many files as it takes; a torn line is passed over', async () => {
  const folder = await ends.folder()
  const log = openRunLog(folder, 'a', { size: 1024, count: 5 })
  for (let index = 0; index < 60; index++) log.line('backend', `line ${index}`)
  log.flush()
  expect((await segmentsOf(folder, 'a')).length).toBeGreaterThan(2)
  const { records, ended, position } = await lastRecords(folder, 'a', { count: 50, wanted: isLine })
  expect(records.map((record) => ('line' in record ? record.line : ''))).toEqual(
    Array.from({ length: 50 }, (_, index) => `line ${index + 10}`),
  )
  expect(ended).toBe(false)
  expect(position.offset).toBe((await readFile(join(folder, `a.${position.segment}.jsonl`))).length)
})

test('of earlier runs the logs are taken away, but the newest and those that are named; what is called otherwise is no log of ours', async () => {
  const folder = await ends.folder()
  const ids = [1, 2, 3, 4].map((day) => `2026010${day}-120000-abcdef`)
  const [named = '', , , newest = ''] = ids
  for (const id of ids) openRunLog(folder, id, { size: 1024, count: 1 }).end(0)
  const foreign = ['notes.1.jsonl', 'mail.err', `${named}.old.1.jsonl`]
  for (const name of foreign) await writeFile(join(folder, name), 'kept')
  await pruneLogs(folder, 1, new Set([named]))
  expect((await readdir(folder)).toSorted()).toEqual([...foreign, `${named}.1.jsonl`, `${newest}.1.jsonl`].toSorted())
})

test.each<[string, (file: string) => unknown]>([
  ['a FIFO', (file) => execFileSync('mkfifo', [file])],
  ['a device without an end', (file) => symlinkSync('/dev/zero', file)],
  ['40 MB of something else', (file) => writeFileSync(file, 'KEY=value # x\n'.repeat(40_000_000 / 14))],
])('a log that is %s is passed over', async (_, plant) => {
  const folder = await ends.folder()
  plant(join(folder, 'a.1.jsonl'))
  const began = process.cpuUsage()
  expect((await lastRecords(folder, 'a', { count: 50, wanted: isLine })).records).toEqual([])
  expect(process.cpuUsage(began).user).toBeLessThan(1_000_000)
})

test('a run in a terminal keeps no log, and a folder without any run has none: it is said', async () => {
  const root = await ends.folder()
  expect(await runCli(['logs'], { cwd: root })).toMatchObject({ status: 1, stderr: expect.stringContaining('nothing-runs') })
})
