import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { launchServer } from '../../src/run/server.ts'
import { makeMark, testHost, type Mark } from '../support/processes.ts'
import { until } from '../support/redis.ts'
import { basePython } from '../support/tools.ts'

let mark: Mark

afterEach(async () => {
  for (const pid of await mark.processes()) process.kill(pid, 'SIGKILL')
  await until(async () => (await mark.processes()).length === 0)
  await mark.remove()
})

/** The leader ends and leaves a zombie in its group, whose parent is outside of it and waits for nobody. */
const zombie = `
import os, time
leader = os.getpid()
if os.fork() == 0:
    os.setpgid(0, 0)
    child = os.fork()
    if child == 0:
        os.setpgid(0, leader)
        open("in-group", "w").close()
        os._exit(0)
    time.sleep(600)
while not os.path.exists("in-group"):
    time.sleep(0.01)
`

test('a zombie in the group is not waited for', async () => {
  mark = await makeMark()
  const folder = mark.env['TMPDIR'] ?? ''
  await writeFile(join(folder, 'zombie.py'), zombie)
  const server = launchServer(
    testHost,
    { file: basePython(), args: ['zombie.py'], cwd: folder, env: { ...process.env, ...mark.env } },
    () => {},
  )
  expect((await server.exited).exitCode).toBe(0)
  // the group is still there, by its zombie alone
  expect(() => process.kill(-(server.pid ?? 0), 0)).not.toThrow()
  const asked = performance.now()
  await server.stop(20_000)
  expect(performance.now() - asked).toBeLessThan(5000)
})

test('output that the last process left in the pipe is read before the end is told', async () => {
  mark = await makeMark()
  const server = launchServer(
    testHost,
    {
      file: '/bin/sh',
      args: ['-c', 'seq 1 190; printf "without an end"'],
      cwd: mark.env['TMPDIR'] ?? '',
      env: { ...process.env, ...mark.env },
    },
    () => {},
  )
  await server.exited
  expect(server.lastLines()).toHaveLength(191)
  expect(server.lastLines().at(-1)).toBe('without an end')
  await server.stop(1000)
})

test('stop is one, however often it is asked for, and kill after it hits nobody', async () => {
  mark = await makeMark()
  const file = join(mark.env['TMPDIR'] ?? '', 'signals')
  const script = `trap 'echo TERM >> ${file}; exit 0' TERM; echo up; while :; do sleep 0.05; done`
  const server = launchServer(testHost, { file: '/bin/sh', args: ['-c', script], cwd: '/', env: { ...process.env, ...mark.env } }, () => {})
  await until(async () => server.lastLines().includes('up'))
  await Promise.all([server.stop(5000), server.stop(5000), server.stop(5000)])
  expect(await readFile(file, 'utf8')).toBe('TERM\n')
  server.kill()
  expect(await mark.processes()).toEqual([])
})
