/** The rows of the matrix: none that can't be, none twice, and every pair of values that can be together. */
import { expect, test } from 'vitest'
import { axes, invalid, rows, tooOld, type MatrixRow } from '../support/matrix-rows.ts'

const names = ['python', 'django', 'channels', 'redisPy', 'redis'] as const

/** Every combination that can be. */
const all: readonly MatrixRow[] = axes.python
  .flatMap((python) =>
    axes.django.flatMap((django) =>
      axes.channels.flatMap((channels) =>
        axes.redisPy.flatMap((redisPy) => axes.redis.map((redis) => ({ python, django, channels, redisPy, redis }))),
      ),
    ),
  )
  .filter((row) => invalid(row) === undefined)

const pairsOf = (row: MatrixRow) =>
  names.flatMap((one, index) => names.slice(index + 1).map((other) => `${one} ${row[one]}, ${other} ${row[other]}`))

test('no row can’t be, and none is there twice', () => {
  expect(rows.map(invalid).filter((why) => why !== undefined)).toEqual([])
  expect(invalid(tooOld)).toContain('Redis 5')
  expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBe(rows.length)
})

test('every pair of values that can be together is in a row', () => {
  const seen = new Set(rows.flatMap(pairsOf))
  expect([...new Set(all.flatMap(pairsOf))].filter((pair) => !seen.has(pair))).toEqual([])
})

test.each(names)('each value of %s is in two rows', (axis) => {
  for (const value of axes[axis]) expect(rows.filter((row) => row[axis] === value).length, value).toBeGreaterThanOrEqual(2)
})
