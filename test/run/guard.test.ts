/** The guard above each process: what it starts ends with it, however it tries to leave. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { deferred } from '../../src/host/deferred.ts'
import { spawnGuarded } from '../../src/run/guarded.ts'
import { endFork, endings, forks } from '../support/forks.ts'
import { testHost } from '../support/processes.ts'

// a subreaper is Linux' alone (prctl(2)): elsewhere what has left its parent and its group is lost
describe.skipIf(process.platform !== 'linux').each([...forks.keys()])('%s', (fork) => {
  // what is deaf is given the seconds that nobody is there to cut short: the slow suite waits for them
  const isDeaf = /deaf|SIGTERM handler/.test(fork)
  test.for(endings.filter((ending) => !(isDeaf && ending === 'the launcher is gone')))('%s: nothing is left', async (ending, context) => {
    await endFork(context, fork, ending)
  })
})

test.skipIf(process.platform !== 'linux')('an order that comes when all is over keeps nobody waiting for the end', async () => {
  const born = deferred<number>()
  const ended = deferred<object>()
  const launch = { file: 'sleep', args: ['60'], cwd: '/', env: process.env }
  const events = { born: born.resolve, unborn: () => {}, ended: ended.resolve }
  const { child, tree } = spawnGuarded(testHost, launch, ['ignore', 'ignore', 'ignore'], events)
  process.kill(await born.promise, 'SIGKILL')
  // the guard goes while this process reads nothing of it: the order finds nobody, and closes what it has said
  while (!/\) Z /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8')));
  await tree.end(1000)
  expect(await ended.promise).toMatchObject({ signal: 'SIGKILL' })
})
