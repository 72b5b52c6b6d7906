import { expect, test } from 'vitest'
import { readScript, type ScriptKind } from '../../src/facts/old-scripts.ts'
import { decideInit, type InitFacts } from '../../src/plan/init.ts'
import { decideFiles, validConfig } from '../../src/plan/init-files.ts'

const base: InitFacts = {
  scripts: [],
  platform: 'linux',
  backend: 'backend',
  findsBackend: true,
  settingsModule: 'core.settings',
  application: 'core.asgi:application',
  hasDaphneApp: false,
  server: 'daphne',
  layerVariable: 'USE_REDIS_FOR_CHANNELS',
  wishesRedis: undefined,
  dotenv: 'backend/.env',
  devScripts: new Map([['frontend', 'dev']]),
}

const scripts = (...files: readonly (readonly [string, ScriptKind, string])[]) => ({ scripts: files.map((file) => readScript(...file)) })
const sh = (text: string) => scripts(['start.sh', 'shell', text])
const app = 'core.asgi:application'

test.each<[string, Partial<InitFacts>, Record<string, unknown>]>([
  ['nothing', {}, {}],
  ['what start does by itself', sh(`cd backend && daphne -b 127.0.0.1 -p 8000 ${app} & cd frontend && npm run dev`), {}],
  ['host and port', sh(`daphne -b 0.0.0.0 -p 8001 ${app}`), { host: '0.0.0.0', port: 8001 }],
  ['a port that is named, over a default that is not', sh(`daphne ${app}; daphne -p 8002 ${app}`), { port: 8002 }],
  ['every address of IPv6', sh(`daphne -b :: ${app}`), { host: '::' }],
  ['localhost', sh(`uvicorn --host localhost ${app}`), { server: 'uvicorn' }],
  [
    'another server than the one that is installed first',
    sh(`hypercorn -b 0.0.0.0:8001 ${app}`),
    { server: 'hypercorn', host: '0.0.0.0', port: 8001 },
  ],
  ['the only one that is installed', { ...sh(`uvicorn --port 8001 ${app}`), server: 'uvicorn' }, { port: 8001 }],
  ['no environment yet', { ...sh(`daphne ${app}`), server: undefined }, {}],
  [
    "gunicorn with uvicorn's workers",
    sh(`gunicorn -k uvicorn.workers.UvicornWorker -b 0.0.0.0:8001 ${app}`),
    { server: 'uvicorn', host: '0.0.0.0', port: 8001 },
  ],
  ['another application', sh('daphne config.asgi:app'), { application: 'config.asgi:app' }],
  ['an application that nothing else tells', { ...sh(`daphne ${app}`), application: undefined }, { application: app }],
  ['reload', sh(`uvicorn --reload ${app}`), { server: 'uvicorn', reload: true }],
  ['the settings by a variable', sh(`DJANGO_SETTINGS_MODULE=core.settings.dev daphne ${app}`), { settings: 'core.settings.dev' }],
  ['the settings by an option', sh('python manage.py runserver --settings=core.dev 8000'), { settings: 'core.dev' }],
  [
    'runserver, which counts for less',
    scripts(['a.sh', 'shell', 'python manage.py runserver 0.0.0.0:8009'], ['b.sh', 'shell', `daphne -p 8002 ${app}`]),
    { port: 8002, host: '0.0.0.0' },
  ],
  ['runserver with the daphne app', { ...sh('python manage.py runserver 8003'), hasDaphneApp: true }, { port: 8003 }],
  ['variables', sh(`export DEBUG=1 PATH=/x:$PATH\nMODE=dev daphne ${app}`), { env: { DEBUG: '1', MODE: 'dev' } }],
  ['a platform’s port', scripts(['Procfile', 'procfile', `web: daphne -b 0.0.0.0 -p $PORT ${app}`]), {}],
  [
    'a Procfile of this machine',
    scripts(['Procfile', 'procfile', `web: daphne -b 0.0.0.0 -p 8004 ${app}\nworker: celery -A core worker`]),
    { host: '0.0.0.0', port: 8004 },
  ],
  [
    'containers',
    scripts([
      'compose.yml',
      'compose',
      `services:\n  web:\n    command: daphne -b 0.0.0.0 -p 8000 ${app}\n    ports: ['8080:8000']\n    environment: {DB_HOST: db, MODE: dev}\n  db:\n    image: postgres\n`,
    ]),
    { port: 8080, env: { MODE: 'dev' } },
  ],
  ['Redis', sh(`USE_REDIS_FOR_CHANNELS=True daphne ${app}`), { channelLayer: 'redis' }],
  ['Redis that .env wishes already', { ...sh(`USE_REDIS_FOR_CHANNELS=True daphne ${app}`), wishesRedis: true }, {}],
  ['memory against .env', { ...sh(`USE_REDIS_FOR_CHANNELS=0 daphne ${app}`), wishesRedis: true }, { channelLayer: 'memory' }],
  ['memory', sh(`USE_REDIS_FOR_CHANNELS=0 daphne ${app}`), {}],
  ['an environment that start looks for', sh(`cd backend && . venv/bin/activate && daphne ${app}`), {}],
  ['one that it does not', sh(`. envs/web/bin/activate && cd backend && daphne ${app}`), { python: 'envs/web/bin/python' }],
  [
    'the same on Windows',
    { ...scripts(['a.bat', 'batch', `backend\\myenv\\Scripts\\python -m daphne ${app}`]), platform: 'win32' },
    { python: 'backend/myenv/Scripts/python.exe' },
  ],
  ['a backend that start does not find', { findsBackend: false }, { backend: 'backend' }],
  [
    'a frontend elsewhere',
    { ...sh('cd web && yarn start --port 3001'), devScripts: new Map([['web', 'dev']]) },
    { frontend: { folder: 'web', script: 'start', port: 3001 } },
  ],
  [
    'a frontend by its own command',
    sh('cd frontend && npx vite --port 4000 --strictPort'),
    { frontend: { command: 'npx vite --port 4000 --strictPort', port: 4000 } },
  ],
  ['PORT of the frontend alone', sh('cd frontend && PORT=3005 npm run dev'), { frontend: { port: 3005 } }],
  [
    'addresses in the frontend’s variables',
    sh(
      `daphne -p 8001 ${app} &\ncd frontend\nVITE_API=http://localhost:8001/api VITE_WS=ws://127.0.0.1:8001 VITE_X=http://localhost:9 npm run dev`,
    ),
    { port: 8001, frontend: { env: { VITE_API: '{http}/api', VITE_WS: '{ws}', VITE_X: 'http://localhost:9' } } },
  ],
  ['a frontend that is gone', sh('cd client && npm start'), {}],
  [
    'workers',
    sh('cd backend\nexport A=1\ncelery -A core worker -l info &\ncelery -A core beat &\nredis-server --port 6390'),
    {
      services: {
        worker: { command: 'celery -A core worker -l info', cwd: 'backend', env: { A: '1' } },
        beat: { command: 'celery -A core beat', cwd: 'backend', env: { A: '1' } },
        redis: { command: 'redis-server --port 6390', cwd: 'backend', env: { A: '1' }, ready: { port: 6390 } },
      },
    },
  ],
  [
    'a worker with words that hold blanks',
    sh('celery -A core worker -n "a b"'),
    { services: { worker: { command: ['celery', '-A', 'core', 'worker', '-n', 'a b'] } } },
  ],
  ['a worker with a login', sh('celery -b redis://:pw@h/0 -A core worker'), {}],
])('%s', (_, facts, config) => {
  const decision = decideInit({ ...base, ...facts })
  expect(decision.config).toEqual(config)
  expect(validConfig(decision.config)).toEqual({ config, notes: [] })
})

test('where sources disagree, the winner and the losers are told with their places', () => {
  const facts = scripts(
    ['start.ps1', 'powershell', `daphne -p 8001 ${app}`],
    ['start.bat', 'batch', `@echo off\r\ndaphne -p 8002 ${app}`],
    ['start.sh', 'shell', `\ndaphne -p 8001 ${app}`],
  )
  expect(decideInit({ ...base, ...facts }).taken.find(({ key }) => key === 'port')).toEqual({
    key: 'port',
    value: '8001',
    places: [
      { file: 'start.ps1', line: 1 },
      { file: 'start.sh', line: 2 },
    ],
    others: [{ value: '8002', place: { file: 'start.bat', line: 2 } }],
    written: true,
  })
})

test.each<[string, string, boolean, string[]]>([
  ['runserver', 'python manage.py runserver', false, ['manage.py runserver']],
  ['runserver with the daphne app', 'python manage.py runserver', true, []],
  ['that without ASGI', 'python manage.py runserver --noasgi', true, ['manage.py runserver']],
  ['gunicorn', 'gunicorn core.wsgi', true, ['gunicorn core.wsgi']],
  ["gunicorn's own workers on ASGI", `gunicorn ${app}`, true, [`gunicorn ${app}`]],
  ["uvicorn's workers", `gunicorn -k uvicorn.workers.UvicornWorker ${app}`, false, []],
  ['a WSGI application on hypercorn', 'hypercorn core.wsgi:application', false, ['hypercorn core.wsgi:application']],
  ['waitress and uwsgi', 'waitress-serve core.wsgi:application; uwsgi --http :8000', false, ['waitress', 'uwsgi']],
  ['daphne', `daphne ${app}`, false, []],
])('the warning of WSGI: %s', (_, text, hasDaphneApp, warned) => {
  const { warnings } = decideInit({ ...base, ...sh(text), hasDaphneApp })
  expect(warnings.map((warning) => warning.text)).toEqual(
    warned.map((what) => `${what} speaks WSGI, which can't carry a WebSocket: the browser sees close code 1006`),
  )
  for (const { place } of warnings) expect(place).toEqual({ file: 'start.sh', line: 1 })
})

test('what a script says beyond the configuration is told', () => {
  const text = `export SECRET_KEY=abc DB_URL=postgres://u:p@h/x NOW=$(date)\ndaphne -u /run/x.sock ${app}\nuvicorn --workers 4 ${app}\npkill python`
  const { warnings, notes, config } = decideInit({ ...base, ...sh(text) })
  expect(config).toEqual({})
  expect(warnings.map((each) => each.text)).toEqual([
    'SECRET_KEY looks like a secret: it is not copied',
    'DB_URL looks like a secret: it is not copied',
  ])
  expect(warnings[0]?.hint).toContain('backend/.env')
  expect(notes.map((each) => each.text)).toEqual([
    'daphne listens on a Unix socket there; start listens on a port',
    'uvicorn runs 4 workers there; start runs one',
    'NOW is put together at run time, and left out',
    'It ends processes by their name, whoever started them',
  ])
})

test('a value that no configuration may hold is left out and told', () => {
  const { config, notes } = validConfig({ port: 70000, host: '0.0.0.0' })
  expect(config).toEqual({ host: '0.0.0.0' })
  expect(notes[0]?.text).toContain('"port" is 70000')
})

test.each<[string, string, Record<string, string>]>([
  ['none yet', '{}', { dev: 'election-dev start', doctor: 'election-dev doctor', smoke: 'election-dev smoke' }],
  [
    'one of another meaning',
    '{"dev": "vite"}',
    { dev: 'vite', 'dev:all': 'election-dev start', doctor: 'election-dev doctor', smoke: 'election-dev smoke' },
  ],
  [
    'one that dev would hide',
    '{"start": "vite"}',
    { start: 'vite', 'dev:all': 'election-dev start', doctor: 'election-dev doctor', smoke: 'election-dev smoke' },
  ],
  [
    'all taken',
    '{"dev": "a", "dev:all": "b", "dev:election": "c", "up": "npx election-dev doctor", "smoke": "election-dev smoke --json"}',
    {},
  ],
])('npm scripts, %s', (_, scripts, after) => {
  const nothing = {
    otherConfig: undefined,
    config: undefined,
    gitignore: '.election-dev/\n',
    workflow: undefined,
    gitlabJob: undefined,
    gitlabCi: undefined,
  }
  const files = { ...nothing, manifest: `{"scripts": ${scripts}}`, templates: { github: '', gitlab: '' } }
  const ci = {
    backend: '.',
    requirements: undefined,
    frontend: undefined,
    redis: false,
    layerVariable: undefined,
    python: { preferred: undefined, required: undefined },
  }
  const { changes } = decideFiles(files, {}, undefined, ci)
  expect(changes.map((change): unknown => JSON.parse(change.after).scripts)).toEqual(Object.keys(after).length === 0 ? [] : [after])
})
