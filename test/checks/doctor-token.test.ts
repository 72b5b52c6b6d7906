/** Token, Origin and hosts: what a refusal means. */
import { describe, expect, test } from 'vitest'
import type { Evidence } from '../../src/checks/evidence.ts'
import { judge } from '../../src/checks/judgement.ts'
import type { ExaminationOf } from '../../src/facts/examination.ts'
import type { TokenShape } from '../../src/facts/wire.ts'
import { evidenceOf, examinationOf, wireOf } from '../support/evidence.ts'
import { ended, endpoint, failed, opened, page, refused, silent } from '../support/serving.ts'

const closes: Partial<ExaminationOf<'consumer'>> = {
  outcome: 'closed',
  code: 4001,
  frames: [{ file: 'updates/consumers.py', line: 14, function: 'connect', own: true }],
}
/** 403 where an unknown path with the same Origin is 500. */
const denied = (token: TokenShape, more: Partial<Evidence> = {}): Evidence =>
  evidenceOf({
    wire: failed(refused(403), { token, experiments: { unknownPath: refused(500) } }),
    examination: examinationOf({ facts: { consumer: closes } }),
    ...more,
  })
/** 403 before the routes are asked. */
const outside = (origin: string | undefined, more: Partial<Evidence> = {}): Evidence =>
  evidenceOf({
    wire: failed(refused(403), {
      endpoint: endpoint({ origin }),
      experiments: { unknownPath: refused(403), otherOrigins: [{ origin: 'http://127.0.0.1:8000', handshake: refused(500) }] },
    }),
    ...more,
  })
const hosts = (allowed: readonly string[], debug = true) => examinationOf({ facts: { settings: { allowed_hosts: [...allowed], debug } } })
const badPage = page(400, 'daphne', '<h1>Bad Request (400)</h1>')
const current: TokenShape = { kind: 'current' }

describe('names it', () => {
  test.each<[string, Evidence, RegExp]>([
    ['token-missing: none was sent', denied({ kind: 'none' }), /consumers\.py:14/],
    ['token-rejected: well formed', denied(current), /4001/],
    [
      'token-missing: the one that we made is refused',
      denied(current, {
        wire: failed(refused(403), {
          token: current,
          identity: { source: 'minted', wantsSession: false },
          experiments: { unknownPath: refused(500) },
        }),
      }),
      /since none was given/,
    ],
    ['token-rejected: opaque', denied({ kind: 'opaque' }), /no JSON Web Token/],
    [
      'token-rejected: 404 for the unknown path shows the Origin too',
      denied(current, { wire: failed(refused(403), { token: current, experiments: { unknownPath: refused(404) } }) }),
      /404/,
    ],
    ['token-expired: exp lies back', denied({ kind: 'expired', secondsAgo: 90 }), /90 s/],
    ['token-malformed: Bearer', denied({ kind: 'malformed', problem: 'it begins with "Bearer "' }), /Bearer/],
    ['clock-skew: nbf lies ahead', denied({ kind: 'not-yet', secondsAhead: 600, claim: 'nbf' }), /nbf/],
    ['secret-key-changes: two imports differ', denied(current, { secretKeys: 'different' }), /two different/i],
    ['close-after-accept: 4001', evidenceOf({ wire: ended(4001) }), /4001/],
    ['origin-rejected: the backend takes its own Origin', outside('http://votes.example'), /127\.0\.0\.1:8000 got 500/],
    ['origin-missing: none was sent', outside(undefined), /No Origin was sent/],
    [
      'allowed-hosts: 403 and 400',
      evidenceOf({
        wire: failed(refused(403), { http: badPage, experiments: { unknownPath: refused(403) } }),
        examination: hosts(['votes.example']),
      }),
      /votes\.example/,
    ],
    [
      'allowed-hosts: the socket is 101, and pages are 400',
      evidenceOf({ wire: wireOf({ http: badPage }), examination: hosts(['http://localhost:5173']) }),
      /http:\/\/localhost:5173/,
    ],
    ['allowed-hosts: empty without DEBUG', evidenceOf({ wire: wireOf({ http: badPage }), examination: hosts([], false) }), /is empty/],
  ])('%s', (title, evidence, telling) => {
    const { root } = judge(evidence)
    expect(root?.id, root?.evidence.join('\n')).toBe(title.split(':')[0])
    expect(root?.evidence.join('\n')).toMatch(telling)
  })
})

describe('does not name it', () => {
  test.each<[string, Evidence, string | undefined]>([
    ['token-missing: the backend wants none', evidenceOf(), undefined],
    [
      'token-expired: expired, and accepted all the same',
      evidenceOf({ wire: wireOf({ token: { kind: 'expired', secondsAgo: 90 } }) }),
      undefined,
    ],
    [
      'token-malformed: not a token of ours, and accepted',
      evidenceOf({ wire: wireOf({ token: { kind: 'malformed', problem: 'x' } }) }),
      undefined,
    ],
    ['secret-key-changes: two imports agree', denied(current, { secretKeys: 'same' }), 'token-rejected'],
    ['secret-key-changes: no token was sent', denied({ kind: 'none' }, { secretKeys: 'different' }), 'token-missing'],
    ['close-after-accept: 1011 is an exception', evidenceOf({ wire: ended(1011) }), 'consumer-exception'],
    ['origin-rejected: an unknown path is 500', denied(current), 'token-rejected'],
    [
      'origin-rejected: every Origin is refused, a middleware wants a token',
      evidenceOf({
        wire: failed(refused(403), {
          experiments: { unknownPath: refused(403), otherOrigins: [{ origin: 'http://127.0.0.1:8000', handshake: refused(403) }] },
        }),
      }),
      'token-missing',
    ],
    [
      'origin-missing: none is sent, and none is wanted',
      evidenceOf({ wire: wireOf({ endpoint: endpoint({ origin: undefined }) }) }),
      undefined,
    ],
    [
      'allowed-hosts: 400 of a view, with the host among ALLOWED_HOSTS',
      evidenceOf({ wire: wireOf({ http: badPage }), examination: hosts(['127.0.0.1']) }),
      undefined,
    ],
    ['allowed-hosts: empty with DEBUG', evidenceOf({ wire: wireOf({ http: badPage }), examination: hosts([]) }), undefined],
    [
      'token-rejected: no answer at all',
      evidenceOf({
        wire: failed(silent, { token: current, experiments: { httpAfter: page(404) } }),
        examination: examinationOf({ facts: { consumer: { outcome: 'returned' } } }),
      }),
      'accept-missing',
    ],
    [
      'token-rejected: 500 with the token, 101 without',
      evidenceOf({
        wire: failed(refused(500), { token: current, experiments: { otherSlash: refused(500), withoutToken: opened } }),
        examination: undefined,
      }),
      'consumer-exception',
    ],
  ])('%s', (_, evidence, id) => {
    expect(judge(evidence).root?.id).toBe(id)
  })
})

test('a validator that refuses what its own list lets through decides by itself', () => {
  const application = { origins: ['*'], middleware: ['Strict'] }
  const { root } = judge(
    outside('http://votes.example', { examination: examinationOf({ facts: { settings: { allowed_hosts: ['*'] }, application } }) }),
  )
  expect(root?.id).toBe('origin-rejected')
  expect(root?.remedy).toMatchObject({ text: expect.stringContaining('Correct valid_origin()'), commands: [] })
})
