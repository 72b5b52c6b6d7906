/** What variables that nobody gives are to be, and where that is written. */
import { describe, expect, test } from 'vitest'
import type { WantedVariable } from '../../src/facts/examination.ts'
import type { SaidVariable } from '../../src/facts/variable-sources.ts'
import { valueFor } from '../../src/plan/variable-values.ts'
import { wantedVariables } from '../../src/plan/variables.ts'
import { checkoutOf, dotenvOf, examinationOf, root } from '../support/evidence.ts'

const sqlite = { path: '/srv/my votes/.election-dev/db.sqlite3', shown: '.election-dev/db.sqlite3' }
const around: Parameters<typeof valueFor>[2] = {
  origin: 'http://localhost:3000',
  backend: 'http://localhost:8000',
  namesDatabase: false,
  managed: false,
  sqlite,
  postgres: undefined,
}
const variable = (name: string, cast = 'str', by: WantedVariable['by'] = 'environment'): WantedVariable => ({
  name,
  cast,
  by,
  file: 'core/settings.py',
  line: 3,
})
const said = (name: string, value: string, kind: SaidVariable['kind'] = 'template'): SaidVariable => ({
  name,
  value,
  kind,
  file: '.env.example',
  line: 1,
})
const valued = (name: string, cast: string, values: readonly string[], more = around) =>
  valueFor(variable(name, cast), { said: values.map((value) => said(name, value)) }, more)?.value

const random = { random: 'key' } as const
const silent: readonly string[] = []

describe('a value', () => {
  test.each<[string, string, readonly string[], unknown]>([
    ['SECRET_KEY', 'str', silent, random],
    ['SECRET_KEY', 'str', ['change-me'], random],
    ['DJANGO_SECRET_KEY', 'str', ['your-secret-key-here'], random],
    ['VAULT_JWT_SIGNING_KEY', 'str', [''], random],
    ['SECRET_KEY', 'str', ['7c1f0b57e2'], '7c1f0b57e2'],
    ['FIELD_ENCRYPTION_KEY', 'str', silent, { random: 'fernet' }],
    ['DEBUG', 'bool', ['False'], 'True'],
    ['APP_DEBUG', 'bool', ['on'], 'on'],
    ['DEBUG', 'bool', ['maybe', '1'], '1'],
    ['SESSION_COOKIE_SECURE', 'bool', ['True'], 'False'],
    ['SECURE_SSL_REDIRECT', 'bool', ['False'], 'False'],
    ['ALLOWED_HOSTS', 'list', ['vote.example.org'], 'localhost,127.0.0.1'],
    ['ALLOWED_HOSTS', 'list', ['vote.example.org,localhost'], 'vote.example.org,localhost'],
    ['ALLOWED_HOSTS', 'json', silent, '["localhost","127.0.0.1"]'],
    ['CORS_ALLOWED_ORIGINS', 'list', ['https://vote.example.org'], 'http://localhost:3000,http://127.0.0.1:3000'],
    ['FRONTEND_URL', 'str', silent, 'http://localhost:3000'],
    ['FRONTEND_URL', 'str', ['https://vote.example.org'], 'http://localhost:3000'],
    ['SITE_URL', 'url', silent, 'http://localhost:8000'],
    ['EMAIL_BACKEND', 'str', ['django.core.mail.backends.smtp.EmailBackend'], 'django.core.mail.backends.console.EmailBackend'],
    ['EMAIL_HOST_PASSWORD', 'str', silent, ''],
    ['DATABASE_URL', 'db', silent, 'sqlite:////srv/my%20votes/.election-dev/db.sqlite3'],
    ['DATABASE_URL', 'str', silent, undefined],
    ['DATABASE_URL', 'db', ['postgres://ada@db.example.org/vote'], 'sqlite:////srv/my%20votes/.election-dev/db.sqlite3'],
    ['DATABASE_URL', 'db', ['postgres://ada@127.0.0.1:5433/vote'], 'postgres://ada@127.0.0.1:5433/vote'],
    ['DATABASE_URL', 'db', ['postgres://ada:of-no-worth@db:5432/vote'], 'postgres://ada:of-no-worth@127.0.0.1:5432/vote'],
    ['DATABASE_URL', 'db', ['postgres://ada:of-no-worth@127.0.0.1:5432/vote'], 'postgres://ada:of-no-worth@127.0.0.1:5432/vote'],
    ['REDIS_URL', 'str', ['redis://redis:6379/1'], 'redis://127.0.0.1:6379/1'],
    ['USE_REDIS', 'bool', ['False'], 'False'],
    ['USE_REDIS', 'str', ['off'], 'off'],
    ['WITH_REDIS', 'str', ['1'], '1'],
    ['PRESS_LIMIT', 'int', ['twelve', '12'], '12'],
    ['PRESS_LIMIT', 'int', silent, undefined],
    ['MAP_API_KEY', 'str', ['your-key-here'], undefined],
    ['MAP_API_KEY', 'str', ['<key>', 'k-17'], 'k-17'],
    ['BALLOT_NAME', 'str', ['spring'], 'spring'],
  ])('%s (%s) with %j', (name, cast, values, value) => {
    expect(valued(name, cast, values)).toEqual(value)
  })

  test.each<[string, string, string | undefined, readonly string[], unknown]>([
    ['STALL_SECRET', 'str', 'SECRET_KEY', [''], random],
    ['STALL_SECRET', 'str', 'SECRET_KEY', ['put-your-secret-here'], random],
    ['STALL_SECRET', 'str', undefined, silent, undefined],
    ['STALL_SIGN', 'str', 'SIGNING_KEY', silent, random],
    ['STALL_DEV', 'bool', 'DEBUG', ['off'], 'True'],
    ['STALL_NAMES', 'list', 'ALLOWED_HOSTS', ['stall.example.org'], 'localhost,127.0.0.1'],
    // what the project itself calls it counts before
    ['STALL_REDIS_URL', 'str', 'SECRET_KEY', silent, 'redis://127.0.0.1:6379/0'],
  ])('%s (%s), which is for %s, with %j', (name, cast, setting, values, value) => {
    const sources = { said: values.map((each) => said(name, each)) }
    expect(valueFor({ ...variable(name, cast), setting }, sources, around)?.value).toEqual(value)
  })

  test('no file of its own where something names a database', () => {
    expect(valued('DATABASE_URL', 'db', silent, { ...around, namesDatabase: true })).toBeUndefined()
  })
})

const databaseUrl = (more: Partial<typeof around>) => valueFor(variable('DATABASE_URL', 'db'), { said: [] }, { ...around, ...more })

describe('the database that is chosen, and why', () => {
  test('SQLite, where nothing names a server', () => {
    expect(databaseUrl({})?.why).toBe('SQLite in .election-dev/db.sqlite3, since no file here names a database server')
  })
  test('SQLite, where nothing says where the PostgreSQL is, with what starts one', () => {
    const given = databaseUrl({ postgres: 'the project asks for psycopg' })
    expect(given?.value).toMatch(/^sqlite:/)
    expect(given?.why).toMatch(/^SQLite in .*\(the project asks for psycopg\); start --setup --managed starts one$/)
  })
  test('PostgreSQL, where the run starts it, by a password of its own', () => {
    const given = databaseUrl({ postgres: 'the compose file has one', managed: true, namesDatabase: true })
    expect(given?.value).toEqual({ random: 'key', around: ['postgres://election:', '@127.0.0.1:5432/election'] })
    expect(given?.why).toBe('PostgreSQL, which this run starts, since the compose file has one')
  })
  test('on Windows', () => {
    expect(databaseUrl({ sqlite: { ...sqlite, path: String.raw`C:\Users\Ada L\db.sqlite3` } })?.value).toBe(
      'sqlite:///C:/Users/Ada%20L/db.sqlite3',
    )
  })
})

describe('what a database is opened with', () => {
  const postgres = [
    said('POSTGRES_PASSWORD', 'dev-only', 'compose'),
    said('POSTGRES_USER', 'votes', 'compose'),
    said('POSTGRES_DB', 'tally', 'compose'),
  ]
  test.each<[string, readonly SaidVariable[], boolean, unknown]>([
    ['DB_PASSWORD', [said('DB_PASSWORD', '')], false, undefined],
    ['DB_PASSWORD', [said('DB_PASSWORD', '')], true, random],
    ['DB_PASSWORD', [said('DB_PASSWORD', 'my-secret')], true, 'my-secret'],
    ['SQL_USER', [], true, 'election'],
    ['DB_NAME', [], true, 'election'],
    ['DB_NAME', [], false, undefined],
    // the image's own variables say it under other names
    ['DB_PASSWORD', [said('DB_PASSWORD', ''), ...postgres], false, 'dev-only'],
    ['DATABASE_USER', postgres, false, 'votes'],
    ['DB_NAME', postgres, true, 'tally'],
    ['DB_NAME', [said('DB_NAME', 'mine'), ...postgres], true, 'mine'],
    ['USER_NAME', postgres, true, undefined],
  ])('%s of %j, managed: %s', (name, sources, managed, value) => {
    expect(valueFor(variable(name), { said: sources }, { ...around, managed })?.value).toEqual(value)
  })
})

type Told = NonNullable<NonNullable<Parameters<typeof examinationOf>[0]>['facts']>['variables']

const wanting = (
  variables: NonNullable<Told>,
  message: string,
  sources: Partial<ReturnType<typeof dotenvOf>['sources']> = {},
  text?: string,
) =>
  wantedVariables({
    checkout: checkoutOf(),
    dotenv: dotenvOf(text, { sources: { ...dotenvOf(undefined).sources, ...sources } }),
    examination: examinationOf({
      facts: { settings: null, application: null, variables },
      errors: [
        {
          stage: 'settings',
          type: 'Exception',
          message,
          file: 'core/settings.py',
          line: 20,
          frames: [{ file: 'core/settings.py', line: 3, function: '<module>', own: true }],
        },
      ],
    }),
  })
const dotenv = `${root}/backend/.env`
const placesOf = (wanted: ReturnType<typeof wantedVariables>) =>
  wanted?.placed.map(({ variable: { name }, target }) => `${name} ${target.kind} ${target.file.slice(root.length + 1)}`)

describe('the place', () => {
  test.each<[string, NonNullable<NonNullable<Told>['loads']>, readonly string[]]>([
    [
      'decouple reads its file',
      [{ reader: 'decouple', path: dotenv, sure: true }],
      ['DEBUG dotenv backend/.env', 'SITE_URL configuration election-dev.config.json'],
    ],
    [
      'a file in the environment reaches both',
      [{ reader: 'environ', path: dotenv, sure: true }],
      ['DEBUG dotenv backend/.env', 'SITE_URL dotenv backend/.env'],
    ],
    [
      'under a condition none is',
      [{ reader: 'environ', path: dotenv, sure: false }],
      ['DEBUG configuration election-dev.config.json', 'SITE_URL configuration election-dev.config.json'],
    ],
    ['none is loaded', [], ['DEBUG configuration election-dev.config.json', 'SITE_URL configuration election-dev.config.json']],
  ])('%s', (_, loads, places) => {
    expect(placesOf(wanting({ missing: [variable('DEBUG', 'bool', 'decouple'), variable('SITE_URL')], loads }, 'fails'))).toEqual(places)
  })

  test('a configuration that is no JSON is left alone, and the variable listed', () => {
    const wanted = wanting({ missing: [variable('DEBUG', 'bool')], loads: [] }, 'fails', { configuration: undefined })
    expect(wanted?.left).toEqual([{ variable: variable('DEBUG', 'bool'), target: undefined }])
  })

  test('a secret of a private file does not go into the configuration', () => {
    const wanted = wanting({ missing: [variable('MAP_API_KEY'), variable('MAP_NAME')], loads: [] }, 'fails', {
      said: [said('MAP_API_KEY', 'k-17', 'own'), said('MAP_NAME', 'here', 'own')],
    })
    expect(placesOf(wanted)).toEqual(['MAP_NAME configuration election-dev.config.json'])
    expect(wanted?.left.map((each) => each.variable.name)).toEqual(['MAP_API_KEY'])
  })
})

describe('whether the failure is theirs', () => {
  const missing = [{ ...variable('LIMIT', 'int'), line: 9 }, variable('PAGE_URL')]
  test('it stands at a line that asks', () => {
    expect(wanting({ missing, loads: [] }, 'whatever')?.asked).toHaveLength(2)
  })
  test('it is about something else', () => {
    expect(wanting({ missing: missing.slice(0, 1), loads: [] }, 'no such table')).toBeUndefined()
  })
  test('what the file has that is read is not missing', () => {
    const loads = [{ reader: 'dotenv', path: dotenv, sure: true }] as const
    expect(wanting({ missing, loads: [...loads] }, 'whatever', {}, 'LIMIT=3\n')?.asked.map(({ name }) => name)).toEqual(['PAGE_URL'])
  })
})
