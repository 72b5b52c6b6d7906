import { execFile } from 'node:child_process'
import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesSince, markLogs } from '../../src/facts/log-tail.ts'

let folder: string
let count = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'log-'))
})
afterAll(async () => rm(folder, { recursive: true, force: true }))

async function log(text: string | Buffer): Promise<string> {
  const path = join(folder, `server-${count++}.log`)
  await writeFile(path, text)
  return path
}

test('what was appended since, of each file', async () => {
  const [one, two] = [await log('old\n'), await log('')]
  const mark = await markLogs([one, two, one])
  expect(await linesSince(mark)).toEqual([])
  await appendFile(one, 'Grüße\r\nnot yet ended')
  await appendFile(two, 'second\n')
  expect(await linesSince(mark)).toEqual(['Grüße', 'not yet ended', 'second'])
})

test('a file that was not there yet', async () => {
  const path = join(folder, 'later.log')
  const mark = await markLogs([path])
  expect(await linesSince(mark)).toEqual([])
  await writeFile(path, 'first\n')
  expect(await linesSince(mark)).toEqual(['first'])
})

test('the rest of a line that was half written at the mark', async () => {
  const path = await log('GET /ws')
  const mark = await markLogs([path])
  await appendFile(path, '/ 101\n')
  expect(await linesSince(mark)).toEqual(['/ 101'])
})

test('rotated: the new file from its beginning', async () => {
  const path = await log('old\n')
  const mark = await markLogs([path])
  await rename(path, `${path}.1`)
  await writeFile(path, 'new, and longer than the old one\n')
  expect(await linesSince(mark)).toEqual(['new, and longer than the old one'])
})

test('cut short: what is there now', async () => {
  const path = await log('a long line that was here\n')
  const mark = await markLogs([path])
  await truncate(path)
  await appendFile(path, 'new\n')
  expect(await linesSince(mark)).toEqual(['new'])
})

test('of much only the end, without the line that begins before it', async () => {
  const path = await log('')
  const mark = await markLogs([path])
  await appendFile(path, 'one\ntwo\nthree\n')
  expect(await linesSince(mark, { maxBytes: 8 })).toEqual(['three'])
  // a line that begins just there is whole
  expect(await linesSince(mark, { maxBytes: 10 })).toEqual(['two', 'three'])
  expect(await linesSince(mark, { maxBytes: 6 })).toEqual(['three'])
  expect(await linesSince(mark, { maxBytes: 5 })).toEqual([])
})

test('no text at all: replaced, and long lines cut', async () => {
  const path = await log('')
  const mark = await markLogs([path])
  await appendFile(path, Buffer.from([0xff, 0x61, 0x0a]))
  await appendFile(path, `${'x'.repeat(5000)}\nend\n`)
  expect(await linesSince(mark)).toEqual(['\ufffda', 'x'.repeat(4000), 'end'])
})

test('one line of 100 MB costs no more than the bound', async () => {
  const path = await log('')
  const mark = await markLogs([path])
  await truncate(path, 100_000_000)
  await appendFile(path, '\nend\n')
  const before = process.memoryUsage().arrayBuffers
  expect(await linesSince(mark)).toEqual(['end'])
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000)
})

test.runIf(process.platform !== 'win32')('a named pipe is not waited for', async () => {
  const path = join(folder, 'pipe')
  await promisify(execFile)('mkfifo', [path])
  expect(await linesSince(await markLogs([path]))).toEqual([])
})
