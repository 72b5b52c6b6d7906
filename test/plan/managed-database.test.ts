import { expect, test } from 'vitest'
import { LauncherError } from '../../src/errors.ts'
import { postgresVersion } from '../../src/facts/postgres-programs.ts'
import { databaseKind, databasePlace, triedDatabases, type DatabaseServer } from '../../src/plan/database-place.ts'
import { landedIn } from '../../src/plan/tried-values.ts'
import {
  accessRules,
  databaseMeans,
  databaseOutlook,
  planManagedDatabase,
  preparingSql,
  type DatabasePrograms,
} from '../../src/plan/managed-database.ts'
import { serverUser } from '../../src/run/database-folder.ts'
import { secret } from '../support/secrets.ts'

const password = secret()
const serverOf = (more: Partial<DatabaseServer> = {}): DatabaseServer => ({
  fact: 'database_server',
  engine: 'django.db.backends.postgresql',
  name: 'votes',
  host: 'db',
  port: '5432',
  user: 'ada',
  password,
  service: false,
  ...more,
})

test.each([
  ['django.db.backends.postgresql', 'postgresql'],
  ['django.contrib.gis.db.backends.postgis', 'postgresql'],
  ['django_prometheus.db.backends.postgresql', 'postgresql'],
  ['psqlextra.backend', undefined],
  ['django.db.backends.mysql', 'mysql'],
  ['django.db.backends.sqlite3', undefined],
  ['django.db.backends.oracle', undefined],
])('%s is a server of %s', (engine, kind) => {
  expect(databaseKind({ engine })).toBe(kind)
})

test('every variable that may lead to the database has a value of its own; those of others are left alone', () => {
  const [all = {}, parts = {}] = triedDatabases(
    new Set(['VOTES_DB_HOST', 'PGPORT', 'SECRET_KEY', 'DB_NAME', 'REDIS_HOST', 'EMAIL_PORT', 'CACHE_URL', 'DSN']),
  )
  expect(Object.keys(all)).toEqual(['VOTES_DB_HOST', 'PGPORT', 'DSN', 'DATABASE_URL'])
  expect(new Set(Object.values(all)).size).toBe(4)
  expect(Object.keys(parts)).toEqual(['VOTES_DB_HOST', 'PGPORT'])
})

test('where the settings have a tried value, they read its variable', () => {
  const [all = {}] = triedDatabases(new Set(['A_HOST', 'A_PORT', 'B_HOST']))
  const { A_HOST: host = '', A_PORT: port = '', DATABASE_URL: url = '' } = all
  const [, urlHost = '', urlPort = ''] = /@(.+):(\d+)\//.exec(url) ?? []
  expect(landedIn(all, { host, port })).toEqual({ host: 'A_HOST', port: 'A_PORT' })
  expect(landedIn(all, { host: 'db', port })).toEqual({ port: 'A_PORT' })
  expect(landedIn(all, { host: urlHost, port: urlPort })).toEqual({ url: 'DATABASE_URL' })
  expect(landedIn(all, { host: 'db', port: '5432' })).toEqual({})
})

test.each([
  ['host and port', serverOf(), { host: 'H', port: 'P' }, undefined, 'any', { H: '127.0.0.1', P: '7001' }],
  ['a host alone: its port is fixed', serverOf(), { host: 'H' }, undefined, 5432, { H: '127.0.0.1' }],
  ['a port alone, and a host of this machine', serverOf({ host: 'localhost' }), { port: 'P' }, undefined, 'any', { P: '7001' }],
  ['nothing, and a host of this machine', serverOf({ host: '127.0.0.1', port: '5439' }), {}, undefined, 5439, {}],
  [
    'all that libpq fills in',
    serverOf({ host: '', port: '', user: '' }),
    {},
    undefined,
    'any',
    { PGUSER: 'postgres', PGHOST: '127.0.0.1', PGPORT: '7001' },
  ],
  [
    'a URL that nobody has set',
    serverOf({ password: 'a/b c' }),
    { url: 'U' },
    undefined,
    'any',
    { U: 'postgres://ada:a%2Fb%20c@127.0.0.1:7001/votes' },
  ],
  [
    'a URL, whose scheme and options stay, but for TLS',
    serverOf({ password: '' }),
    { url: 'U' },
    'psql://ada@db.example.org/votes?sslmode=require&conn_max_age=60',
    'any',
    { U: 'psql://ada@127.0.0.1:7001/votes?conn_max_age=60' },
  ],
  [
    'MySQL, by its variables',
    serverOf({ engine: 'django.db.backends.mysql', port: '' }),
    { host: 'H' },
    undefined,
    3306,
    { H: '127.0.0.1' },
  ],
] as const)('settings that read %s', (_, server, variables, url, port, environment) => {
  const place = databasePlace(server, variables, url)
  expect(place.kind).toBe('place')
  if (place.kind === 'place') expect({ port: place.port, environment: place.environment(7001) }).toEqual({ port, environment })
})

test.each([
  [serverOf(), /name the host db, and read no variable/],
  [serverOf({ service: true, host: '127.0.0.1' }), /file of the driver/],
  [serverOf({ engine: 'django.db.backends.oracle' }), /oracle is opened with isn't known/],
])('settings that lead nowhere else: %#', (server, why) => {
  expect(databasePlace(server, {}, undefined)).toMatchObject({ kind: 'none', why: expect.stringMatching(why) })
})

const place = { kind: 'place', port: 'any', environment: () => ({}) } as const
const postgres = [17, 15].map((major) => ({
  initdb: `/pg/${major}/initdb`,
  postgres: `/pg/${major}/postgres`,
  version: `${major}.1`,
  major,
}))
const compose = { file: '/p/compose.yml', service: 'db' }
const nothing: DatabasePrograms = { postgres: [], compose: undefined, docker: undefined }
const docker = { state: 'ready', file: '/usr/bin/docker' } as const

test.each([
  ['the newest', { ...nothing, postgres, compose, docker }, [], { kind: 'local', programs: postgres[0] }],
  ['the one that has data', { ...nothing, postgres }, [15, 14], { kind: 'local', programs: postgres[1] }],
  ['the service of a compose file', { ...nothing, compose, docker }, [], { kind: 'compose', compose, docker: docker.file }],
  ['nothing without an engine', { ...nothing, compose, docker: { state: 'no-engine' } as const }, [], undefined],
])('is started from %s', (_, programs, versions, means) => {
  expect(databaseMeans('postgresql', programs, versions)).toEqual(means)
})

test.each([
  [{ place, programs: { ...nothing, postgres }, compose: undefined }, 'a PostgreSQL 17.1 of its own'],
  [{ place, programs: { ...nothing, compose, docker }, compose: { ...compose, port: 5432 } }, 'the db that runs'],
  [{ place, programs: { ...nothing, compose, docker }, compose: { ...compose, port: undefined } }, 'db of the compose file'],
  [{ place, programs: nothing, compose: undefined }, undefined],
  [{ place: { kind: 'none', why: 'no variable' } as const, programs: { ...nothing, postgres }, compose: undefined }, undefined],
])('what --managed would use, in words: %#', (known, by) => {
  const outlook = databaseOutlook('postgresql', { server: serverOf(), ...known })
  expect(outlook).toMatchObject({ where: 'db:5432', by })
  expect(outlook.why === '').toBe(by !== undefined)
})

test.each([
  ['lasting', 'any', /a PostgreSQL .* of its own/, /^$/],
  ['lasting', 5432, undefined, /has port 5432/],
  ['passing', 'any', undefined, /only starts/],
] as const)('where the server of this machine answers, and opens nothing: %s, port %s', (refuses, port, by, why) => {
  const known = { place: { ...place, port }, programs: { ...nothing, postgres }, compose: undefined, refuses }
  const outlook = databaseOutlook('postgresql', { server: { ...serverOf(), host: 'localhost' }, ...known })
  if (by === undefined) expect(outlook.by).toBeUndefined()
  else expect(outlook.by).toMatch(by)
  expect(outlook.why).toMatch(why)
})

test('listens on loopback, as another user where root may not, with no password in an argument', () => {
  const user = { uid: 101, gid: 104 }
  const means = { kind: 'local', programs: { initdb: '/pg/initdb', postgres: '/pg/postgres', version: '15.1', major: 15 } } as const
  const { service } = planManagedDatabase({
    kind: 'postgresql',
    server: serverOf(),
    place,
    means,
    port: 7001,
    data: '/d/15',
    user,
    env: {},
    stopTimeoutMs: 1,
  })
  expect([service.file, ...service.args].join(' ')).toBe(
    '/pg/postgres -D /d/15 -c port=7001 -c listen_addresses=127.0.0.1 -c unix_socket_directories=',
  )
  expect(service).toMatchObject({ name: 'postgres', kind: 'database', user })
  expect(JSON.stringify(service)).not.toContain(password)
})

test('the service of a compose file is run on loopback alone, and its container taken away', () => {
  const means = { kind: 'compose', compose, docker: docker.file } as const
  const plan = planManagedDatabase({
    kind: 'mysql',
    server: serverOf(),
    place,
    means,
    port: 7001,
    data: '/p',
    user: undefined,
    env: {},
    stopTimeoutMs: 1,
  })
  expect([plan.service.file, ...plan.service.args].join(' ')).toBe(
    '/usr/bin/docker compose -f /p/compose.yml run --rm --no-deps -T --name election-dev-mysql-7001 -p 127.0.0.1:7001:3306 db',
  )
  expect(plan.cleanUp).toEqual({ file: '/usr/bin/docker', args: ['rm', '--force', 'election-dev-mysql-7001'] })
})

test('names and passwords are quoted; one with a line break is refused', () => {
  expect(preparingSql({ user: 'o"neil', password: String.raw`it's\x`, name: 'the votes' })).toBe(
    `CREATE ROLE "o""neil"\nALTER ROLE "o""neil" LOGIN SUPERUSER PASSWORD E'it''s\\\\x'\nCREATE DATABASE "the votes" OWNER "o""neil"\n`,
  )
  expect(preparingSql({ user: '', password: '', name: 'v' })).toContain('ALTER ROLE "postgres" LOGIN SUPERUSER PASSWORD NULL')
  expect(() => preparingSql({ user: 'a', password: 'b\nDROP', name: 'c' })).toThrow(LauncherError)
  expect([accessRules({ password: '' }), accessRules({ password: 'x' })]).toEqual([
    'host all all 127.0.0.1/32 trust\n',
    'host all all 127.0.0.1/32 scram-sha-256\n',
  ])
})

test.each([
  ['root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534:::\npostgres:x:101:104:::\n', { name: 'postgres', uid: 101, gid: 104 }],
  ['root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534:::\n', { name: 'nobody', uid: 65534, gid: 65534 }],
  ['root:x:0:0::/root:/bin/sh\npostgres:x:0:0:::\n', undefined],
])('the user that root starts it as: %#', (passwd, user) => {
  expect(serverUser(passwd)).toEqual(user)
})

test.each([
  ['postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n', '15.18'],
  ['postgres (PostgreSQL) 18beta2\n', '18beta2'],
  ['something else', undefined],
])('%j', (output, version) => {
  expect(postgresVersion(output)).toBe(version)
})
