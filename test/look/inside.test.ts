import { expect, test } from 'vitest'
import { collect } from '../../src/facts/inspection.ts'
import { gatherInside } from '../../src/look/inside.ts'
import { endpointOf } from '../../src/look/target.ts'
import { resolveConfig } from '../../src/config/resolve.ts'
import { checkoutOf } from '../support/evidence.ts'
import { testHost } from '../support/processes.ts'

test.each([
  ['before it was asked for', true],
  ['while it is under way', false],
])('a look in the serving process is cancelled by a stop %s: nobody would end it', async (_, before) => {
  const stop = new AbortController()
  if (before) stop.abort()
  const asked: string[] = []
  const lookServed = () => {
    // it ends by being cancelled alone
    const looking = collect(testHost, ['settings'])
    asked.push('look')
    return looking.inspection(() => looking.finish('crashed', []))
  }
  const main = endpointOf(testHost, await resolveConfig(testHost, {}), 'ws://127.0.0.1:8000/ws/votes/')
  const inside = gatherInside(
    testHost,
    { main, ping: false, lookServed, signal: stop.signal },
    Promise.resolve(checkoutOf()),
    Promise.resolve(true),
    {},
  )
  if (!before) await expect.poll(() => asked).toEqual(['look'])
  stop.abort()
  expect((await inside.examination)?.how).toBe('crashed')
})
