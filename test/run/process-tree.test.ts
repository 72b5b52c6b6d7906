import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
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

/** The places where the guard's Python is looked for on macOS are none here: the group and the parents alone tell who is of the tree. */
describe.runIf(process.platform === 'linux')('without a guard', () => {
  const head =
    'import os, signal, time\ndef lives(deaf=False):\n    if deaf: signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    while True: time.sleep(60)\n'
  const left = 'if os.fork() == 0: os.setsid(); lives(DEAF)\nif os.fork() == 0: lives(DEAF)\ntime.sleep(0.2)\nprint("up", flush=True)\n'
  const launch = async (script: string) => {
    mark = await makeMark()
    const host = { ...testHost, platform: 'darwin' } as const
    const words = ['-c', 'exec "$@"', 'sh', basePython(), '-c', head + script]
    const server = launchServer(host, { file: '/bin/sh', args: words, cwd: '/', env: { ...process.env, ...mark.env } }, () => {})
    await until(async () => server.lastLines().includes('up'))
    return server
  }

  test.each<[string, string, number, (took: number) => boolean]>([
    ['children, one of them in a session of its own', `${left.replaceAll('DEAF', 'False')}lives()`, 20_000, (took) => took < 5000],
    ['those that are deaf, by force', `${left.replaceAll('DEAF', 'True')}lives(True)`, 700, (took) => took >= 690 && took < 5000],
    ['one that is stopped', 'print("up", flush=True)\nos.kill(os.getpid(), signal.SIGSTOP)', 20_000, (took) => took < 5000],
    [
      'what a leader that has ended has left in its group',
      'if os.fork() == 0: lives()\nprint("up", flush=True)',
      20_000,
      (took) => took < 5000,
    ],
  ])('%s', async (_, script, timeoutMs, fits) => {
    const server = await launch(script)
    const asked = performance.now()
    await server.stop(timeoutMs)
    expect(await mark.processes()).toEqual([])
    expect(performance.now() - asked).toSatisfy(fits)
  })

  test('a kill hurries what a stop waits for', async () => {
    const server = await launch(
      `signal.signal(signal.SIGTERM, lambda *_: print("asked", flush=True))\n${left.replaceAll('DEAF', 'True')}lives()`,
    )
    const asked = performance.now()
    const stopped = server.stop(20_000)
    await until(async () => server.lastLines().includes('asked'))
    server.kill()
    await stopped
    expect(await mark.processes()).toEqual([])
    expect(performance.now() - asked).toBeLessThan(5000)
  })
})
