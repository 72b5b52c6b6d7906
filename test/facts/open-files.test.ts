import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { holdersOf, parseLsofPids } from '../../src/facts/open-files.ts'
import { testHost } from '../support/host.ts'
import { onPath } from '../support/tools.ts'

const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

// lsof's way is macOS's, and can be gone wherever there is one
const platforms = [process.platform, ...((await onPath('lsof')) === undefined || process.platform !== 'linux' ? [] : (['darwin'] as const))]

test.each(platforms)('%s: who has a file open', async (platform) => {
  const folder = await mkdtemp(join(tmpdir(), 'open-'))
  endings.push(() => rm(folder, { recursive: true, force: true }))
  const [path, link] = [join(folder, 'db.sqlite3'), join(folder, 'link.sqlite3')]
  await writeFile(path, '')
  await symlink(path, link)
  const host = { ...testHost(folder, process.env), platform }
  expect(await holdersOf(host, path)).toEqual([])
  const child = spawn(process.execPath, [
    '-e',
    'require("fs").openSync(process.argv[1]); console.log("open"); setInterval(() => {}, 1e6)',
    path,
  ])
  const ended = once(child, 'exit')
  endings.push(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await once(child.stdout, 'data')
  for (const asked of [path, link]) {
    const holders = await holdersOf(host, asked)
    expect(holders).toMatchObject([{ pid: child.pid }])
    expect(holders[0]?.command).toContain('db.sqlite3')
  }
  // one's own descriptor is no other process's
  const own = await open(path)
  endings.push(() => own.close())
  expect((await holdersOf(host, path)).map(({ pid }) => pid)).toEqual([child.pid])
  expect(await holdersOf(host, join(folder, 'absent'))).toEqual([])
})

test('lsof -Fp', () => {
  expect(parseLsofPids('p4711\nf5\np99\nf3\n')).toEqual([4711, 99])
  expect(parseLsofPids('')).toEqual([])
})

test('Windows does not tell', async () => {
  expect(await holdersOf({ ...testHost(tmpdir()), platform: 'win32' }, join(tmpdir(), 'x'))).toEqual([])
})
