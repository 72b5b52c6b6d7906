/** Whatever ends a run while a browser looks at its page: nothing of it is left. */
import { afterEach, expect, test } from 'vitest'
import { browser } from '../support/page-look.ts'
import { until } from '../support/redis.ts'
import { makeStand, type Stand } from '../support/stand.ts'

let stand: Stand | undefined
afterEach(async () => {
  await stand?.remove()
  stand = undefined
})

/** After so many milliseconds of a start that takes some three seconds with its look. */
const moments = Array.from({ length: 100 }, (_, index) => (index * 977) % 4500)
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const

test.skipIf(browser === undefined)('100 ends at any moment', { timeout: 1_200_000 }, async () => {
  stand = await makeStand()
  const { mark, start } = stand
  for (const [index, moment] of moments.entries()) {
    const cli = start(['--browser', '--json'], { ELECTION_DEV_BROWSER: 'true' })
    const begun = performance.now()
    await until(async () => Promise.resolve(performance.now() - begun >= moment), 10_000)
    await cli.end(signals[index % signals.length])
    await until(async () => (await mark.processes()).length === 0, 8000)
    // the observer's own folder is left by a launcher that was killed
    const left = (await mark.temporary()).filter((name) => !/^election-dev-[A-Za-z0-9]{6}$/.test(name))
    expect(left, `${signals[index % signals.length] ?? ''} after ${moment} ms: ${cli.stdout()}`).toEqual([])
  }
})
