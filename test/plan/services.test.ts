import { expect, test } from 'vitest'
import { LauncherError } from '../../src/errors.ts'
import { parseProcfile, type ProcfileFact } from '../../src/facts/procfile.ts'
import type { ProgramFact } from '../../src/facts/programs.ts'
import { restartDelayMs } from '../../src/plan/restart.ts'
import { installHint } from '../../src/plan/install-hint.ts'
import { commandsOf, draftServices, planServices, type ServiceInputs } from '../../src/plan/services.ts'

type More = Partial<Omit<ServiceInputs, 'config' | 'procfile'>> & {
  readonly config?: Partial<ServiceInputs['config']>
  readonly procfile?: string
  /** What is found for a program; everything else is found where it is looked for. */
  readonly programs?: Readonly<Record<string, ProgramFact>>
}

const python = '/p/backend/venv/bin/python'

function inputsOf({ config, procfile, ...more }: Omit<More, 'programs'>): ServiceInputs {
  const fact: ProcfileFact =
    procfile === undefined
      ? { kind: 'absent' }
      : { kind: 'present', path: '/p/Procfile', folder: '/p', shown: 'Procfile', ...parseProcfile(procfile) }
  return {
    config: { services: {}, only: [], dependsOn: [], managedRedis: false, source: (key) => `--${key}`, ...config },
    root: '/p',
    procfile: fact,
    project: { settingsModule: 'core.settings', application: 'core.asgi:application', hasDaphneApp: false },
    env: { PATH: '/usr/bin', DJANGO_SETTINGS_MODULE: 'core.settings', USE_REDIS_FOR_CHANNELS: 'False' },
    python: { python, isVirtual: true },
    platform: 'linux',
    ...more,
  }
}

function plan({ programs, ...more }: More = {}) {
  const draft = draftServices(inputsOf(more))
  const found = new Map(
    commandsOf(draft).map((command) => [
      command,
      programs?.[command.program] ?? { kind: 'program' as const, file: `/found/${command.program}`, args: [] },
    ]),
  )
  return planServices(draft, found, python)
}

const names = (more: More) => plan(more).services.map(({ name }) => name)

function refusal(more: More): string {
  try {
    plan(more)
  } catch (error) {
    if (error instanceof LauncherError) return [error.code, error.message, ...error.evidence, error.hint].join('\n')
    throw error
  }
  return 'planned'
}

const run = (...dependsOn: string[]) => ({ command: 'prog', dependsOn })

test('a service of the configuration is planned whole', () => {
  const { services } = plan({
    config: {
      services: {
        worker: {
          command: 'DEBUG=1 celery -A core worker -n "$DJANGO_SETTINGS_MODULE"',
          cwd: 'backend',
          env: { CELERY: 'yes' },
          ready: { log: 'ready\\.$', timeout: 5000 },
          dependsOn: ['backend'],
          restart: 'always',
          stopTimeout: 9000,
        },
      },
    },
  })
  expect(services).toEqual([
    {
      name: 'worker',
      kind: 'service',
      file: '/found/celery',
      args: ['-A', 'core', 'worker', '-n', 'core.settings'],
      cwd: '/p/backend',
      env: {
        PATH: '/p/backend/venv/bin:/usr/bin',
        VIRTUAL_ENV: '/p/backend/venv',
        PYTHONHOME: undefined,
        PYTHONUNBUFFERED: '1',
        DJANGO_SETTINGS_MODULE: 'core.settings',
        USE_REDIS_FOR_CHANNELS: 'False',
        CELERY: 'yes',
        DEBUG: '1',
      },
      ready: { log: 'ready\\.$' },
      readyTimeoutMs: 5000,
      dependsOn: ['backend'],
      restart: 'always',
      stopTimeoutMs: 9000,
      url: undefined,
      shown: 'DEBUG=1 celery -A core worker -n "$DJANGO_SETTINGS_MODULE"',
    },
  ])
})

test('what isn’t said has its default, words stay words, python is the backend’s own', () => {
  const [service] = plan({
    config: { services: { job: { command: ['python', '-c', 'print("$HOME | x")'], ready: { command: 'python3 -V' } } } },
    programs: { python: { kind: 'missing' }, python3: { kind: 'missing' } },
  }).services
  expect(service).toMatchObject({
    file: python,
    args: ['-c', 'print("$HOME | x")'],
    cwd: '/p',
    ready: { command: [python, '-V'] },
    readyTimeoutMs: 60_000,
    dependsOn: [],
    restart: 'on-failure',
    stopTimeoutMs: 5000,
  })
})

test('the script of a shim comes before the arguments', () => {
  const [service] = plan({
    config: { services: { mail: { command: 'maildev --ip 127.0.0.1', ready: { http: 'http://127.0.0.1:1080/' } } } },
    programs: { maildev: { kind: 'program', file: '/n/node', args: ['/n/maildev.js'] } },
  }).services
  expect(service).toMatchObject({ file: '/n/node', args: ['/n/maildev.js', '--ip', '127.0.0.1'], url: 'http://127.0.0.1:1080/' })
})

test.each([
  ['the order given', { a: run(), b: run(), c: run() }, [], ['a', 'b', 'c']],
  ['dependencies first', { a: run('c'), b: run('a'), c: run() }, [], ['c', 'a', 'b']],
  ['two ways to one', { a: run('b', 'c'), b: run('d'), c: run('d'), d: run() }, [], ['d', 'b', 'c', 'a']],
  ['only one and what it depends on', { a: run('b'), b: run('c'), c: run(), d: run() }, ['a'], ['c', 'b', 'a']],
  ['only what stands alone', { a: run('b'), b: run() }, ['b'], ['b']],
] as const)('%s', (_, services, only, order) => {
  expect(names({ config: { services, only } })).toEqual(order)
})

test.each([
  [[], [], true, true],
  [['backend'], [], true, false],
  [['frontend'], [], false, true],
  [['after'], [], true, false],
  [['alone'], [], false, false],
  [['backend'], ['alone'], true, false],
] as const)('only %j, the backend depends on %j: backend %j, frontend %j', (only, dependsOn, wantsBackend, wantsFrontend) => {
  const planned = plan({ config: { services: { after: run('backend'), alone: run() }, only, dependsOn } })
  expect(planned).toMatchObject({ wantsBackend, wantsFrontend })
  if (dependsOn.length > 0) expect(planned.services.map(({ name }) => name)).toEqual(['alone'])
})

test.each([
  [{ a: run('b'), b: run('c'), c: run('a') }, [], /^service-cycle\na → b → c → a/],
  [{ a: run('a') }, [], /^service-cycle\na depends on itself/],
  [{ a: run('backend') }, ['a'], /^service-cycle\nbackend → a → backend/],
  [
    { worker: run('redsi'), redis: run() },
    [],
    /services\.worker\.dependsOn names redsi.*\nthere are backend, frontend, worker, redis\nDid you mean redis\?/,
  ],
  [{ worker: run('xyzzyx') }, [], /Name one of those/],
  [{ worker: run() }, ['wroker'], /^service-unknown\ndependsOn names wroker.*\n.*\nDid you mean worker\?/],
] as const)('%j and the backend after %j are refused', (services, dependsOn, words) => {
  expect(refusal({ config: { services, dependsOn } })).toMatch(words)
})

test.each([
  [{ config: { services: {}, only: ['celery'] } }, /^service-unknown\n--only names celery/],
  [{ config: { services: { backend: run() } } }, /^service-name-taken\nservices\.backend/],
  [{ config: { services: { frontend: run() } } }, /^service-name-taken\nservices\.frontend/],
  [{ config: { services: { redis: run() }, managedRedis: true } }, /^service-name-taken\nservices\.redis: managedRedis/],
  [
    { config: { services: { a: { command: 'one && two' } } } },
    /^service-command\nservices\.a\.command: && takes a shell.*\nAsk for the shell: {2}"command": \["sh", "-c", "one && two"\]/,
  ],
  [{ config: { services: { a: { command: 'one "two' } } } }, /a " is not closed/],
  [{ config: { services: { a: { command: [''] } } } }, /first word, the program, is empty/],
  [{ config: { services: { a: { command: 'x', ready: { command: 'a | b' } } } } }, /^service-command\nservices\.a\.ready\.command: \|/],
  [{ config: { services: { a: { command: 'x', ready: { log: '(' } } } } }, /^service-log-pattern\nservices\.a\.ready\.log/],
  [
    { config: { services: { a: { command: 'celery' } } }, programs: { celery: { kind: 'missing' } } },
    /^service-program-missing\nservices\.a: there is no program celery in the PATH\nInstall it: {2}\/p\/backend\/venv\/bin\/python -m pip install celery/,
  ],
  [
    { config: { services: { a: { command: 'bin/run' } } }, programs: { 'bin/run': { kind: 'missing' } } },
    /there is no program bin\/run in \/p\n/,
  ],
  [
    { config: { services: { a: { command: 'yarn dev' } } }, programs: { yarn: { kind: 'batch', file: 'C:\\yarn.cmd' } } },
    /^service-program-batch\nservices\.a: C:\\yarn\.cmd is a batch file/,
  ],
] as const satisfies readonly (readonly [More, RegExp])[])('%j is refused', (more, words) => {
  expect(refusal(more)).toMatch(words)
})

test('a managed Redis is ready before everything else', () => {
  const config = { services: { a: run('b'), b: run() }, managedRedis: true }
  expect(plan({ config }).services.map(({ name, dependsOn }) => [name, ...dependsOn])).toEqual([
    ['b', 'redis'],
    ['a', 'redis', 'b'],
  ])
  expect(plan({ config }).wantsRedis).toBe(true)
  expect(plan({ config: { ...config, only: ['backend'] } })).toMatchObject({ wantsRedis: true, services: [] })
  expect(plan({ config: { ...config, only: ['frontend'] } }).wantsRedis).toBe(false)
  expect(plan({ config: { services: { redis: run() } } }).wantsRedis).toBe(false)
})

const procfile = `web: daphne -b 0.0.0.0 -p $PORT core.asgi:application
worker: celery -A core worker --port $PORT
release: python manage.py migrate
two: cat a | cat
wsgi: python manage.py migrate && gunicorn core.wsgi --bind :$PORT
broken line
other: uvicorn elsewhere.asgi:application
`

test('a Procfile: web and the project’s other servers are the backend’s place, release is a deployment’s', () => {
  const { services, warnings, notes } = plan({ procfile })
  expect(services.map(({ name, file, args, env, cwd }) => [name, file, args, env['PORT'], cwd])).toEqual([
    ['worker', '/found/celery', ['-A', 'core', 'worker', '--port', '5100'], '5100', '/p'],
    ['two', '/found//bin/sh', ['-c', 'cat a | cat'], '5300', '/p'],
    ['other', '/found/uvicorn', ['elsewhere.asgi:application'], '5500', '/p'],
  ])
  expect(services[0]?.env['VIRTUAL_ENV']).toBe('/p/backend/venv')
  expect(warnings.map(({ id, text }) => `${id}: ${text.slice(0, 50)}`)).toEqual([
    'procfile-line: Procfile:6 is no `name: command`',
    'wsgi-server-in-procfile: Procfile:5 wsgi runs gunicorn core.wsgi --bind :: ',
  ])
  expect(notes.map((note) => note.slice(0, 32))).toEqual([
    "Procfile:1 web isn't run: the la",
    "Procfile:3 release isn't run: it",
    "Procfile:5 wsgi isn't run: gunic",
  ])
})

test.each([
  ['web: gunicorn core.wsgi', true],
  ['web: gunicorn core.wsgi:application --log-file -', true],
  ['web: gunicorn core.asgi -k uvicorn.workers.UvicornWorker', false],
  ['web: python manage.py runserver 0.0.0.0:$PORT', true],
  ['web: poetry run uvicorn core.wsgi:application --interface wsgi', true],
  ['web: newrelic-admin run-program waitress-serve --port=$PORT core.wsgi:application', true],
  ['web: uwsgi uwsgi.ini', true],
  ['web: daphne core.asgi:application', false],
  ['web: env A=1 python -m uvicorn core.asgi:application', false],
  ['web: npm start', false],
  ['app: honcho run gunicorn core.wsgi', true],
  ['app: gunicorn other.wsgi', undefined],
  ['app: waitress-serve other.wsgi:application', undefined],
  ['app: celery -A core.wsgi worker', undefined],
])('%j: a WSGI server is warned of: %j', (line, warned) => {
  const { services, warnings } = plan({ procfile: line })
  expect(services).toHaveLength(warned === undefined ? 1 : 0)
  expect(warnings.map(({ id }) => id)).toEqual(warned === true ? ['wsgi-server-in-procfile'] : [])
})

test('runserver speaks WebSocket where the daphne app is installed', () => {
  const project = { settingsModule: 'core.settings', application: undefined, hasDaphneApp: true }
  expect(plan({ procfile: 'web: python manage.py runserver', project }).warnings).toEqual([])
  expect(plan({ procfile: 'web: python manage.py runserver --noasgi', project }).warnings).toHaveLength(1)
})

test('the configuration’s service takes the place of the Procfile’s', () => {
  const { services, notes } = plan({ procfile: 'worker: one', config: { services: { worker: { command: 'two' } } } })
  expect(services.map(({ file }) => file)).toEqual(['/found/two'])
  expect(notes).toEqual(["Procfile:1 worker isn't run: the configuration has a service of that name"])
})

test('what the Procfile names and nobody asked for is left out with a word; asked for, it is an error', () => {
  const programs = { celery: { kind: 'missing' } } as const
  const { services, warnings } = plan({ procfile: 'worker: celery\nother: prog', programs })
  expect(services.map(({ name }) => name)).toEqual(['other'])
  expect(warnings.map(({ text }) => text)).toEqual([
    `Procfile:1 worker isn't run: there is no program celery in the PATH. Install it:  ${python} -m pip install celery`,
  ])
  expect(refusal({ procfile: 'worker: celery', programs, config: { only: ['worker'] } })).toMatch(
    /^service-program-missing\nProcfile:1 worker/,
  )
  expect(refusal({ procfile: 'worker: celery', programs, config: { dependsOn: ['worker'] } })).toMatch(/^service-program-missing/)
})

test('on Windows a Procfile’s shell is refused, and its plain command is run', () => {
  const windows: More = {
    platform: 'win32',
    root: 'C:\\p',
    env: { Path: 'C:\\Windows' },
    python: { python: 'C:\\p\\venv\\Scripts\\python.exe', isVirtual: true },
    procfile: 'a: prog one\nb: one | two',
  }
  const { services, warnings } = plan(windows)
  expect(services.map(({ name }) => name)).toEqual(['a'])
  expect(services[0]?.env).toMatchObject({ PATH: 'C:\\p\\venv\\Scripts;C:\\Windows', VIRTUAL_ENV: 'C:\\p\\venv' })
  expect(Object.keys(services[0]?.env ?? {})).not.toContain('Path')
  expect(warnings.map(({ text }) => text)).toEqual(["Procfile:2 b isn't run: | takes a POSIX shell, which Windows doesn't have"])
  expect(refusal({ ...windows, config: { only: ['b'] } })).toContain('"services": { "b": { "command"')
})

test.each([
  ['an interpreter of the system keeps its place', '/usr/bin/python3', '/usr/local/bin:/usr/bin', '/usr/local/bin:/usr/bin'],
  ['one elsewhere comes first', '/opt/py/bin/python3', '/usr/bin', '/opt/py/bin:/usr/bin'],
  ['one without a path adds nothing', 'python3', '/usr/bin', '/usr/bin'],
])('PATH: %s', (_, file, before, after) => {
  const [service] = plan({
    env: { PATH: before, VIRTUAL_ENV: '/other' },
    python: { python: file, isVirtual: false },
    config: { services: { a: run() } },
  }).services
  expect(service?.env).toMatchObject({ PATH: after, VIRTUAL_ENV: undefined })
})

test('an unreadable Procfile is refused', () => {
  const inputs: ServiceInputs = { ...inputsOf({}), procfile: { kind: 'unreadable', path: '/p/x', reason: 'EACCES' } }
  expect(() => draftServices(inputs)).toThrow(/\/p\/x can't be read: EACCES/)
})

test.each(['celery', 'django-admin', 'redis-server', 'npx', 'pnpm', 'docker', 'mailpit'])('%s: what to install is said', (program) => {
  expect(installHint(program, python)).toMatch(/^Install /)
})

test('on Windows by its own words', () => {
  const python = String.raw`C:\Ada L\venv\Scripts\python.exe`
  expect(installHint('uvicorn', python, 'win32')).toBe(
    String.raw`Install it:  & 'C:\Ada L\venv\Scripts\python.exe' -m pip install 'uvicorn[standard]'`,
  )
  expect(installHint('celery', 'python3', 'win32')).toBe('Install it:  py -m pip install celery')
  expect(installHint('redis-server', python, 'win32')).toContain('winget')
})

test('the wait before a restart doubles from 1 s to 30 s', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 1000].map((restarts) => restartDelayMs(restarts))).toEqual([
    1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
  ])
})
