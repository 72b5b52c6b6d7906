/** The one door that files are read through: what it takes, and what it refuses. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { root } from '../support/tools.ts'
import { readBytes, readBytesSync, readText } from '../../src/host/files.ts'
import { filesIn, removeFiles } from '../support/files.ts'

afterEach(removeFiles)

test('no source reads a file by another way', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && file !== join('host', 'files.ts'),
  )
  expect(sources.length).toBeGreaterThan(300)
  // a folder is opened to be synced
  const past = /\b(?:readFile|readFileSync|createReadStream)\b|\bopen\((?!folder, )[^\n]*, 'r\+?'\)/
  expect(sources.filter((file) => past.test(readFileSync(join(root, 'src', file), 'utf8')))).toEqual([])
})

test('a file, and one through a link', async () => {
  const root = await filesIn({ 'a.txt': 'Zähler' })
  await symlink(join(root, 'a.txt'), join(root, 'link'))
  expect((await readBytes(join(root, 'a.txt'))).toString()).toBe('Zähler')
  expect(await readText(join(root, 'link'))).toBe('Zähler')
})

describe.skipIf(process.platform === 'win32')('refused at once', () => {
  test.each<[string, (path: string) => Promise<unknown>, string]>([
    ['a FIFO that nobody writes to', async (path) => execFileSync('mkfifo', [path]), 'it is no regular file'],
    ['a device without an end', (path) => symlink('/dev/zero', path), 'it is no regular file'],
    ['a folder', (path) => symlink('/tmp', path), 'it is a folder'],
    ['one that is too large', async (path) => (await writeFile(path, ''), await truncate(path, 50_000_000)), 'it is larger than 8 MB'],
    ['a link that leads to itself', (path) => symlink(path, path), 'ELOOP'],
    ['one that is not there', async () => {}, 'ENOENT'],
  ])('%s', async (_, make, why) => {
    const path = join(await filesIn({ 'other.txt': '' }), 'file')
    await make(path)
    const began = performance.now()
    await expect(readBytes(path)).rejects.toThrow(why)
    expect(await readText(path)).toBeUndefined()
    expect(() => readBytesSync(path)).toThrow(why)
    expect(performance.now() - began).toBeLessThan(500)
  })
})
