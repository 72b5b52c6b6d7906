/** What came with a checkout, or was laid there by another user: nothing is written through it, and nothing of somebody else's is taken away. */
import { chown, lstat, mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readRuns, runFileName, type RunState } from '../../src/facts/run-state.ts'
import { thisMachine } from '../../src/host/machine.ts'
import { clearHome, makeHome } from '../../src/run/home.ts'
import { writeReport } from '../../src/run/report-file.ts'
import { cleanRuns, removeSocket, writeRun } from '../../src/run/run-state.ts'
import { runCli } from '../support/cli.ts'
import { filesIn, removeFiles } from '../support/files.ts'
import { testHost } from '../support/processes.ts'

afterEach(removeFiles)

const launcher = { pid: 4_000_001, started: '5' }
const id = '20260101-120000-abcdef'

/** The state of a run that has ended, as a checkout could bring it. */
async function ended(control: RunState['control'] = null): Promise<RunState> {
  const machine = await thisMachine(testHost)
  const status = { services: [], websocket: null, page: null, openSockets: null, lastError: null }
  const head = { schemaVersion: 1, id, version: '0', machine, launcher, startedAt: 0, background: true } as const
  return { ...head, control, log: id, stopTimeoutMs: 1, processes: [], status }
}

/** A folder that is somebody's, with all that the launcher would know as its own by the names. */
async function somebodys(): Promise<{ root: string; folder: string; names: string[] }> {
  const state = JSON.stringify(await ended())
  const folder = await filesIn({
    [`runs/${runFileName(launcher)}`]: state,
    [`runs/${runFileName(launcher)}.0123456789ab.tmp`]: state,
    [`logs/${id}.1.jsonl`]: '',
    [`logs/${id}.err`]: '',
    '.gitignore': '*\n',
  })
  await mkdir(join(folder, 'backups'))
  const root = join(dirname(folder), 'project')
  await mkdir(root)
  return { root, folder, names: (await readdir(folder, { recursive: true })).toSorted() }
}

test.each(['.election-dev', '.election-dev/runs', '.election-dev/logs'])('%s is a link: nothing behind it is touched', async (link) => {
  const { root, folder, names } = await somebodys()
  await mkdir(dirname(join(root, link)), { recursive: true })
  await symlink(join(folder, link.replace(/^\.election-dev\/?/, '')), join(root, link))
  const [, part = 'runs'] = link.split('/')
  await expect(makeHome(root, part)).rejects.toMatchObject({
    code: 'home-refused',
    exitCode: 2,
    message: expect.stringContaining('is a link'),
  })
  await cleanRuns(root, await readRuns(testHost, root))
  await clearHome(root)
  for (const args of [['status'], ['stop'], ['logs'], ['restart'], ['doctor', '--undo', '--yes']]) await runCli(args, { cwd: root })
  if (part === 'logs')
    expect(await runCli(['start', '--detach'], { cwd: root })).toMatchObject({ status: 2, stderr: expect.stringContaining('is a link') })
  expect((await readdir(folder, { recursive: true })).toSorted()).toEqual(names)
})

test.runIf(process.getuid?.() === 0)('a home that belongs to another user is none to write in, or to clear', async () => {
  const root = await filesIn({})
  const file = await writeRun(root, await ended())
  await chown(join(root, '.election-dev', 'runs'), 65_534, 65_534)
  await expect(writeRun(root, await ended())).rejects.toThrow('belongs to another user')
  await cleanRuns(root, await readRuns(testHost, root))
  expect(await readFile(file, 'utf8')).toContain(id)
})

test('what lies at a name that could be guessed is not written to, and the state is readable for its owner alone', async () => {
  const root = await filesIn({ precious: 'kept' })
  const runs = await makeHome(root, 'runs')
  const name = runFileName(launcher)
  for (const planted of [name, `${name}.tmp`, `${name}.${process.pid}.tmp`]) await symlink(join(root, 'precious'), join(runs, planted))
  const found = await lstat(await writeRun(root, await ended({ address: 'nowhere', key: 'secret' })))
  expect([found.isFile(), found.mode & 0o777]).toEqual([true, 0o600])
  await symlink(join(root, 'precious'), join(root, `report.${process.pid}.tmp`))
  await writeReport(join(root, 'report'), 'written')
  expect(await readFile(join(root, 'precious'), 'utf8')).toBe('kept')
})

test('a state names a control socket to take away: a file of that name stays', async () => {
  const root = await filesIn({ 'election-dev-abcdef/control': 'kept' })
  const address = join(root, 'election-dev-abcdef', 'control')
  await writeRun(root, await ended({ address, key: 'k' }))
  await cleanRuns(root, await readRuns(testHost, root))
  await removeSocket(address)
  expect(await readFile(address, 'utf8')).toBe('kept')
})
