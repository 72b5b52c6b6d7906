import { describe, expect, test } from 'vitest'
import type { Requirements } from '../../src/facts/requirements.ts'
import type { PythonEnvironment } from '../../src/facts/python.ts'
import { resolveConfig } from '../../src/config/resolve.ts'
import { setUp } from '../../src/fix/set-up.ts'
import { gatingSteps, planSetup, type SetupSeen } from '../../src/fix/setup.ts'
import type { PythonChoice } from '../../src/plan/environment.ts'
import { checkoutOf, dotenvOf, examinationOf } from '../support/evidence.ts'
import { testHost } from '../support/host.ts'
import { secret } from '../support/secrets.ts'

/** What a row is about, in short. */
interface SetupFacts extends Pick<SetupSeen, 'missingFolders' | 'inspected' | 'needsDotenv'> {
  readonly root: string
  readonly backend: string
  readonly platform: NodeJS.Platform
  readonly python: PythonChoice
  readonly requirements: Requirements | undefined
  readonly missingPackages: readonly string[]
  readonly hasUv: boolean
  readonly hasManager?: boolean
  readonly dotenv: { readonly path: string; readonly present: boolean; readonly example: string | undefined }
}

function seenOf(facts: SetupFacts): SetupSeen {
  const { python, requirements, dotenv, root, backend, hasUv, hasManager, platform } = facts
  const candidates =
    python.kind === 'venv-broken'
      ? [{ state: 'broken' as const, own: true, folder: python.folder, label: python.label, reason: python.reason }]
      : []
  const others = dotenv.example === undefined ? [] : [{ shown: 'example', path: dotenv.example, kind: 'example' as const }]
  return {
    ...facts,
    checkout: checkoutOf(
      {
        python: { candidates, named: false },
        requirements: requirements === undefined ? undefined : { ...requirements, names: facts.missingPackages },
      },
      { root, backend, dotenv: dotenv.path },
    ),
    choice: python,
    dotenv: dotenvOf(dotenv.present ? '' : undefined, { others }),
    examination: undefined,
    facts: {
      platform,
      hasUv,
      hasManager,
      texts: new Map(),
      dotenvBytes: undefined,
      asgi: [],
      started: new Map(),
      redisUsable: undefined,
      importers: [],
      compiled: [],
      secret: secret(),
      secretFor: () => secret(),
    },
  }
}

const environment = (python: string, packages: readonly string[] = ['pip']): PythonEnvironment => ({
  python,
  label: 'backend/venv',
  packages: new Map(packages.map((name) => [name, '1'])),
  version: '3.12',
  isVirtual: true,
})

const fresh: SetupFacts = {
  root: '/srv/vote',
  backend: '/srv/vote/backend',
  platform: 'linux',
  python: { kind: 'venv-missing', base: '/usr/bin/python3' },
  requirements: { kind: 'requirements', file: '/srv/vote/backend/requirements.txt', names: ['django'] },
  missingPackages: ['django'],
  hasUv: false,
  dotenv: { path: '/srv/vote/backend/.env', present: true, example: undefined },
  missingFolders: [],
  inspected: undefined,
  needsDotenv: false,
}
const complete: SetupFacts = {
  ...fresh,
  python: { kind: 'ready', environment: environment('/srv/vote/backend/venv/bin/python'), note: undefined },
  missingPackages: [],
  inspected: { database: 'ready', activeUsers: 1 },
}
const of = (kind: Requirements['kind'], file: string): Requirements => ({ kind, file, names: [] })
const commands = (facts: SetupFacts) => planSetup(seenOf(facts)).map(({ shown }) => shown)
const never = () => expect.unreachable('something was made')
const migrate = 'backend/venv/bin/python backend/manage.py migrate'
const createsuperuser = 'election-dev makes it, and shows its password'

describe('the commands, in their order', () => {
  test.each<[string, SetupFacts, string[]]>([
    ['nothing is missing', complete, []],
    [
      'an environment that was left behind',
      {
        ...complete,
        python: {
          kind: 'ready',
          environment: {
            ...environment('/srv/vote/backend/venv/bin/python'),
            packages: new Map([
              ['pip', '1'],
              ['channels', '2.4.0'],
            ]),
          },
          note: undefined,
        },
        requirements: {
          kind: 'requirements',
          file: '/srv/vote/backend/requirements.txt',
          names: [],
          lines: [{ name: 'channels', spec: 'channels>=4', marker: undefined, file: '/srv/vote/backend/requirements.txt', line: 2 }],
        },
      },
      ['backend/venv/bin/python -m pip install -r backend/requirements.txt'],
    ],
    [
      'no environment, pip',
      fresh,
      ['python3 -m venv backend/venv', 'backend/venv/bin/python -m pip install -r backend/requirements.txt', migrate, createsuperuser],
    ],
    [
      'no environment, uv',
      { ...fresh, hasUv: true },
      ['uv venv backend/venv', 'uv pip install --python backend/venv/bin/python -r backend/requirements.txt', migrate, createsuperuser],
    ],
    [
      'no requirements',
      { ...fresh, requirements: undefined, missingPackages: [] },
      ['python3 -m venv backend/venv', 'backend/venv/bin/python -m pip install django channels daphne', migrate, createsuperuser],
    ],
    [
      'the backend is the root',
      { ...fresh, root: '/srv/vote/backend' },
      [
        'python3 -m venv venv',
        'venv/bin/python -m pip install -r requirements.txt',
        'venv/bin/python manage.py migrate',
        'election-dev makes it, and shows its password',
      ],
    ],
    [
      'pyproject, pip',
      { ...fresh, requirements: of('pyproject', '/srv/vote/backend/pyproject.toml') },
      ['python3 -m venv backend/venv', 'backend/venv/bin/python -m pip install -e backend', migrate, createsuperuser],
    ],
    [
      'pyproject, uv',
      { ...fresh, hasUv: true, requirements: of('pyproject', '/srv/vote/pyproject.toml') },
      ['uv venv backend/venv', 'uv pip install --python backend/venv/bin/python -r pyproject.toml', migrate, createsuperuser],
    ],
    [
      'uv.lock',
      { ...fresh, hasUv: true, requirements: of('uv', '/srv/vote/uv.lock') },
      ['uv sync', 'uv run python backend/manage.py migrate', 'election-dev makes it, and shows its password'],
    ],
    [
      'poetry in the backend',
      { ...fresh, requirements: of('poetry', '/srv/vote/backend/poetry.lock') },
      [
        'cd backend && poetry install',
        'cd backend && poetry run python manage.py migrate',
        'election-dev makes it, and shows its password',
      ],
    ],
    [
      'poetry in the backend, which is not here',
      {
        ...fresh,
        hasManager: false,
        requirements: {
          ...of('poetry', '/srv/vote/backend/poetry.lock'),
          lines: [{ name: 'django', spec: 'django==5.2.1', marker: undefined, file: '/srv/vote/backend/pyproject.toml', line: 3 }],
        },
      },
      ['python3 -m venv backend/venv', 'backend/venv/bin/python -m pip install django==5.2.1', migrate, createsuperuser],
    ],
    [
      'poetry, which is not here, and a package of a repository',
      {
        ...fresh,
        hasManager: false,
        requirements: {
          ...of('poetry', '/srv/vote/backend/poetry.lock'),
          lines: [{ name: 'ours', spec: 'ours', marker: undefined, file: '/srv/vote/backend/pyproject.toml', line: 3, isElsewhere: true }],
        },
      },
      [
        'cd backend && poetry install',
        'cd backend && poetry run python manage.py migrate',
        'election-dev makes it, and shows its password',
      ],
    ],
    [
      'Pipfile',
      { ...fresh, requirements: of('pipenv', '/srv/vote/Pipfile') },
      ['pipenv install --dev', 'pipenv run python backend/manage.py migrate', 'election-dev makes it, and shows its password'],
    ],
    [
      'a broken environment',
      {
        ...fresh,
        python: { kind: 'venv-broken', folder: '/srv/vote/.venv', label: '.venv', reason: 'r', base: undefined },
        inspected: { database: 'none', activeUsers: undefined },
      },
      ['python3 -m venv --clear .venv', '.venv/bin/python -m pip install -r backend/requirements.txt'],
    ],
    [
      'an environment that its making left without pip',
      {
        ...complete,
        python: {
          kind: 'packages-missing',
          environment: environment('/srv/vote/backend/venv/bin/python', []),
          missing: ['django'],
          note: undefined,
        },
      },
      ['backend/venv/bin/python -m ensurepip --upgrade', 'backend/venv/bin/python -m pip install -r backend/requirements.txt'],
    ],
    [
      'uv needs no pip in it',
      {
        ...complete,
        hasUv: true,
        python: {
          kind: 'packages-missing',
          environment: environment('/srv/vote/backend/venv/bin/python', []),
          missing: ['django'],
          note: undefined,
        },
      },
      ['uv pip install --python backend/venv/bin/python -r backend/requirements.txt'],
    ],
    [
      'the .env and a folder',
      {
        ...complete,
        needsDotenv: true,
        dotenv: { ...fresh.dotenv, present: false, example: '/srv/vote/.env.example' },
        missingFolders: ['/srv/vote/backend/logs'],
      },
      ['cp .env.example backend/.env', 'mkdir -p backend/logs'],
    ],
    ['a .env that nothing needs', { ...complete, dotenv: { ...fresh.dotenv, present: false, example: '/srv/vote/.env.example' } }, []],
    ['new migrations', { ...complete, inspected: { database: 'pending', activeUsers: 3 } }, [migrate]],
    ['no active user', { ...complete, inspected: { database: 'ready', activeUsers: 0 } }, [createsuperuser]],
    ['no tables, and a project without users', { ...complete, inspected: { database: 'empty', activeUsers: 'no-model' } }, [migrate]],
    ['a database that does not answer', { ...complete, inspected: { database: 'unreachable', activeUsers: 0 } }, []],
    ['a database that is locked', { ...complete, inspected: { database: 'unknown', activeUsers: undefined } }, []],
    [
      'names with spaces',
      {
        ...fresh,
        root: '/srv/my vote',
        backend: "/srv/my vote/it's",
        requirements: undefined,
        missingPackages: [],
        inspected: { database: 'none', activeUsers: undefined },
      },
      [String.raw`python3 -m venv 'it'\''s/venv'`, String.raw`'it'\''s/venv/bin/python' -m pip install django channels daphne`],
    ],
    [
      'an environment outside the checkout',
      {
        ...complete,
        python: { kind: 'packages-missing', environment: environment('/opt/env/bin/python'), missing: ['django'], note: undefined },
      },
      ['/opt/env/bin/python -m pip install -r backend/requirements.txt'],
    ],
  ])('%s', (_, facts, expected) => {
    expect(commands(facts)).toEqual(expected)
  })
})

test('on Windows: its paths, its launcher, its commands', () => {
  const facts: SetupFacts = {
    ...fresh,
    platform: 'win32',
    root: String.raw`C:\Users\Ada L\vote`,
    backend: String.raw`C:\Users\Ada L\vote\backend`,
    python: { kind: 'venv-missing', base: String.raw`C:\Program Files\Python313\python.exe` },
    requirements: of('requirements', String.raw`C:\Users\Ada L\vote\backend\requirements.txt`),
    dotenv: {
      path: String.raw`C:\Users\Ada L\vote\backend\.env`,
      present: false,
      example: String.raw`C:\Users\Ada L\vote\backend\.env.example`,
    },
    missingFolders: [String.raw`C:\Users\Ada L\vote\backend\my logs`],
    needsDotenv: true,
  }
  expect(commands(facts)).toEqual([
    String.raw`& 'C:\Program Files\Python313\python.exe' -m venv backend\venv`,
    String.raw`backend\venv\Scripts\python.exe -m pip install -r backend\requirements.txt`,
    String.raw`copy backend\.env.example backend\.env`,
    String.raw`mkdir 'backend\my logs'`,
    String.raw`backend\venv\Scripts\python.exe backend\manage.py migrate`,
    'election-dev makes it, and shows its password',
  ])
  expect(planSetup(seenOf(facts))[0]?.action).toEqual({
    kind: 'command',
    argv: [String.raw`C:\Program Files\Python313\python.exe`, '-m', 'venv', String.raw`C:\Users\Ada L\vote\backend\venv`],
    cwd: facts.backend,
    typed: [[String.raw`C:\Program Files\Python313\python.exe`, '-m', 'venv', String.raw`backend\venv`]],
    what: 'a Python environment',
    makes: String.raw`C:\Users\Ada L\vote\backend\venv`,
  })
})

const line = (spec: string, number: number) => ({
  name: spec.replace(/=.*/, ''),
  spec,
  marker: undefined,
  file: '/srv/vote/backend/requirements.txt',
  line: number,
})

test('what another platform alone can have is left out of the command, and said', () => {
  const requirements = {
    ...of('requirements', '/srv/vote/backend/requirements.txt'),
    lines: [line('django==5.2', 1)],
    left: [line('wmi==1.5', 2)],
  }
  const [, step] = planSetup(seenOf({ ...fresh, requirements }))
  expect(step?.shown).toBe('backend/venv/bin/python -m pip install django==5.2')
  expect(step?.evidence).toBe('not installed: django; backend/requirements.txt:2: wmi==1.5 is left out: it is for Windows alone')
})

test('what can only be forecast is marked', () => {
  const steps = planSetup(seenOf({ ...fresh, missingFolders: ['/srv/vote/backend/logs'] }))
  expect(steps.map(({ id, certain }) => [id, certain])).toEqual([
    ['venv-missing', true],
    ['missing-dep', true],
    ['log-dir-missing', false],
    ['migrations-pending', false],
    ['user-missing', false],
  ])
})

describe('what stops a start', () => {
  test.each<[string, SetupFacts, { needsTables: boolean }, boolean]>([
    ['no environment', fresh, { needsTables: false }, true],
    [
      'packages of an environment that cannot serve',
      { ...complete, python: { kind: 'packages-missing', environment: environment('/p'), missing: ['django'], note: undefined } },
      { needsTables: false },
      true,
    ],
    ['a requirement of an environment that can serve', { ...complete, missingPackages: ['pillow'] }, { needsTables: false }, false],
    [
      'the .env',
      { ...complete, needsDotenv: true, dotenv: { ...fresh.dotenv, present: false, example: '/srv/vote/e' } },
      { needsTables: false },
      true,
    ],
    ['a log folder', { ...complete, missingFolders: ['/srv/vote/backend/logs'] }, { needsTables: false }, true],
    [
      'no tables, where nothing was seen to need them',
      { ...complete, inspected: { database: 'empty', activeUsers: 0 } },
      { needsTables: false },
      false,
    ],
    [
      'no tables, where the WebSocket needs them',
      { ...complete, inspected: { database: 'empty', activeUsers: 0 } },
      { needsTables: true },
      true,
    ],
    ['newer migrations', { ...complete, inspected: { database: 'pending', activeUsers: 1 } }, { needsTables: true }, false],
    ['no user', { ...complete, inspected: { database: 'ready', activeUsers: 0 } }, { needsTables: true }, false],
  ])('%s', (_, facts, options, stops) => {
    const steps = planSetup(seenOf(facts))
    expect(steps.length).toBeGreaterThan(0)
    // all of it or nothing: the order counts
    expect(gatingSteps(steps, seenOf(facts), options)).toEqual(stops ? steps : [])
  })
})

test('an SQLite file with a relative name is migrated where the server opens it', () => {
  const database = { state: 'empty' as const, engine: 'sqlite3', name: 'db.sqlite3', path: '/srv/vote/backend/db.sqlite3', relative: true }
  const seen = seenOf({ ...complete, inspected: { database: 'empty', activeUsers: 1 } })
  const [step] = planSetup({ ...seen, examination: examinationOf({ facts: { database } }) })
  expect(step?.shown).toBe('cd backend && venv/bin/python manage.py migrate')
})

test('on another machine nothing is made without a word of its own', async () => {
  const seen = seenOf({ ...complete, inspected: { database: 'empty', activeUsers: 0, elsewhere: 'db.example.org' } })
  expect(planSetup(seen).map(({ id, elsewhere }) => [id, elsewhere])).toEqual([
    ['migrations-pending', 'db.example.org'],
    ['user-missing', 'db.example.org'],
  ])
  const refused: string[] = []
  const host = testHost('/srv/vote')
  const run = { host, config: await resolveConfig(host, { setup: true }), signal: new AbortController().signal }
  await setUp(run, seen, {
    step: never,
    done: never,
    failed: never,
    line: never,
    user: never,
    kept: never,
    refused: ({ shown }) => void refused.push(shown),
  })
  expect(refused).toEqual([migrate, createsuperuser])
})
