/** The causes in the database: facts in, one cause out. */
import { describe, expect, test } from 'vitest'
import type { Evidence } from '../../src/checks/evidence.ts'
import { findingsOf } from '../../src/checks/findings.ts'
import { judge } from '../../src/checks/judgement.ts'
import type { ExaminationOf } from '../../src/facts/examination.ts'
import { evidenceOf, examinationOf, failing, handshakes, root, unstarted, wireOf } from '../support/evidence.ts'

type Played = Partial<ExaminationOf<'consumer'>>
const skipped: Played = { outcome: 'skipped', why: 'the database is empty' }
const look = (database: Partial<ExaminationOf<'database'>>, consumer: Played = skipped, pending: string[] = []) =>
  examinationOf({ facts: { database, consumer, migrations: { pending } } })
const refused = wireOf({
  token: { kind: 'current' },
  handshake: handshakes.denied,
  session: undefined,
  experiments: { unknownPath: handshakes.error },
})
const missing: Played = { outcome: 'closed', code: 4001, database_error: 'OperationalError: no such table: auth_user' }
const lost: Played = {
  outcome: 'raised',
  raised: { type: 'OperationalError', message: 'connection failed: Connection refused', frames: [], causes: [] },
}

describe('names', () => {
  test.each<[string, Evidence, string]>([
    ['migrations-pending: nobody migrated', evidenceOf({ wire: failing, examination: look({ state: 'empty' }) }), 'no django_migrations'],
    ['migrations-pending: the same, and nothing was started', unstarted({ examination: look({ state: 'empty' }) }), 'no django_migrations'],
    [
      'migrations-pending: nothing was started, and nobody is let in',
      unstarted({ examination: look({ state: 'empty' }, { outcome: 'closed', code: 4001 }) }),
      'no django_migrations',
    ],
    [
      'migrations-pending: a table is missing behind an except',
      evidenceOf({ wire: refused, examination: look({}, missing, ['auth.0001_initial']) }),
      'no such table: auth_user',
    ],
    [
      'migrations-pending: a column is missing, in the words of PostgreSQL',
      evidenceOf({
        wire: failing,
        examination: look(
          {},
          { outcome: 'closed', code: 4001, database_error: 'ProgrammingError: column polls_poll.open does not exist' },
          [],
        ),
      }),
      'column polls_poll.open does not exist',
    ],
    [
      'database-unreachable: the folder is not there',
      evidenceOf({ wire: failing, examination: look({ state: 'unreachable', message: 'unable to open database file' }) }),
      `${root}/backend/db.sqlite3`,
    ],
    [
      'database-unreachable: PostgreSQL, and the consumer raises',
      evidenceOf({
        wire: failing,
        examination: look(
          { state: 'unreachable', engine: 'django.db.backends.postgresql', path: null, message: 'port 5432: Connection refused' },
          lost,
        ),
      }),
      'django.db.backends.postgresql',
    ],
    [
      "database-unreachable: somebody is to be logged in, and nobody can be made: it isn't called a want of users",
      evidenceOf({
        wire: wireOf({
          identity: { source: 'none', wantsSession: true, note: "the database can't be opened" },
          handshake: handshakes.denied,
          session: undefined,
          experiments: { unknownPath: handshakes.error },
        }),
        examination: look(
          { state: 'unreachable', engine: 'django.db.backends.postgresql', path: null, message: 'refused' },
          { outcome: 'closed' },
        ),
      }),
      'created in it',
    ],
    [
      "database-unreachable: the host is a service's name",
      evidenceOf({
        wire: failing,
        examination: look({ state: 'unreachable', engine: 'django.db.backends.postgresql', path: null, message: 'no such name' }),
        databaseOutlook: {
          where: 'db:5432',
          isHere: false,
          by: undefined,
          why: 'x',
          compose: { file: 'compose.yml', service: 'db', port: 5433 },
        },
      }),
      'answers on this machine: 127.0.0.1:5433',
    ],
    [
      "database-absent: PostgreSQL's, behind an address that nothing listens on",
      evidenceOf({
        wire: failing,
        examination: look(
          {
            state: 'unreachable',
            engine: 'django.db.backends.postgresql',
            path: null,
            message: 'server at "::1" failed: Connection refused\nserver at "127.0.0.1" failed: FATAL:  database "votes" does not exist',
          },
          lost,
        ),
      }),
      'does not exist',
    ],
    [
      'database-locked',
      evidenceOf({
        wire: failing,
        examination: look({ state: 'locked', message: 'database is locked' }),
        holders: [{ pid: 99, command: 'python hold.py' }],
      }),
      'PID 99 has it open: python hold.py',
    ],
  ])('%s', (title, evidence, telling) => {
    const { root: cause } = judge(evidence)
    expect(cause?.id, cause?.evidence.join('\n')).toBe(title.replace(/:.*/s, ''))
    expect(cause?.evidence.join('\n')).toContain(telling)
  })
})

describe('does not name as the cause', () => {
  test.each<[string, Evidence]>([
    ['migrations-pending: all works without tables', evidenceOf({ examination: look({ state: 'empty' }, {}) })],
    ['migrations-pending: nothing was started, and no tables are asked for', unstarted({ examination: look({ state: 'empty' }, {}) })],
    [
      'migrations-pending: the consumer raises something else',
      evidenceOf({
        wire: failing,
        examination: look({ state: 'empty' }, { outcome: 'raised', raised: { type: 'KeyError', message: "'x'", frames: [], causes: [] } }),
      }),
    ],
    [
      'migrations-pending: the token is refused, and migrations wait',
      evidenceOf({ wire: refused, examination: look({}, { outcome: 'closed' }, ['auth.0012_x']) }),
    ],
    ['database-unreachable: nobody asks it', evidenceOf({ examination: look({ state: 'unreachable', message: 'x' }, {}) })],
    ['database-locked: all works', evidenceOf({ examination: look({ state: 'locked', message: 'database is locked' }, {}) })],
  ])('%s', (title, evidence) => {
    expect(judge(evidence).root?.id).not.toBe(title.replace(/:.*/s, ''))
  })
})

test.each([
  [{ state: 'unreachable', message: 'x' }, ['database-unreachable']],
  [{ state: 'empty' }, []],
] as const)('told beside a WebSocket that works: %j', (database, expected) => {
  const { root, notes } = judge(evidenceOf({ examination: look(database, {}) }))
  expect([root, notes.map(({ id }) => id)]).toEqual([undefined, expected])
})

test.each([
  ['FATAL:  database "my "votes" does not exist', 'database-absent', 'no database my', 'CREATE DATABASE "my ""votes";'],
  ['FATAL:  role "u" does not exist', 'database-absent', 'no role u', 'CREATE ROLE "u" LOGIN;'],
  ['FATAL:  the database system is starting up', 'database-unreachable', 'no connections yet', 'Wait'],
  ['FATAL:  sorry, too many clients already', 'database-unreachable', 'no connection left', 'pg_stat_activity'],
  [
    'FATAL:  password authentication failed for user "u"',
    'database-unreachable',
    'the password for u',
    'Correct the user and the password',
  ],
  ['FATAL:  Peer authentication failed for user "u"', 'database-unreachable', 'from the system user', '127.0.0.1'],
  ['fe_sendauth: no password supplied', 'database-unreachable', 'the settings have none', "Put the role's password"],
  ['FATAL:  no pg_hba.conf entry for host "10.0.0.1"', 'database-unreachable', 'refuses this user', 'pg_hba.conf'],
  [`(1049, "Unknown database 'votes'")`, 'database-absent', 'no database votes', 'CREATE DATABASE `votes`;'],
  [`(1045, "Access denied for user 'u'@'localhost' (using password: YES)")`, 'database-unreachable', "doesn't let u in", 'grant'],
  [`(1040, 'Too many connections')`, 'database-unreachable', 'no connection left', 'SHOW PROCESSLIST'],
  ['FATAL:  something new', 'database-unreachable', "can't be opened", 'start the database'],
])('what a server says in place of opening it is told as that: %s', (message, id, title, remedy) => {
  const database = { state: 'unreachable', engine: 'x', path: null, message } as const
  const { root: cause } = judge(evidenceOf({ wire: failing, examination: look(database) }))
  expect(cause).toMatchObject({ id, title: expect.stringContaining(title), remedy: { text: expect.stringContaining(remedy) } })
})

test.each([
  ['a PostgreSQL 17.1 of its own', [['election-dev', 'start', '--setup', '--managed']], 'a PostgreSQL 17.1 of its own'],
  [undefined, [], "can't start one of its own: no variable"],
])('a database that can be started is, by a command; else it is said why not: %s', (by, commands, words) => {
  const outlook = { where: 'db:5432', isHere: false, by, why: by === undefined ? 'no variable' : '', compose: undefined }
  const database = { state: 'unreachable', engine: 'django.db.backends.postgresql', path: null, message: 'refused' } as const
  const { root: cause } = judge(evidenceOf({ wire: failing, examination: look(database), databaseOutlook: outlook }))
  expect(cause).toMatchObject({ id: 'database-unreachable', remedy: { commands, text: expect.stringContaining(words) } })
})

test('what only a run sees is never said to be passed', () => {
  const evidence = evidenceOf({ examination: look({ state: 'ready' }, { outcome: 'accepted' }) })
  const findings = findingsOf(evidence, judge(evidence))
  const of = (wanted: string) => findings.find(({ id }) => id === wanted)
  expect(of('database-locked')).toMatchObject({ status: 'pass' })
  expect(of('user-missing')).toMatchObject({ status: 'skip', reason: expect.stringContaining('start --setup') })
  expect(of('broadcast-lost')).toMatchObject({ status: 'skip', reason: expect.stringContaining('smoke') })
})

const commands = (database: Partial<ExaminationOf<'database'>>, more: Partial<Evidence> = {}) =>
  judge(evidenceOf({ wire: failing, examination: look({ state: 'empty', ...database }), ...more })).root?.remedy.commands.map((words) =>
    words.join(' '),
  )

test('a file with a relative name is migrated where the server runs: from the root it would be another one', () => {
  expect(commands({ relative: true })).toEqual(['election-dev doctor --fix --yes'])
  expect(commands({ relative: false })?.[0]).toMatch(/manage\.py migrate$/)
})

test('what is typed from another folder: it is gone to where another program is called, else named', () => {
  const given = [
    ['--cwd', '../shop'],
    ['--port', '9000'],
  ] as const
  expect(commands({}, { given })).toEqual(['cd ../shop', expect.stringMatching(/manage\.py migrate$/)])
  expect(commands({ relative: true }, { given })).toEqual(['election-dev doctor --fix --yes --cwd ../shop --port 9000'])
})

test('beside a run that has its own database the command that goes there is the run itself', () => {
  const given = [['--managed'], ['--port', '9000']] as const
  expect(commands({}, { given })).toEqual(['election-dev start --setup --managed --port 9000'])
})

test('the day after: the data of an earlier run are named, and need no setup', () => {
  const by = 'a PostgreSQL 17.1 of its own'
  const outlook = { where: 'localhost:5432', isHere: true, by, why: '', compose: undefined, isKept: true }
  const database = { state: 'unreachable', engine: 'django.db.backends.postgresql', path: null, message: 'refused' } as const
  const { root: cause } = judge(evidenceOf({ wire: failing, examination: look(database), databaseOutlook: outlook }))
  expect(cause).toMatchObject({
    evidence: expect.arrayContaining([expect.stringContaining('.election-dev/postgres')]),
    remedy: { commands: [['election-dev', 'start', '--managed']] },
  })
})
