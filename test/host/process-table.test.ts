import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, onTestFinished, test } from 'vitest'
import { parsePs } from '../../src/host/process-listing.ts'
import { parseProcStat, processTable, treeOf } from '../../src/host/process-table.ts'
import { root, run } from '../support/tools.ts'

const rest = '4711 4711 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 9 10'

const row = (pid: number, parent: number, group: number) => ({ pid, parent, group, zombie: false, started: '1' })

test('/proc/PID/stat, whatever the name holds', () => {
  expect(parseProcStat(`4712 (python) S 4711 ${rest}`)).toEqual({ pid: 4712, parent: 4711, group: 4711, zombie: false, started: '987654' })
  expect(parseProcStat(`4712 (a) R 1 (b c) Z 4711 ${rest}`)).toEqual({
    pid: 4712,
    parent: 4711,
    group: 4711,
    zombie: true,
    started: '987654',
  })
  expect(parseProcStat('')).toBeUndefined()
  expect(parseProcStat('4712 (cut')).toBeUndefined()
})

test('ps -axo pid=,ppid=,pgid=,state=,lstart=', () => {
  expect(parsePs('    1     0     1 Ss   Mon Nov 23 08:00:00 2026\n  200     1   200 Z+   Mon Nov 23 08:00:01 2026    \n\n')).toEqual([
    { pid: 1, parent: 0, group: 1, zombie: false, started: 'Mon Nov 23 08:00:00 2026' },
    { pid: 200, parent: 1, group: 200, zombie: true, started: 'Mon Nov 23 08:00:01 2026' },
  ])
})

test('a tree, whatever of it has left its group', () => {
  const rows = [row(1, 0, 1), row(10, 1, 10), row(11, 10, 10), row(12, 11, 12), row(13, 12, 12), row(20, 1, 20)]
  expect(treeOf(rows, 10)).toEqual([10, 11, 12, 13])
})

test('this machine tells of this process and of its parent', async () => {
  const rows = await processTable({ platform: process.platform })
  const own = rows?.find(({ pid }) => pid === process.pid)
  expect(own).toMatchObject({ parent: process.ppid, zombie: false })
  expect(treeOf(rows ?? [], process.ppid)).toContain(process.pid)
})

test.runIf(process.platform === 'linux')(
  'without descriptors to read it with, the table is unknown: a part of it would pass for all',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'election-dev-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'table.mjs')
    await build({ entryPoints: [join(root, 'src/host/process-table.ts')], outfile: file, bundle: true, format: 'esm', platform: 'node' })
    const script = `import fs, { openSync, closeSync } from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    import { processTable } from ${JSON.stringify(file)}
    const whole = await processTable({ platform: 'linux' })
    const held = []
    try { for (;;) held.push(openSync('/dev/null')) } catch {}
    // one for the folder, which is taken again before the files
    closeSync(held.pop())
    const { readdir } = fs.promises
    fs.promises.readdir = async (...args) => { const names = await readdir(...args); held.push(openSync('/dev/null')); return names }
    syncBuiltinESMExports()
    const part = await processTable({ platform: 'linux' })
    for (const each of held) closeSync(each)
    console.log(whole.length > 1, part === undefined)`
    await writeFile(join(folder, 'ask.mjs'), script)
    const { stdout } = await run('sh', ['-c', `ulimit -n 64 && exec "$0" "$1"`, process.execPath, join(folder, 'ask.mjs')])
    expect(stdout.trim()).toBe('true true')
  },
)
