/** The guard above each process: what it starts ends with it, however it tries to leave. */
import { describe, test } from 'vitest'
import { endFork, endings, forks } from '../support/forks.ts'

// a subreaper is Linux' alone (prctl(2)): elsewhere what has left its parent and its group is lost
describe.skipIf(process.platform !== 'linux').each([...forks.keys()])('%s', (fork) => {
  // what is deaf is given the seconds that nobody is there to cut short: the slow suite waits for them
  const isDeaf = /deaf|SIGTERM handler/.test(fork)
  test.for(endings.filter((ending) => !(isDeaf && ending === 'the launcher is gone')))('%s: nothing is left', async (ending, context) => {
    await endFork(context, fork, ending)
  })
})
