/** What a token looks like from outside. */
import { expect, test } from 'vitest'
import { shapeOf } from '../../src/verify/token.ts'

const now = 1_800_000_000_000
const seconds = now / 1000
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (claims: unknown) => `${part({ alg: 'HS256' })}.${part(claims)}.c2ln`

test.each<[string, string | undefined, object]>([
  ['none', undefined, { kind: 'none' }],
  ['empty', '', { kind: 'none' }],
  ['opaque', '9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b', { kind: 'opaque' }],
  ['current', jwt({ exp: seconds + 1 }), { kind: 'current' }],
  ['no times', jwt({}), { kind: 'current' }],
  ['expired', jwt({ exp: seconds - 90 }), { kind: 'expired', secondsAgo: 90 }],
  ['nbf ahead', jwt({ nbf: seconds + 60 }), { kind: 'not-yet', secondsAhead: 60, claim: 'nbf' }],
  ['iat ahead', jwt({ iat: seconds + 60 }), { kind: 'not-yet', secondsAhead: 60, claim: 'iat' }],
  ['a clock that is a little off', jwt({ iat: seconds + 4 }), { kind: 'current' }],
  ['Bearer', `Bearer ${jwt({})}`, { kind: 'malformed' }],
  ['quotes', `"${jwt({})}"`, { kind: 'malformed' }],
  ['a line end', `${jwt({})}\n`, { kind: 'malformed' }],
  ['one part', part({ alg: 'HS256' }), { kind: 'malformed' }],
  ['two parts', `${part({ alg: 'HS256' })}.${part({})}`, { kind: 'malformed' }],
  ['no JSON in it', 'a.b.c', { kind: 'malformed' }],
])('%s', (_, token, shape) => {
  expect(shapeOf(token, now)).toMatchObject(shape)
})
