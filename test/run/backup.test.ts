/** What a backup keeps, and what taking it back loses: nothing that somebody has done since. */
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Host } from '../../src/host/host.ts'
import { makeBackup, newestBackup, type Backup } from '../../src/run/backup.ts'
import { runCli, startCli } from '../support/cli.ts'
import { filesIn, removeFiles } from '../support/files.ts'
import { until } from '../support/redis.ts'

let host: Pick<Host, 'platform' | 'env'>

beforeEach(async () => {
  host = { platform: process.platform, env: { HOME: await filesIn({}, 'home') } }
})
afterEach(removeFiles)

const undo = async (root: string) => (await newestBackup(host, root)).run()
const textOf = async (file: string) => readFile(file, 'utf8').catch(() => undefined)

test('a database is kept whole, larger than any text, and what was written to it since is never overwritten', async () => {
  const root = await filesIn({ 'db.sqlite3': 'before' })
  const path = join(root, 'db.sqlite3')
  await truncate(path, 20_000_000)
  const backup = makeBackup(host, root)
  await backup.changing(path)
  await writeFile(path, 'after')
  await truncate(path, 21_000_000)
  await backup.settle()
  await writeFile(path, "somebody's")
  await truncate(path, 22_000_000)
  expect(await undo(root)).toMatchObject([{ path: 'db.sqlite3', outcome: 'left' }])
  expect((await readFile(path)).length).toBe(22_000_000)
})

test('what a fix has made is taken back with what was written to it since, which is kept; it is announced as it is done', async () => {
  const root = await filesIn({ 'settings.py': 'before', '.env': 'before' })
  const at = (name: string) => join(root, name)
  const backup = makeBackup(host, root)
  await backup.madeFolder(at('logs'))
  await mkdir(at('logs'))
  await backup.creating(at('db.sqlite3'))
  await writeFile(at('db.sqlite3'), 'tables')
  await backup.settle()
  for (const name of ['settings.py', '.env']) {
    await backup.changing(at(name), Buffer.from('ours'))
    await writeFile(at(name), 'ours')
  }
  await backup.move(at('settings.py'), undefined)
  await backup.creating(at('settings.py'), Buffer.from('another'))
  await writeFile(at('settings.py'), 'another')
  // the server works with it, and somebody edits
  await writeFile(join(at('logs'), 'election.log'), 'a line')
  await writeFile(at('db.sqlite3'), 'tables and rows')
  await writeFile(at('.env'), "somebody's")
  const { plan, run } = await newestBackup(host, root)
  expect(plan).toEqual([
    'settings.py   removed',
    expect.stringMatching(/^settings\.py {3}back from /),
    expect.stringMatching(/^\.env {3}stays: it was changed since; as it was: /),
    'settings.py   as it was before',
    'db.sqlite3   moved into the backup',
    'logs   removed; what others have put there goes into the backup',
  ])
  const done = await run()
  expect(done.map(({ path, outcome }) => `${path} ${outcome}`)).toEqual([
    'settings.py removed',
    'settings.py restored',
    '.env left',
    'settings.py restored',
    'db.sqlite3 removed',
    'logs removed',
  ])
  expect(await textOf(at('settings.py'))).toBe('before')
  expect([existsSync(at('db.sqlite3')), existsSync(at('logs'))]).toEqual([false, false])
  expect([await isKept(root, 'tables and rows'), await isKept(root, 'a line')]).toEqual([true, true])
})

test('an environment that is taken back is kept with what somebody has put into it', async () => {
  const root = await filesIn({ 'manage.py': '' })
  const backup = makeBackup(host, root)
  await backup.making(join(root, 'venv'))
  await mkdir(join(root, 'venv'))
  await backup.settle()
  await writeFile(join(root, 'venv', 'mine.txt'), 'kept')
  const [done] = await undo(root)
  expect(done).toMatchObject({ path: 'venv', outcome: 'removed' })
  expect(existsSync(join(root, 'venv'))).toBe(false)
  const kept = /what it holds is kept in (.+)$/.exec(done?.why ?? '')?.[1] ?? ''
  expect(await readFile(join(root, kept, 'mine.txt'), 'utf8')).toBe('kept')
})

test('one that was made only in part is taken away at once, and nothing of it stays', async () => {
  const root = await filesIn({ 'manage.py': '' })
  const backup = makeBackup(host, root)
  await backup.making(join(root, 'venv'))
  await mkdir(join(root, 'venv', 'bin'), { recursive: true })
  expect(await backup.putBack(0)).toMatchObject([{ path: 'venv', outcome: 'removed' }])
  expect(existsSync(join(root, 'venv'))).toBe(false)
  expect(existsSync(join(root, '.election-dev'))).toBe(false)
})

/** What somebody has written, wherever it is now: in its place, or kept in the backup. */
async function isKept(root: string, text: string): Promise<boolean> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const texts = await Promise.all(entries.filter((entry) => entry.isFile()).map((entry) => textOf(join(entry.parentPath, entry.name))))
  return texts.includes(text)
}

type Doing = (backup: Backup, file: string, isDone: boolean) => Promise<void>
const edit: Doing = async (backup, file, isDone) => {
  await backup.changing(file, Buffer.from('ours'))
  if (isDone) await writeFile(file, 'ours')
}
const create: Doing = async (backup, file, isDone) => {
  await rm(file)
  await backup.creating(file, Buffer.from('ours'))
  if (isDone) await writeFile(file, 'ours')
}
const command: Doing = async (backup, file, isDone) => {
  await backup.changing(file)
  if (isDone) await writeFile(file, 'ours')
}
const commandCreates: Doing = async (backup, file, isDone) => {
  await rm(file)
  await backup.creating(file)
  if (isDone) await writeFile(file, 'ours')
}
const remove: Doing = async (backup, file, isDone) => {
  if (isDone) await backup.move(file, undefined)
}
const makeTree: Doing = async (backup, file, isDone) => {
  await rm(file)
  await backup.making(dirname(file))
  if (isDone) await writeFile(file, 'ours')
}

test.each(
  Object.entries({ edit, create, command, commandCreates, remove, makeTree }).flatMap(([name, doing]) =>
    [false, true].flatMap((isDone) => [false, true].map((edits) => [name, isDone, edits, doing] as const)),
  ),
)(
  'a run killed in %s (done: %s), an edit since (%s): an undo loses none of it, and a second one nothing either',
  async (name, isDone, edits, doing) => {
    const root = await filesIn({ 'app/.env': 'before', 'app/other': '' })
    const file = join(root, 'app', '.env')
    await doing(makeBackup(host, root), file, isDone)
    if (edits) await mkdir(dirname(file), { recursive: true })
    if (edits) await writeFile(file, "somebody's")
    await undo(root).catch(() => [])
    if (edits) expect(await isKept(root, "somebody's")).toBe(true)
    else expect(await textOf(file)).toBe(/reate|Tree/.test(name) ? undefined : 'before')
    await undo(root).catch(() => [])
    if (edits) expect(await isKept(root, "somebody's")).toBe(true)
  },
)

test('two changes of one file are taken back, the last first', async () => {
  const root = await filesIn({ '.env': 'before' })
  const backup = makeBackup(host, root)
  for (const text of ['one', 'two']) {
    await backup.changing(join(root, '.env'))
    await writeFile(join(root, '.env'), text)
    await backup.settle()
  }
  await undo(root)
  expect(await textOf(join(root, '.env'))).toBe('before')
})

test.each([
  ['unsigned', undefined],
  ['signed by somebody else', 'theirs'],
])('a manifest that came with the checkout, %s, is none: nothing outside of it or in it is touched', async (_, key) => {
  const root = await filesIn({ '.env': 'kept' })
  const outside = join(dirname(root), 'precious')
  await mkdir(outside)
  await writeFile(join(outside, 'id_rsa'), 'kept')
  const backup = makeBackup({ ...host, env: { HOME: await filesIn({}, 'theirs') } }, root)
  await backup.making(outside)
  await backup.creating(join(outside, 'id_rsa'), Buffer.from('kept'))
  await backup.changing(join(root, '.env'), Buffer.from('kept'))
  const manifest = join(root, backup.shown() ?? '', 'manifest.json')
  if (key === undefined) await writeFile(manifest, (await readFile(manifest, 'utf8')).replace(/"sign".*/, ''))
  // a key of this user's own there is as well
  await makeBackup(host, await filesIn({})).ran('ls')
  await expect(undo(root)).rejects.toMatchObject({ code: 'foreign-backup', message: expect.stringContaining('nothing was put back') })
  expect(await textOf(join(outside, 'id_rsa'))).toBe('kept')
})

test('of what lies outside, or behind a link that was laid since, nothing is touched', async () => {
  const root = await filesIn({ 'app/made': 'ours', 'app/venv/kept': '' })
  const outside = join(dirname(root), 'outside')
  const backup = makeBackup(host, root)
  await backup.creating(join(root, 'app', 'made'), Buffer.from('ours'))
  await backup.making(join(root, 'app', 'venv'))
  await backup.making(join(outside, 'venv'))
  await rename(join(root, 'app'), outside)
  await symlink(outside, join(root, 'app'))
  expect(await undo(root)).toMatchObject([1, 2, 3].map(() => ({ outcome: 'left', why: expect.stringContaining('it lies outside of') })))
  expect((await readdir(outside)).toSorted()).toEqual(['made', 'venv'])
})

test('it is listed and asked for, and one that is killed goes on where it was, past what somebody has done since', async () => {
  const names = Array.from({ length: 400 }, (_, index) => `file-${index}`)
  const root = await filesIn(Object.fromEntries(names.map((name) => [name, 'before'])))
  const env = { HOME: host.env['HOME'] }
  const backup = makeBackup(host, root)
  for (const name of names) {
    await backup.changing(join(root, name), Buffer.from('ours'))
    await writeFile(join(root, name), 'ours')
  }
  const asked = await runCli(['doctor', '--undo'], { cwd: root, env })
  expect(asked).toMatchObject({ status: 1, stdout: expect.stringContaining('Needs confirmation; rerun with --yes. Nothing was changed.') })
  expect(asked.stdout).toContain('    file-0   as it was before\n')
  const cli = startCli(['doctor', '--undo', '--yes'], { cwd: root, env })
  await until(async () => (await textOf(join(root, 'file-390'))) === 'before')
  await cli.end('SIGKILL')
  expect(await textOf(join(root, 'file-0'))).toBe('ours')
  await writeFile(join(root, 'file-399'), "somebody's")
  expect(await runCli(['doctor', '--undo', '--yes'], { cwd: root, env })).toMatchObject({ status: 0 })
  const texts = await Promise.all(names.map((name) => textOf(join(root, name))))
  expect(texts).toEqual(names.map((name) => (name === 'file-399' ? "somebody's" : 'before')))
})

test('of a run that has only called commands nothing is put back, and nothing of an earlier one either', async () => {
  const root = await filesIn({ '.env': 'before' })
  const earlier = makeBackup(host, root, new Date(0))
  await earlier.changing(join(root, '.env'), Buffer.from('after'))
  await writeFile(join(root, '.env'), 'after')
  const backup = makeBackup(host, root)
  await backup.ran('pip install daphne')
  expect([earlier.restores(), backup.restores()]).toEqual([true, false])
  await expect(undo(root)).rejects.toMatchObject({
    code: 'no-backup',
    evidence: ['pip install daphne   what a command did is not taken back'],
    hint: `To undo an earlier run's changes, remove ${backup.shown() ?? ''} first.`,
  })
  expect(await textOf(join(root, '.env'))).toBe('after')
})
