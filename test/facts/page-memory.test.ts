/** What is kept of a page that was seen, and what it depends on. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { pageMemory, pageMemoryFile, pageSign } from '../../src/facts/page-memory.ts'
import { ending } from '../support/ends.ts'

const { folder } = ending()

test('a memory that is none, of the future or too long is nothing', async () => {
  const home = await folder()
  const host = { platform: 'linux', env: { HOME: home, XDG_CACHE_HOME: join(home, 'cache') } } as const
  const file = pageMemoryFile(host, '/checkout')
  await mkdir(dirname(file), { recursive: true })
  const read = async (text: string) => {
    await writeFile(file, text)
    return pageMemory(host, '/checkout')
  }
  const seen = { sign: 'a', url: 'http://localhost:3000/', at: Date.now() - 5000 }
  expect(await read(JSON.stringify(seen))).toEqual(seen)
  expect(await read(JSON.stringify({ ...seen, at: Date.now() + 60_000 }))).toBeUndefined()
  expect(await read(JSON.stringify({ ...seen, url: 'x'.repeat(10_000) }))).toBeUndefined()
  expect(await read('{"sign":')).toBeUndefined()
})

test('the sign is that of all sources, or there is none', async () => {
  const [root, backend] = [await folder(), await folder()]
  await writeFile(join(root, 'main.js'), '1')
  await writeFile(join(backend, 'consumers.py'), '1')
  const first = await pageSign([root, backend], ['x'])
  expect(first).toEqual(expect.any(String))
  expect(await pageSign([root, backend], ['x'])).toBe(first)
  expect(await pageSign([root, backend], ['y'])).not.toBe(first)
  await writeFile(join(backend, 'consumers.py'), '22')
  expect(await pageSign([root, backend], ['x'])).not.toBe(first)
  await Promise.all(Array.from({ length: 3000 }, async (_, index) => writeFile(join(root, `${index}.js`), '')))
  expect(await pageSign([root], ['x'])).toBeUndefined()
})
