/** What a refusal of the application's own means: facts in, one cause out. */
import { describe, expect, test } from 'vitest'
import { judge } from '../../src/checks/judgement.ts'
import type { Evidence } from '../../src/checks/evidence.ts'
import type { Refusal } from '../../src/facts/observed.ts'
import type { Identity, WireFacts } from '../../src/facts/wire.ts'
import { evidenceOf, examinationOf, wireOf, type Looked } from '../support/evidence.ts'
import { refused } from '../support/facts.ts'

const path = '/ws/motions/1/'
const place = { file: 'motions/consumers.py', line: 12, function: 'connect' }
const usher = { name: 'usher', authenticated: true, scope: true }
const nobody = { name: null, authenticated: false, scope: true }
const session: Identity = { source: 'session', wantsSession: true, user: 'usher' }
const noUser: Identity = { source: 'none', wantsSession: true, hasNoUser: true, note: 'the database has no active user' }
const minted: Identity = { source: 'minted', wantsSession: false, user: 'usher' }

const application = (
  unfilled: readonly { name: string; model: string | null; value?: string; field?: string; fixed?: { is_open: boolean } }[],
) => ({
  routes: [
    {
      route: 'ws/motions/<int:pk>/',
      sample: path,
      unfilled: [...unfilled],
      pattern: 'ws/motions/(?P<pk>[0-9]+)/$',
      consumer: 'Motions',
      is_class: false,
    },
  ],
})
const closed = (more: Partial<Refusal>): Refusal =>
  ({ by: 'application', consumer: true, code: 4403, class: 'Motions', place, ...more }) as const
/** Refused before accept, as the observer saw it. */
const before = (refusal: Refusal, identity: Identity | undefined, more: Partial<WireFacts> = {}, facts: Looked['facts'] = {}): Evidence =>
  evidenceOf({
    wire: wireOf({
      handshake: refused(403),
      session: undefined,
      endpoint: { ...wireOf().endpoint, path },
      experiments: { unknownPath: refused(500) },
      observed: { refused: refusal, raised: undefined },
      identity,
      ...more,
    }),
    examination: examinationOf({ facts: { consumer: { outcome: 'skipped' }, ...facts } }),
  })
/** Accepted, then closed. */
const after = (refusal: Refusal, identity: Identity): Evidence => {
  const close = { code: refusal.code ?? 4001, reason: '', afterMs: 3, messagesBefore: 0 }
  return evidenceOf({
    wire: wireOf({
      endpoint: { ...wireOf().endpoint, path },
      session: { heldMs: 3, close, messages: 0, pong: undefined, second: undefined, closedBy: refusal },
      identity,
    }),
    examination: examinationOf({ facts: { application: application([]), consumer: { outcome: 'skipped' } } }),
  })
}
const empty = { application: application([{ name: 'pk', model: 'motions.Motion' }]) }
const raising = (message: string, facts: Looked['facts'], type = 'DoesNotExist'): Evidence =>
  before(
    closed({}),
    session,
    { experiments: {}, handshake: refused(500), observed: undefined },
    {
      ...facts,
      consumer: { outcome: 'raised', raised: { type, message, frames: [{ ...place, own: true }], causes: [] } },
    },
  )
const filledBy = (model: string) => ({
  application: { routes: application([]).routes.map((route) => ({ ...route, models: [model], sample: '/ws/motions/4/' })) },
})
const unknown = { application: application([{ name: 'pk', model: null }]) }

describe('names it', () => {
  test.each<[string, Evidence, RegExp]>([
    [
      'application-refuses: a right',
      before(closed({ because: 'if not user.is_staff', user: usher }), minted),
      /4403 at motions\/consumers\.py:12: if not user\.is_staff/,
    ],
    ['application-refuses: after accept', after(closed({ user: usher }), session), /usher reached the consumer/],
    [
      'application-refuses: a right, though a table is empty',
      before(closed({ because: 'if not user.has_perm("x")', user: usher }), session, {}, empty),
      /has_perm/,
    ],
    [
      'row-missing: an empty table',
      before(closed({ code: 4404, because: 'if self.motion is None', user: nobody }), noUser, {}, empty),
      /table of motions\.Motion is empty/,
    ],
    [
      'row-missing: whoever it is',
      before(closed({ code: 4404, because: 'except Motion.DoesNotExist', user: usher }), session, {}, empty),
      /made up/,
    ],
    [
      'application-refuses: a name that nothing tells, and a condition that may be about anything',
      before(closed({ code: undefined, because: 'if motion not in known' }), minted, {}, unknown),
      /if motion not in known/,
    ],
    [
      'application-refuses: what the page sends besides',
      before(closed({ code: undefined, because: 'if "client" not in query' }), minted, {}, unknown),
      /"client" not in query/,
    ],
    ['application-refuses: no condition, and no code', before(closed({ code: 1000, user: nobody }), noUser), /closes with 1000/],
    [
      'row-missing: a name that nothing tells',
      before(closed({ code: undefined, because: 'if self.pk not in known' }), minted, {}, unknown),
      /neither the page's sources nor a row/,
    ],
    [
      'row-missing: an exception that says so, and the table is empty',
      raising('Motion matching query does not exist.', empty),
      /table of motions\.Motion is empty, and pk/,
    ],
    [
      'row-missing: the same by get_object_or_404',
      raising('No Motion matches the given query.', empty, 'Http404'),
      /table of motions\.Motion is empty/,
    ],
    ['row-missing: an exception, and nothing tells the model', raising('Motion matching query does not exist.', unknown), /made up/],
    [
      'row-missing: a row that the named path asks for',
      raising('Motion matching query does not exist.', filledBy('Motion')),
      /Motion matching/,
    ],
    ['consumer-exception: another row than the one of the path', raising('Profile matching query does not exist.', empty), /Profile/],
    ['consumer-exception: the same at a named path', raising('Profile matching query does not exist.', filledBy('Motion')), /Profile/],
    ['consumer-exception: no row is looked for', raising("'NoneType' has no attribute 'pk'", empty, 'AttributeError'), /NoneType/],
    [
      'token-missing: by a middleware, though a table is empty',
      before(closed({ consumer: false, code: 1000, because: 'if not found' }), { source: 'none', wantsSession: false }, {}, empty),
      /No token was sent/,
    ],
    [
      'token-missing: by a code that says so, though a name is made up',
      before(closed({ code: 4401, because: 'if self.scope["grower"] is None' }), { source: 'none', wantsSession: false }, {}, unknown),
      /No token was sent/,
    ],
    [
      'row-missing: an empty table, at a path that somebody has named',
      before(
        closed({ code: 4404, because: 'if self.motion is None' }),
        minted,
        { endpoint: { ...wireOf().endpoint, path: '/ws/motions/7/' } },
        empty,
      ),
      /table of motions\.Motion is empty$/m,
    ],
    [
      'application-refuses: a path that somebody has named, of which nothing is known',
      before(
        closed({ code: 4404, because: 'if motion not in known' }),
        { source: 'none', wantsSession: false },
        { endpoint: { ...wireOf().endpoint, path: '/ws/motions/7/' } },
        unknown,
      ),
      /if motion not in known/,
    ],
    [
      'token-missing: a fault of the code that an except hides',
      before(
        closed({
          because: 'except Exception',
          user: usher,
          handled: { type: 'django.core.exceptions.SynchronousOnlyOperation', message: 'no' },
        }),
        { source: 'none', wantsSession: false },
        {},
        empty,
      ),
      /No token was sent/,
    ],
    [
      'application-refuses: a row is missing, and the condition is about something else',
      before(closed({ because: 'if not settings.CHAT_ENABLED', user: usher }), session, {}, empty),
      /CHAT_ENABLED/,
    ],
    [
      'token-missing: somebody else stood there than who was sent',
      before(closed({ because: 'if not key', user: { ...usher, name: 'bob' } }), minted, { token: { kind: 'current' } }),
      /since none was given/,
    ],
    [
      'row-missing: it is gone, though the table has others',
      before(closed({ code: 4404, because: 'if self.motion is None', user: usher }), session, {}, { application: application([]) }),
      /self\.motion is None/,
    ],
    ['close-after-accept: a socket that came to its end', after(closed({ code: 1000, user: usher }), session), /1000/],
    [
      'session-missing: nobody to be',
      before(closed({ code: 1000, because: 'if self.scope["user"].is_anonymous', user: nobody }), noUser, {}, empty),
      /no active user/,
    ],
    [
      'session-missing: after accept',
      after(closed({ code: 4001, because: 'if not self.scope["user"].is_authenticated', user: nobody }), noUser),
      /4001/,
    ],
    ['session-missing: it is sent, and not taken', before(closed({ user: nobody }), session), /own engine/],
    [
      'session-missing: by a middleware of Channels, where nothing was asked',
      before(closed({ user: nobody }), undefined, {}, { application: { middleware: ['AuthMiddleware'] } }),
      /No session was sent/,
    ],
    [
      'token-rejected: who it is, nothing tells',
      before(closed({ because: 'if user is None' }), undefined, { token: { kind: 'current' } }),
      /4403/,
    ],
    [
      'token-missing: one that we made',
      before(closed({ because: 'if user is None' }), minted, { token: { kind: 'current' } }),
      /since none was given/,
    ],
    [
      'token-missing: nobody, and no session is read',
      before(closed({ user: nobody }), { source: 'none', wantsSession: false }),
      /No token was sent/,
    ],
    ['close-after-accept: who it is, nothing tells', after(closed({ code: 4010 }), minted), /4010/],
  ])('%s', (name, evidence, seen) => {
    const { root } = judge(evidence)
    expect(root?.id).toBe(name.split(':')[0])
    expect(root?.evidence.join('\n')).toMatch(seen)
  })
})

test('what was played tells as much as what was seen', () => {
  const frames = [{ ...place, own: true }]
  const played = { outcome: 'closed', code: 4403, consumer: 'Motions', frames, because: 'if not user.is_staff', user: usher } as const
  const evidence = evidenceOf({
    wire: wireOf({
      handshake: refused(403),
      session: undefined,
      endpoint: { ...wireOf().endpoint, path },
      experiments: { unknownPath: refused(500) },
      identity: minted,
      token: { kind: 'current' },
    }),
    examination: examinationOf({ facts: { consumer: played } }),
  })
  expect(judge(evidence).root).toMatchObject({
    id: 'application-refuses',
    evidence: expect.arrayContaining([expect.stringContaining('Motions closes with 4403')]),
  })
})

test('whom it refuses by a rule of its own is not told to want another token as well', () => {
  const found = judge(before(closed({ because: 'if not user.is_staff', user: usher }), minted, { token: { kind: 'current' } }))
  expect(found.root?.id).toBe('application-refuses')
  expect(found.explained).toEqual([])
})

const halls = (model: string, ...values: readonly string[]) => [
  { file: '/home/ada/votes/backend/motions/fixtures/some.json', rows: [{ model, values }] },
]

describe('a fixture of the project', () => {
  const commands = (fixtures: Evidence['fixtures'], at = path) => {
    const wire = at === path ? {} : { endpoint: { ...wireOf().endpoint, path: at } }
    const { root } = judge({ ...before(closed({ code: 4404, because: 'if self.motion is None' }), minted, wire, empty), fixtures })
    expect(root?.id).toBe('row-missing')
    return root?.remedy.commands.map((words) => words.slice(2).join(' '))
  }
  test.each([
    ['has any row of the model, and the path is made up', halls('motions.motion', '4'), path, 1],
    ['has the row that the path names', halls('motions.motion', '7'), '/ws/motions/7/', 1],
    ['has another row than the path names', halls('motions.motion', '4'), '/ws/motions/7/', 0],
    ['has rows of another model', halls('motions.vote', '1'), path, 0],
    ['is not there', [], path, 0],
  ])('%s', (_, fixtures, at, count) => {
    const found = commands(fixtures, at)
    expect(found).toHaveLength(count)
    if (count > 0) expect(found?.[0]).toMatch(/^loaddata .*motions\/fixtures\/some\.json$/)
  })
})

describe('an example of a row', () => {
  const ready = { database: { fact: 'database', state: 'ready', engine: 'django.db.backends.sqlite3', name: 'db.sqlite3' } } as const
  const commands = (of: { field?: string; fixed?: { is_open: boolean } }, at = path, database: Looked['facts'] = ready) => {
    const facts = { ...database, application: application([{ name: 'pk', model: 'motions.Motion', value: '1', ...of }]) }
    const wire = at === path ? {} : { endpoint: { ...wireOf().endpoint, path: at } }
    const { root } = judge(before(closed({ code: 4404, because: 'if self.motion is None' }), minted, wire, facts))
    expect(root?.id).toBe('row-missing')
    return root?.remedy.commands.map((words) => words.join(' '))
  }
  const fixed = { is_open: true }
  const made = ['election-dev doctor --fix --yes']
  test.each([
    ['whose key the database counts, at a path that is made up', { fixed }, path, ready, made],
    ['the same at a path that names one', { fixed }, '/ws/motions/7/', ready, []],
    ['that is found by a field of its own', { fixed, field: 'number' }, '/ws/motions/7/', ready, made],
    ['of a model that is not to be made', {}, path, ready, []],
    ['in a database on another machine', { fixed }, path, { database: { ...ready.database, elsewhere: 'db.example.com' } }, []],
    ['in a database without tables', { fixed }, path, { database: { ...ready.database, state: 'empty' as const } }, []],
  ])('%s', (_, of, at, database, expected) => {
    expect(commands(of, at, database)).toEqual(expected)
  })
})
