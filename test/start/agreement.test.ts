/** `start` and `doctor` agree: some set-ups of every family. All of them: test/slow/agreement.test.ts. */
import { expect, test } from 'vitest'
import { agreement } from '../support/agreement.ts'
import { nameOf, setUps } from '../support/doctor.ts'

const names = [
  'token-expired: uvicorn',
  'redis-unreachable: a name that nobody resolves, django-environ, a package other than core, hypercorn',
]

await agreement(['redis', 'token'], names)

test('the set-ups are there', () => {
  const there = new Set(setUps().map(nameOf))
  expect(names.filter((name) => !there.has(name))).toEqual([])
})
