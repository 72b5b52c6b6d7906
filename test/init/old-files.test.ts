import { expect, test } from 'vitest'
import { readScript, type ScriptKind } from '../../src/facts/old-scripts.ts'
import { readYaml, yamlAt, type YamlNode } from '../../src/facts/yaml-text.ts'

/** Name, line, folder, variables and words of the commands that have a part in a start. */
function read(kind: ScriptKind, text: string): string[] {
  return readScript('file', kind, text)
    .commands.filter(({ role }) => role.kind !== 'other')
    .map(({ name, place, cwd, env, argv, role }) =>
      [role.kind, name, place.line, cwd ?? '?', ...env.map((variable) => `${variable.name}=${variable.value}`), ...argv].join(' '),
    )
}

test.each<[string, ScriptKind, string, string[]]>([
  [
    'a Procfile',
    'procfile',
    '# web: x\nweb: daphne -b 0.0.0.0 -p $PORT core.asgi:application\nworker: cd backend && celery -A core worker\n',
    ['backend web 2 . daphne -b 0.0.0.0 -p $PORT core.asgi:application', 'service worker 3 backend celery -A core worker'],
  ],
  ['gunicorn in one', 'procfile', 'web: gunicorn core.wsgi --log-file -\r\n', ['backend web 1 . gunicorn core.wsgi --log-file -']],
  [
    'a Makefile',
    'makefile',
    'PORT ?= 8001\nexport DEBUG := 1\n# run: daphne x\n.PHONY: run\nrun: venv\n\t@cd backend && daphne -p $(PORT) \\\n\t  core.asgi:application\nweb:; cd frontend && yarn dev\nstop:\n\t-pkill -f daphne\n',
    [
      'backend run 6 backend DEBUG=1 daphne -p 8001 core.asgi:application',
      'frontend web 8 frontend DEBUG=1 yarn dev',
      'kill stop 10 . DEBUG=1 pkill -f daphne',
    ],
  ],
  [
    'the scripts of a package.json',
    'manifest',
    '{\n  "name": "x",\n  "scripts": {\n    "dev": "concurrently \\"npm:back\\" \\"cd backend && .\\\\venv\\\\Scripts\\\\python -m daphne a.asgi:application\\"",\n    "web": "cross-env PORT=3001 npm --prefix frontend run dev",\n    "all": "election-dev start",\n    "build": "npm run build --prefix frontend"\n  }\n}\n',
    [
      'backend dev 4 backend .\\venv\\Scripts\\python -m daphne a.asgi:application',
      'frontend web 5 . PORT=3001 npm --prefix frontend run dev',
    ],
  ],
  [
    'a compose file',
    'compose',
    `version: "3.9"
x-env: &env
  REDIS_HOST: redis
services:
  redis:
    image: redis:7-alpine
  backend:
    build:
      context: ./backend
    environment:
      <<: *env
      DEBUG: "1"   # on
    command: >
      sh -c "python manage.py migrate &&
             daphne -b 0.0.0.0 -p 8000 core.asgi:application"
    ports: ["127.0.0.1:8080:8000"]
  worker:
    build: backend
    command: ["celery", "-A", "core", "worker"]
    environment:
      - LEVEL=\${LEVEL:-info}
`,
    [
      'backend backend 15 backend REDIS_HOST=redis DEBUG=1 daphne -b 0.0.0.0 -p 8000 core.asgi:application',
      'service worker 19 backend LEVEL=info celery -A core worker',
    ],
  ],
  [
    'servers that know WSGI alone',
    'shell',
    'waitress-serve --listen=*:8002 core.wsgi:application\npython -m waitress --port=8003 core.wsgi:application\nuwsgi --http :8004 --module core.wsgi\npython manage.py runserver_plus 8005',
    [
      'wsgi-only  1 . waitress-serve --listen=*:8002 core.wsgi:application',
      'wsgi-only  2 . python -m waitress --port=8003 core.wsgi:application',
      'wsgi-only  3 . uwsgi --http :8004 --module core.wsgi',
      'wsgi-only  4 . python manage.py runserver_plus 8005',
    ],
  ],
  [
    'what installs, builds and migrates',
    'shell',
    'npm install\nyarn build\npip install daphne\npython manage.py migrate\nnpx vite build\ncelery -A core status\nwhich daphne\n',
    [],
  ],
  [
    'dev servers by their own names',
    'shell',
    'npx vite --port 4000\nnode node_modules/vite/bin/vite.js\nnext dev -p 3001\nng serve',
    [
      'dev-server  1 . npx vite --port 4000',
      'dev-server  2 . node node_modules/vite/bin/vite.js',
      'dev-server  3 . next dev -p 3001',
      'dev-server  4 . ng serve',
    ],
  ],
])('%s', (_, kind, text, commands) => {
  expect(read(kind, text)).toEqual(commands)
})

test('a compose file tells its ports, its Redis and the names of its services', () => {
  const text =
    'services:\n  web:\n    ports:\n      - "8080:8000"\n      - target: 9000\n        published: "9001"\n      - "5000"\n  cache:\n    image: docker.io/library/redis:6\n'
  expect(readScript('compose.yml', 'compose', text).compose).toEqual({
    ports: [
      { service: 'web', host: 8080, container: 8000, place: { file: 'compose.yml', line: 4 } },
      { service: 'web', host: 9001, container: 9000, place: { file: 'compose.yml', line: 5 } },
    ],
    redis: [{ service: 'cache', image: 'docker.io/library/redis:6', place: { file: 'compose.yml', line: 9 } }],
    services: ['web', 'cache'],
  })
})

/** A node as plain values. */
function plain(node: YamlNode | undefined): unknown {
  if (node?.kind === 'map') return Object.fromEntries([...node.entries].map(([key, value]) => [key, plain(value)]))
  return node?.kind === 'list' ? node.items.map((item) => plain(item)) : node?.text
}

test.each<[string, unknown]>([
  ["a: 1 # one\nb: \"#2\"\nc: 'it''s'\n", { a: '1', b: '#2', c: "it's" }],
  ['a:\n- x\n- y: 1\n  z: 2\n-\n  - w\nb:\n  c:\n', { a: ['x', { y: '1', z: '2' }, ['w']], b: { c: '' } }],
  ['a: [x, "y, z", {k: v}]\nb: {c: [1, 2], d: e}\n', { a: ['x', 'y, z', { k: 'v' }], b: { c: ['1', '2'], d: 'e' } }],
  ['a: |\n  one\n  # no comment\n\n  two\nb: >-\n  three\n  four\nc: 5\n', { a: 'one\n# no comment\n\ntwo', b: 'three four', c: '5' }],
  ['a: &x {k: 1}\nb: *x\nc:\n  <<: *x\n  m: 2\n', { a: { k: '1' }, b: { k: '1' }, c: { k: '1', m: '2' } }],
  ['---\nurl: http://h:80/x\nplain text: goes\n  on here\n"q k": 1\n', { url: 'http://h:80/x', 'plain text': 'goes on here', 'q k': '1' }],
  ['', undefined],
  ['\t: : [\n  }', undefined],
])('YAML %#', (text, value) => {
  const node = readYaml(text)
  if (value !== undefined) expect(plain(node)).toEqual(value)
  expect(yamlAt(node, 'no', 'such')).toBeUndefined()
})
