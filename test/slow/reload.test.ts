import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { expectOneServer, expectServed, makeReloading, randomOf, servedVersion, type Edit } from '../support/edits.ts'
import type { Stand } from '../support/stand.ts'

let stand: Stand | undefined

afterAll(async () => {
  await stand?.remove()
})

test('200 edits at random moments, among them broken ones: the last state is the right one, no orphan, no second listener', async () => {
  const seed = Number(process.env['TEST_SEED'] ?? Math.floor(Math.random() * 1e9))
  process.stdout.write(`seed ${seed} (TEST_SEED=${seed} does it again)\n`)
  const random = randomOf(seed)
  const made = await makeReloading()
  ;({ stand } = made)
  const { cli, save } = made
  let good = 0
  for (let version = 1; version <= 200; version++) {
    const dice = random()
    // each tenth is looked at, and so is the last
    const checked = version % 10 === 0
    const kind: Edit = dice < 0.2 ? 'syntax' : dice < 0.35 ? 'raises' : 'good'
    await save(version, kind)
    if (kind === 'good') good = version
    if (checked) {
      if (kind === 'good') await expectServed(cli, stand.port, version)
      else {
        // what is served may be the last good code or nothing; never an older one than that, and never this one
        await delay(random() * 1500)
        const served = await servedVersion(stand.port)
        expect(served === undefined || served <= good, `version ${served} after ${version}`).toBe(true)
        await save(version, 'good')
        good = version
        await expectServed(cli, stand.port, version)
      }
      await expectOneServer(stand, cli)
    } else await delay(random() * 900)
  }
  expect(good).toBe(200)
  await expectServed(cli, stand.port, 200)
  const { status } = await cli.end('SIGINT')
  expect(status).toBe(130)
  expect(await stand.mark.processes()).toEqual([])
}, 600_000)
