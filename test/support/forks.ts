/** Programs that leave their parent, their group and their session in every way, and how they are ended. */
import { once } from 'node:events'
import { expect, type TestContext } from 'vitest'
import { spawnGuarded } from '../../src/run/guarded.ts'
import { makeMark, testHost } from './processes.ts'
import { until } from './redis.ts'
import { basePython } from './tools.ts'

const head = `
import os, signal, sys, time
def lives(deaf=False):
    if deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(60)
def leaves(deaf=False):
    "A child of nobody, in a session of its own."
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            lives(deaf)
        os._exit(0)
    os.wait()
def up():
    print("up", flush=True)
`

/** Each says `up` once it has done its worst. */
export const forks: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'a double fork': 'leaves(); up(); lives()',
    'a double fork that is deaf': 'leaves(True); up(); lives()',
    'one that is deaf itself, with deaf children': 'leaves(True); up(); lives(True)',
    'children of children': 'os.fork() or os.fork() or (os.setsid(), os.fork()); up() if os.getppid() else None; lives()',
    'one born in the SIGTERM handler': 'signal.signal(signal.SIGTERM, lambda *_: (leaves(True), os._exit(0))); up(); lives()',
    'one that is born in every SIGTERM handler anew': `
def again(*_):
    if os.fork() == 0:
        os.setsid()
        return
    os._exit(0)
signal.signal(signal.SIGTERM, again); up(); lives()`,
    'one every 5 ms': `
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
up()
while True:
    if os.fork() == 0:
        os.setsid()
        time.sleep(60)
    time.sleep(0.005)`,
    'one that is stopped': `
leaves()
if os.fork() == 0:
    os.setsid(); os.kill(os.getpid(), signal.SIGSTOP); lives()
up(); lives()`,
    'one that has ended, and left a session': 'leaves(True); up(); os._exit(3)',
    'a child that sends its group SIGKILL': `
leaves()
if os.fork() == 0:
    time.sleep(0.05); os.kill(0, signal.SIGKILL)
up(); lives()`,
  }),
)

export const endings = ['stop', 'stop, then kill', 'kill', 'the launcher is gone'] as const

/** Runs it, ends it once it is up, and expects that nothing is left of it. */
export async function endFork(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  fork: string,
  ending: (typeof endings)[number],
): Promise<void> {
  const mark = await makeMark()
  onTestFinished(async () => {
    for (const pid of await mark.processes()) process.kill(pid, 'SIGKILL')
    await mark.remove()
  })
  const args = ['-c', head + (forks.get(fork) ?? '')]
  const launch = { file: basePython(), args, cwd: mark.env['TMPDIR'] ?? '/', env: { ...process.env, ...mark.env } }
  const { child, tree } = spawnGuarded(testHost, launch, ['ignore', 'pipe', 'ignore'], {
    born: () => {},
    unborn: () => {},
    ended: () => {},
  })
  if (child.stdout === null) throw new Error('it has no output')
  await once(child.stdout, 'data')
  if (ending === 'the launcher is gone') {
    // what the system does at its death
    const [, , , control] = child.stdio
    control?.destroy()
    await until(async () => (await mark.processes()).length === 0)
  } else {
    const ended = ending === 'kill' ? undefined : tree.end(100)
    if (ending !== 'stop') tree.kill()
    await (ended ?? tree.end(0))
    expect(await mark.processes()).toEqual([])
  }
}
