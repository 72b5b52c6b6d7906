/** What a set-up is decided from: tables. */
import { describe, expect, it } from 'vitest'
import { layerOf, readTemplates, routeFolders, slug, type DeploymentFacts } from '../../src/facts/deployment.ts'
import { atOrigin, planners } from '../../src/plan/export-files.ts'
import { LauncherError } from '../../src/errors.ts'
import {
  backendPaths,
  backendVariables,
  deployable,
  drainSeconds,
  graceSeconds,
  type Deployable,
  type ExportRequest,
} from '../../src/plan/export.ts'

const facts: DeploymentFacts = {
  name: 'vote',
  root: '/checkout',
  backend: 'backend',
  settingsModule: 'core.settings',
  application: 'core.asgi:application',
  webSocketPath: '/ws/election-updates/',
  python: { version: '3.12', source: 'backend/venv' },
  requirements: { kind: 'requirements', folder: 'backend', files: ['backend/requirements.txt'] },
  requiredNames: new Set(['django', 'channels', 'daphne', 'channels-redis']),
  wantedServer: undefined,
  installed: new Set(['django', 'uvicorn']),
  layer: { kind: 'switch', variable: 'USE_REDIS_FOR_CHANNELS' },
  variables: new Set(['USE_REDIS_FOR_CHANNELS', 'REDIS_HOST', 'REDIS_PORT', 'REDIS_PASSWORD', 'SECRET_KEY']),
  dotenvKeys: ['SECRET_KEY'],
  hasStaticRoot: false,
  sqliteOnly: false,
  routes: [],
  celery: undefined,
  frontend: undefined,
  templates: await readTemplates(),
}
const request: ExportRequest = {
  target: 'compose',
  out: '/checkout/deploy/compose',
  proxy: 'nginx',
  replicas: 2,
  host: 'vote.example.org',
  image: undefined,
  command: 'election-dev export compose',
}

function ready(changed: Partial<DeploymentFacts> = {}, out = request.out): Deployable {
  return deployable({ ...facts, ...changed }, { ...request, out })
}

describe('whether a set-up can be written', () => {
  const cases: readonly [string, Partial<DeploymentFacts>, number, string?][] = [
    ['all is known', {}, 2],
    ['the layer is in memory', { layer: { kind: 'memory' } }, 2, 'layer-inmemory-multi-instance'],
    ['the layer is in memory, and one replica is wanted', { layer: { kind: 'memory' } }, 1],
    ['Redis alone, without a switch', { layer: { kind: 'redis' } }, 9],
    ['the address of Redis is written in the settings', { variables: new Set(['REDIS_PASSWORD']) }, 2, 'redis-address-fixed'],
    ['the settings know no password', { variables: new Set(['REDIS_HOST']) }, 2, 'redis-password-not-read'],
    ['a URL has the password in it', { variables: new Set(['REDIS_URL']) }, 2],
    ['no application', { application: undefined }, 2, 'application-unknown'],
    ['no requirements', { requirements: undefined }, 2, 'requirements-missing'],
  ]
  it.each(cases)('%s', (_, changed, replicas, expected) => {
    const judge = () => deployable({ ...facts, ...changed }, { out: request.out, replicas })
    if (expected === undefined) expect(judge()).toMatchObject({ outFolder: 'deploy/compose', context: '../..' })
    else expect(judge).toThrow(expect.objectContaining({ constructor: LauncherError, code: expected, exitCode: 1 }))
  })
})

describe('the server', () => {
  const cases: readonly [string, Partial<DeploymentFacts>, string, readonly string[]][] = [
    ['the one of the requirements before what is installed', {}, 'daphne', []],
    ['what is asked for, added where it is missing', { wantedServer: 'hypercorn' }, 'hypercorn', ['hypercorn']],
    ['runserver is daphne', { wantedServer: 'runserver' }, 'daphne', []],
    ['what is installed, where only a tool reads the requirements', { requiredNames: undefined }, 'uvicorn', []],
    [
      'uvicorn gets a WebSocket library, and the layer its package',
      { requiredNames: new Set(['django', 'uvicorn']) },
      'uvicorn',
      ['websockets', 'channels-redis'],
    ],
    ['daphne where nothing tells', { requiredNames: new Set(), installed: new Set() }, 'daphne', ['daphne', 'channels-redis']],
  ]
  it.each(cases)('%s', (_, changed, server, added) => {
    expect(ready(changed)).toMatchObject({ server, added })
  })
})

const written = (path: string, changed: Partial<DeploymentFacts> = {}, asked: Partial<ExportRequest> = {}) =>
  planners.compose(ready(changed, asked.out), { ...request, ...asked }).files.find((file) => file.path === path)?.text ?? ''
const dockerfile = (changed: Partial<DeploymentFacts>, out = request.out) => written('Dockerfile', changed, { out })

describe('the image', () => {
  it.each([
    [
      'requirements',
      ['backend/requirements.txt', 'backend/r/base.txt'],
      [
        'COPY backend/requirements.txt /requirements/backend/',
        'COPY backend/r/base.txt /requirements/backend/r/',
        'pip install -r /requirements/backend/requirements.txt',
      ],
    ],
    ['uv', ['backend/uv.lock', 'backend/pyproject.toml'], ['cd /requirements/backend/ && uv export --frozen']],
    ['poetry', ['backend/pyproject.toml'], ['poetry install --no-root --only main']],
    ['pipenv', ['backend/Pipfile', 'backend/Pipfile.lock'], ['pipenv install --system --deploy']],
    ['pyproject', ['backend/pyproject.toml'], ['COPY backend/ /requirements/backend/', 'pip install /requirements/backend/']],
  ] as const)('installs what %s names', (kind, files, wanted) => {
    const text = dockerfile({ requirements: { kind, folder: 'backend', files } })
    for (const line of wanted) expect(text).toContain(line)
  })

  it('is of the project’s Python, and runs a server as nobody of consequence, without a shell', () => {
    const text = dockerfile({ wantedServer: 'uvicorn', requiredNames: undefined })
    expect(text).toContain('FROM python:3.12-slim')
    expect(text.indexOf('USER app')).toBeGreaterThan(text.indexOf('RUN '))
    expect(text).toMatch(/^CMD \["python", "-m", "uvicorn", .*"--timeout-graceful-shutdown", "20", "core\.asgi:application"\]$/m)
    expect(drainSeconds).toBeLessThan(graceSeconds)
  })

  it('collects static files only where the settings say where to', () => {
    expect(dockerfile({})).not.toContain('collectstatic')
    expect(dockerfile({ hasStaticRoot: true })).toContain(
      'RUN SECRET_KEY=only-to-build DJANGO_SETTINGS_MODULE=core.settings python manage.py collectstatic',
    )
  })

  it('of a backend that is the checkout takes the checkout', () => {
    expect(
      dockerfile({ backend: '.', requirements: { kind: 'requirements', folder: '.', files: ['requirements.txt'] } }, '/checkout/x'),
    ).toContain('COPY --chown=app:app ./ ./\nCOPY x/entry.py x/probe.py /opt/election/')
  })

  it('has no secret and no environment in it', () => {
    const ignored = written('Dockerfile.dockerignore').split('\n')
    for (const name of ['**/.env', 'deploy/compose/secrets', 'backend/venv', '**/.git']) expect(ignored).toContain(name)
  })
})

describe('the variables of the backend', () => {
  it.each([
    ['a URL is made of its parts', new Set(['REDIS_URL']), { REDIS_URL_FROM_PARTS: '1', REDIS_HOST: 'redis' }],
    [
      'hosts, origins and debugging, where they are read',
      new Set(['REDIS_URL', 'ALLOWED_HOSTS', 'CSRF_TRUSTED_ORIGINS', 'DEBUG']),
      { ALLOWED_HOSTS: 'vote.example.org,localhost,127.0.0.1', CSRF_TRUSTED_ORIGINS: 'https://vote.example.org', DEBUG: 'False' },
    ],
    ['the switch', facts.variables, { USE_REDIS_FOR_CHANNELS: 'True' }],
  ])('%s', (_, variables, expected) => {
    expect(backendVariables(ready({ variables }), ['vote.example.org'], 'https', 'redis')).toMatchObject(expected)
  })

  it('are none that the settings do not read', () => {
    expect(Object.keys(backendVariables(ready(), ['h'], 'http', 'redis'))).not.toContain('ALLOWED_HOSTS')
  })
})

describe('one replica with its layer in memory', () => {
  it.each(['compose', 'kubernetes'] as const)('of %s has no Redis anywhere, and says why there must not be two', (target) => {
    const alone = deployable({ ...facts, layer: { kind: 'memory' } }, { out: request.out, replicas: 1 })
    const { files, secrets, notes } = planners[target](alone, { ...request, target, replicas: 1 })
    expect(files.map(({ path }) => path)).not.toContain('redis.yaml')
    expect(
      files
        .filter(({ path }) => path.endsWith('.yaml'))
        .map(({ text }) => text)
        .join(''),
    ).not.toMatch(/redis/i)
    expect(secrets).toEqual(['secrets/secret-key'])
    expect(notes.map(({ id }) => id)).toContain('layer-inmemory')
  })
})

describe('what is said', () => {
  it.each([
    ['database-in-file', { sqliteOnly: true }],
    ['requirements-added', { requiredNames: new Set(['django', 'channels', 'daphne']) }],
    ['path-unknown', { webSocketPath: undefined }],
    ['variables-open', { dotenvKeys: ['MAIL_HOST'] }],
    ['drain', {}],
  ])('%s', (id, changed) => {
    expect(planners.compose(ready(changed), request).notes.map((note) => note.id)).toContain(id)
    expect(planners.compose(ready({ wantedServer: 'uvicorn', requiredNames: undefined }), request).notes).toEqual([])
  })
})

describe('the proxies', () => {
  it('hand an upgrade on, and the Host that the browser said', () => {
    const text = written('nginx.conf')
    for (const line of [
      'proxy_http_version 1.1',
      'proxy_set_header Upgrade $http_upgrade',
      'proxy_set_header Connection $connection_upgrade',
      'proxy_set_header Host $http_host',
      'resolver 127.0.0.11 valid=5s',
      'proxy_read_timeout 3600s',
    ])
      expect(text).toContain(`${line};`)
    expect(written('Caddyfile', {}, { proxy: 'caddy' })).toContain('resolvers 127.0.0.11')
  })

  it('know the paths of the backend from its routes, its socket and the dev server', () => {
    const frontend = { folder: 'frontend', manager: 'npm', hasLock: true, output: 'dist', proxied: ['/graphql/'], variables: [] } as const
    expect(backendPaths({ ...facts, frontend, routes: ['/api/', '/admin/'] })).toEqual(['/admin/', '/api/', '/graphql/', '/ws/'])
  })
})

describe('texts of a checkout', () => {
  it.each([
    ['path("api/votes/", x)\npath("admin/", y)', ['/api/', '/admin/']],
    ["re_path(r'^api/v1/', x)", ['/api/']],
    ['# path("old/", x)\npath("", x)\npath("<int:pk>/", x)', []],
  ])('routes of %j', (text, folders) => {
    expect(routeFolders(text)).toEqual(folders)
  })

  it.each([
    ['My Vote_2026', 'my-vote-2026'],
    ['2026', 'election'],
    ['-a-', 'a'],
    ['x'.repeat(80), 'x'.repeat(30)],
  ])('the name of %s is %s', (name, expected) => {
    expect(slug(name)).toBe(expected)
  })

  it('the layer', () => {
    expect(layerOf('X', '')).toEqual({ kind: 'switch', variable: 'X' })
    expect(layerOf(undefined, '"channels_redis.core.RedisChannelLayer"')).toEqual({ kind: 'redis' })
    expect(layerOf(undefined, '"channels.layers.InMemoryChannelLayer"')).toEqual({ kind: 'memory' })
  })

  it.each([
    ['ws://localhost:8000/ws/x/', 'https://vote.example.org', 'wss://vote.example.org/ws/x/'],
    ['http://127.0.0.1:8000', 'http://localhost:8080', 'http://localhost:8080'],
    ['/api', 'https://vote.example.org', '/api'],
  ])('%s at %s is %s', (value, origin, expected) => {
    expect(atOrigin(value, origin)).toBe(expected)
  })
})

describe('the Procfile', () => {
  it.each([
    ['in a folder with a blank', { backend: 'the backend' }, "web: cd 'the backend' && exec daphne "],
    ['in the checkout itself', { backend: '.' }, 'web: exec daphne '],
    ['with Celery', { celery: 'core' }, 'worker: cd backend && exec celery -A core worker'],
    ['on uvicorn', { wantedServer: 'uvicorn' as const }, "--port $PORT --proxy-headers --forwarded-allow-ips '*'"],
  ])('%s', (_, changed, line) => {
    expect(planners.procfile(ready(changed), request).files[0]?.text).toContain(line)
  })
})
