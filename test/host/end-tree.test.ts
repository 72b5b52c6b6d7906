/** A process that was written down is ended only where it is still the one of that start. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { endTree, type EndOptions } from '../../src/host/end-tree.ts'
import { exists, processTable, send } from '../../src/host/process-table.ts'
import { testHost } from '../support/processes.ts'
import { basePython } from '../support/tools.ts'

/** Its child in a session of its own, and an orphan of its group. */
const script = `
import os, time
def lives():
    os.write(1, b"%d\\n" % os.getpid())
    while True: time.sleep(60)
if os.fork() == 0: os.setsid(); lives()
if os.fork() == 0: os.fork() and os._exit(0); lives()
os.wait()
lives()`

test.skipIf(process.platform === 'win32').each<[string, (pid: number) => EndOptions['reach'], readonly boolean[]]>([
  ['alone', () => 'alone', [false, true, true]],
  ['with what it has started', () => 'tree', [false, false, true]],
  ['with its group', (pid) => ({ group: pid }), [false, false, false]],
])('%s', async (_, reachOf, living) => {
  const child = spawn(basePython(), ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  const { pid = 0 } = child
  const exited = once(child, 'exit')
  let text = ''
  for await (const chunk of child.stdout) {
    text += String(chunk)
    if (text.split('\n').length > 3) break
  }
  const pids = text.trim().split('\n').map(Number)
  onTestFinished(() => {
    for (const each of pids) send(each, 'SIGKILL')
  })
  const rows = (await processTable(testHost)) ?? []
  const inSession = pids.filter((each) => rows.some((row) => row.pid === each && row.group === each && each !== pid))
  const orphan = pids.filter((each) => each !== pid && !inSession.includes(each))
  const started = rows.find((row) => row.pid === pid)?.started ?? ''
  const reach = reachOf(pid)
  expect(await endTree(testHost, { pid, started: `${started}0` }, { timeoutMs: 5000, reach })).toBe('gone')
  expect(pids.map((each) => exists(each))).toEqual([true, true, true])
  expect(await endTree(testHost, { pid, started }, { timeoutMs: 5000, reach })).toBe('ended')
  await exited
  const now = (await processTable(testHost)) ?? []
  const runs = (each: number | undefined) => now.some((row) => row.pid === each && !row.zombie)
  expect([pid, ...inSession, ...orphan].map(runs)).toEqual(living)
})
