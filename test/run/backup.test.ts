/** What a backup keeps, and what taking it back loses: nothing that somebody has done since. */
import { existsSync } from 'node:fs'
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { makeBackup, undoNewest } from '../../src/run/backup.ts'
import { filesIn, removeFiles } from '../support/files.ts'

afterEach(removeFiles)

test('a database is kept whole, larger than any text, and what was written to it since is never overwritten', async () => {
  const root = await filesIn({ 'db.sqlite3': 'before' })
  const path = join(root, 'db.sqlite3')
  await truncate(path, 20_000_000)
  const backup = makeBackup(root)
  await backup.changing(path)
  await writeFile(path, 'after')
  await truncate(path, 21_000_000)
  await backup.settle()
  await writeFile(path, "somebody's")
  await truncate(path, 22_000_000)
  expect((await undoNewest(root)).done).toMatchObject([{ path: 'db.sqlite3', outcome: 'left' }])
  expect((await readFile(path)).length).toBe(22_000_000)
})

test('an environment that is taken back is kept with what somebody has put into it', async () => {
  const root = await filesIn({ 'manage.py': '' })
  const backup = makeBackup(root)
  await backup.making(join(root, 'venv'))
  await mkdir(join(root, 'venv'))
  await backup.settle()
  await writeFile(join(root, 'venv', 'mine.txt'), 'kept')
  const [done] = (await undoNewest(root)).done
  expect(done).toMatchObject({ path: 'venv', outcome: 'removed' })
  expect(existsSync(join(root, 'venv'))).toBe(false)
  const kept = /what it holds is kept in (.+)$/.exec(done?.why ?? '')?.[1] ?? ''
  expect(await readFile(join(root, kept, 'mine.txt'), 'utf8')).toBe('kept')
})

test('one that was made only in part is taken away at once, and nothing of it stays', async () => {
  const root = await filesIn({ 'manage.py': '' })
  const backup = makeBackup(root)
  await backup.making(join(root, 'venv'))
  await mkdir(join(root, 'venv', 'bin'), { recursive: true })
  expect(await backup.putBack(0)).toMatchObject([{ path: 'venv', outcome: 'removed' }])
  expect(existsSync(join(root, 'venv'))).toBe(false)
  expect(existsSync(join(root, '.election-dev'))).toBe(false)
})
