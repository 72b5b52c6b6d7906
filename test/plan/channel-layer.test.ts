import { describe, expect, test } from 'vitest'
import type { RedisFact } from '../../src/facts/redis.ts'
import type { LayerWish } from '../../src/facts/variables.ts'
import { decideLayer, type LayerInputs } from '../../src/plan/channel-layer.ts'

const usable: RedisFact = { usable: true, product: 'redis', version: '7.0.15', elapsedMs: 1 }
const refused: RedisFact = { usable: false, id: 'redis-too-old', evidence: ['Redis 3.2 has no BZPOPMIN'], elapsedMs: 1 }

const wishes: readonly LayerWish[] = [
  { kind: 'none' },
  { kind: 'set', redis: true, source: 'backend/.env:3' },
  { kind: 'set', redis: false, source: 'backend/.env:3' },
  { kind: 'typo', value: 'ture', source: 'backend/.env:3' },
]
const rows: LayerInputs[] = wishes.flatMap((wish) =>
  (['auto', 'memory', 'redis'] as const).flatMap((choice) =>
    [usable, refused, undefined].flatMap((redis) =>
      [false, true].flatMap((strict) =>
        [1, 3].flatMap((instances) =>
          (['absent', 'without-key', 'with-key', 'unreadable'] as const).flatMap((dotenv) =>
            ['USE_REDIS_FOR_CHANNELS', undefined].map((variable) => ({ wish, choice, redis, strict, instances, dotenv, variable })),
          ),
        ),
      ),
    ),
  ),
)

function select(keep: (row: LayerInputs) => boolean): LayerInputs[] {
  const found = rows.filter(keep)
  expect(found.length).toBeGreaterThan(0)
  return found
}

const reads = (row: LayerInputs) => row.variable !== undefined
const asked = ({ choice, wish }: LayerInputs) => choice === 'redis' || (choice === 'auto' && wish.kind === 'set' && wish.redis)
const key = 'USE_REDIS_FOR_CHANNELS'
const none = (row: LayerInputs) => !reads(row)
// whether several instances have the Redis that they are to share is seen in the settings
const isSeen = ({ choice, instances }: LayerInputs) => choice === 'auto' || (choice === 'redis' && instances > 1)
const calm = (row: LayerInputs) => reads(row) && row.instances === 1 && !asked(row)
const good = (row: LayerInputs) => reads(row) && asked(row) && row.redis?.usable === true
const bad = (row: LayerInputs) => reads(row) && asked(row) && row.redis?.usable !== true
const idOf = (row: LayerInputs) => (row.redis === undefined ? 'redis-unresponsive' : 'redis-too-old')
const many = (row: LayerInputs) => reads(row) && row.instances > 1

test('the table has every row', () => {
  expect(rows).toHaveLength(4 * 3 * 3 * 2 * 2 * 4 * 2)
})

describe('a project that reads no variable', () => {
  test('has nothing written, nothing set, and the layer of its settings', () => {
    for (const row of select(none))
      expect(decideLayer(row)).toMatchObject({ layer: 'settings', environment: {}, write: undefined, warning: undefined })
  })

  test('runs where nothing is asked of it, and refuses a choice that it can not take', () => {
    for (const row of select(none)) expect(decideLayer(row).error?.id).toBe(isSeen(row) ? undefined : 'channel-layer-not-chosen')
  })
})

describe('one instance, Redis not asked for', () => {
  test('is in memory, whatever Redis is, and says so to the child', () => {
    for (const row of select(calm))
      expect(decideLayer(row)).toMatchObject({ layer: 'memory', environment: { [key]: 'False' }, error: undefined })
  })

  test('warns of a typo, and of nothing else', () => {
    for (const row of select(calm)) {
      expect(decideLayer(row).warning?.id).toBe(row.wish.kind === 'typo' && row.choice === 'auto' ? 'env-bool-typo' : undefined)
    }
  })
})

describe('Redis asked for, and usable', () => {
  test('is used', () => {
    for (const row of select(good))
      expect(decideLayer(row)).toMatchObject({ layer: 'redis', environment: { [key]: 'True' }, warning: undefined, error: undefined })
  })
})

describe('Redis asked for, and not usable', () => {
  test('is in memory with one warning where the wish is all that asks for it', () => {
    for (const row of select((each) => bad(each) && each.choice === 'auto' && !each.strict && each.instances === 1)) {
      expect(decideLayer(row)).toMatchObject({
        layer: 'memory',
        environment: { [key]: 'False' },
        warning: { id: idOf(row) },
        error: undefined,
      })
    }
  })

  test('is an error with --channel-layer redis, --strict or more than one instance', () => {
    for (const row of select((each) => bad(each) && (each.choice === 'redis' || each.strict || each.instances > 1))) {
      expect(decideLayer(row)).toMatchObject({ layer: 'redis', warning: undefined, error: { id: idOf(row) } })
    }
  })

  test('leaves .env as it is: the wish stands', () => {
    for (const row of select(bad)) expect(decideLayer(row).write).toBeUndefined()
  })
})

describe('more than one instance', () => {
  test('needs Redis without being asked', () => {
    for (const row of select((each) => many(each) && each.choice === 'auto')) {
      const decision = decideLayer(row)
      expect(decision.layer).toBe('redis')
      expect(decision.error === undefined).toBe(row.redis?.usable === true)
    }
  })

  test('refuses --channel-layer memory, and never takes Redis instead', () => {
    for (const row of select((each) => many(each) && each.choice === 'memory')) {
      expect(decideLayer(row)).toMatchObject({ layer: 'memory', write: undefined, error: { id: 'layer-inmemory-multi-instance' } })
    }
  })
})

describe('.env', () => {
  test('is written on an explicit flag, also a new one; a missing key is added where nobody wished anything', () => {
    for (const row of select(reads)) {
      const decision = decideLayer(row)
      const value = decision.environment[key]
      const failed = decision.error !== undefined || (asked(row) && row.redis?.usable !== true)
      const explicit = row.choice !== 'auto'
      const added = row.choice === 'auto' && row.dotenv === 'without-key' && row.wish.kind === 'none'
      const expected = !failed && row.dotenv !== 'unreadable' && (explicit || added) ? { key, value } : undefined
      expect(decision.write).toEqual(expected)
    }
  })

  test('says why, in every row', () => {
    for (const row of rows) expect(decideLayer(row).why).not.toBe('')
  })
})
