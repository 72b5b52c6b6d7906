import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openLogFile, type LogFileOptions } from '../../src/run/log-file.ts'
import { testHost } from '../support/host.ts'
import { until } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'log-file-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

function open(options: Partial<LogFileOptions> = {}) {
  const host = testHost(folder)
  const troubles: string[] = []
  const file = openLogFile(host, {
    file: 'all.log',
    size: 1e6,
    count: 3,
    onTrouble: (id, text) => void troubles.push(`${id}: ${text}`),
    ...options,
  })
  return { host, troubles, file }
}

const lines = async (name: string) => (await readFile(join(folder, name), 'utf8')).split('\n').slice(0, -1)

test('time, service and text, without colours and secrets, in a folder that it makes, for nobody else', async () => {
  const { host, file } = open({ file: 'logs/today/all.log' })
  const value = host.secrets.add(secret())
  const before = Date.now()
  file.line('backend', `\u001B[31mred\u001B[0m ${value}`)
  file.line('worker', 'ü 日本')
  await file.close()
  const [first = '', second = ''] = await lines('logs/today/all.log')
  expect(first).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d backend │ red \*\*\*$/)
  expect(second.endsWith(' worker │ ü 日本')).toBe(true)
  const at = Date.parse(first.slice(0, 29))
  expect(at).toBeGreaterThanOrEqual(before)
  expect(at).toBeLessThanOrEqual(Date.now())
  if (process.platform !== 'win32') expect((await stat(file.path)).mode & 0o777).toBe(0o600)
})

test.each(['Asia/Kathmandu', 'America/St_Johns', 'UTC'])('the time is the one of the wall, with its offset: %s', async (zone) => {
  const before = process.env['TZ']
  process.env['TZ'] = zone
  try {
    const { file } = open()
    file.line('a', 'b')
    await file.close()
    const [stamp = ''] = (await lines('all.log'))[0]?.split(' ') ?? []
    expect(Math.abs(Date.parse(stamp) - Date.now())).toBeLessThan(10_000)
    expect(stamp.slice(-6)).toMatch({ 'Asia/Kathmandu': /\+05:45/, 'America/St_Johns': /-0[23]:30/, UTC: /\+00:00/ }[zone] ?? /never/)
  } finally {
    if (before === undefined) delete process.env['TZ']
    else process.env['TZ'] = before
  }
})

test('goes on where an earlier run ended', async () => {
  for (const text of ['first', 'second']) {
    const { file } = open()
    file.line('backend', text)
    await file.close()
  }
  expect((await lines('all.log')).map((line) => line.split(' ').at(-1))).toEqual(['first', 'second'])
})

test('is put aside before it grows too large: .1 is the youngest, no line is broken or lost among those kept', async () => {
  const { file } = open({ size: 2000, count: 3 })
  for (let index = 0; index < 200; index++) file.line('backend', `${index} end`)
  await file.close()
  expect((await readdir(folder)).toSorted()).toEqual(['all.log', 'all.log.1', 'all.log.2', 'all.log.3'])
  const numbers: number[] = []
  for (const name of ['all.log.3', 'all.log.2', 'all.log.1', 'all.log']) {
    expect((await stat(join(folder, name))).size).toBeLessThanOrEqual(2000)
    if (name !== 'all.log') expect((await stat(join(folder, name))).size).toBeGreaterThan(1900)
    for (const line of await lines(name)) numbers.push(Number(/│ (\d+) end$/.exec(line)?.[1]))
  }
  expect(numbers.length).toBeGreaterThan(100)
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => 200 - numbers.length + index))
})

test('none is kept with a count of 0; a line that is larger than the file has one of its own', async () => {
  const { file } = open({ size: 1024, count: 0 })
  for (const text of ['a', 'x'.repeat(3000), 'b']) file.line('backend', text)
  await file.close()
  expect(await readdir(folder)).toEqual(['all.log'])
  expect((await lines('all.log')).map((line) => line.at(-1))).toEqual(['b'])
})

test('where another run has put the file aside, the next line goes into the new one', async () => {
  const { file } = open()
  file.line('backend', 'first')
  await until(async () => (await readdir(folder)).length === 1 && (await lines('all.log')).length === 1)
  await rename(file.path, join(folder, 'aside'))
  await writeFile(file.path, '')
  file.line('backend', 'second')
  await file.close()
  expect((await lines('all.log')).map((line) => line.split(' ').at(-1))).toEqual(['second'])
})

test('one that was killed while it put the file aside holds up the others for a moment alone', async () => {
  const claim = join(folder, 'all.log.rotating')
  await writeFile(claim, '')
  const long = new Date(Date.now() - 60_000)
  await utimes(claim, long, long)
  const { file } = open({ size: 100, count: 9 })
  // the first that finds no room takes the claim away, the next one has it
  for (const text of ['a', 'b', 'c', 'd']) file.line('backend', text.repeat(60))
  await file.close()
  expect(await readdir(folder)).toEqual(['all.log', 'all.log.1', 'all.log.2'])
  expect((await lines('all.log.2')).map((line) => line.at(-1))).toEqual(['a', 'b'])
})

test('two that write the same file lose and break no line, though both put it aside', async () => {
  const [one, two] = [open({ size: 20_000, count: 100 }).file, open({ size: 20_000, count: 100 }).file]
  for (let index = 0; index < 2000; index++) {
    one.line('one', `${index} end`)
    two.line('two', `${index} end`)
    if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all([one.close(), two.close()])
  const all = (await Promise.all((await readdir(folder)).map(lines))).flat()
  expect(all.every((line) => /^\S+ (?:one|two) │ \d+ end$/.test(line))).toBe(true)
  expect(new Set(all.map((line) => line.slice(30))).size).toBe(4000)
  expect(all).toHaveLength(4000)
})

test.each<[string, () => Promise<string>]>([
  [
    'a folder in its place',
    async () => {
      await mkdir(join(folder, 'there'))
      return 'there'
    },
  ],
  [
    'a file where its folder should be',
    async () => {
      await writeFile(join(folder, 'there'), '')
      return 'there/all.log'
    },
  ],
  ['a device that is full', async () => '/dev/full'],
])('one warning and no exception: %s', async (name, make) => {
  if (name === 'a device that is full' && process.platform !== 'linux') return
  const { file, troubles } = open({ file: await make() })
  for (let index = 0; index < 10; index++) {
    file.line('backend', 'x')
    await new Promise((resolve) => setImmediate(resolve))
  }
  await file.close()
  file.line('backend', 'after the end')
  expect(troubles).toHaveLength(1)
  expect(troubles[0]).toMatch(/^log-file-failed: .* can't be written \(.+\): the log goes on without it$/)
  expect(file.full()).toBe(false)
})

test('without the right to rename, it goes on in the same file', async () => {
  if (process.getuid?.() === 0 || process.platform === 'win32') return
  await writeFile(join(folder, 'all.log'), '')
  await chmod(folder, 0o500)
  const { file, troubles } = open({ size: 1024, count: 1 })
  for (let index = 0; index < 100; index++) file.line('backend', 'x')
  await file.close()
  await chmod(folder, 0o700)
  expect(troubles).toEqual([])
  expect(await lines('all.log')).toHaveLength(100)
})

test('what waits is written where the process ends by an exception', async () => {
  const { bundle } = await import('../support/bundle.ts')
  const program = await bundle('crashing-log.ts')
  const child = spawn(process.execPath, [program.file, folder], { stdio: 'ignore' })
  const [code] = await once(child, 'close')
  await program.remove()
  expect(code).toBe(1)
  expect((await lines('all.log')).map((line) => line.split(' ').at(-1))).toEqual(['first', 'last'])
})
