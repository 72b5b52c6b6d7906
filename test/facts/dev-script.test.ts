import { describe, expect, test } from 'vitest'
import { commandOf, readScript, splitWords } from '../../src/facts/dev-script.ts'
import { portFlag } from '../../src/facts/dev-address.ts'

test.each<[string, string[] | undefined]>([
  ['vite', ['vite']],
  ['  vite   --port  3001 ', ['vite', '--port', '3001']],
  [`node -e "console.log('a b')"`, ['node', '-e', "console.log('a b')"]],
  [`a "" 'b c'd e\\ f`, ['a', '', 'b cd', 'e f']],
  ['.\\node_modules\\.bin\\vite', ['.\\node_modules\\.bin\\vite']],
  ['', []],
  ['tsc && vite', undefined],
  ['vite & tsc -w', undefined],
  ['vite | tee log', undefined],
  ['vite --port $PORT', undefined],
  ['vite --port "$PORT"', undefined],
  ['vite --port %PORT%', undefined],
  ['cat *.js', undefined],
  ['vite "', undefined],
])('the words of %s', (text, words) => {
  expect(splitWords(text)).toEqual(words)
})

/** What is run by the package manager. */
const shell = (takes = false, more: object = {}) => ({ tool: 'vite', program: 'vite', script: { name: 'dev', takes }, ...more })

describe('a script', () => {
  test.each<[string, Record<string, string>, unknown]>([
    ['the seed’s', { dev: 'vite' }, { tool: 'vite', program: 'vite', args: [], env: {} }],
    ['a port', { dev: 'vite dev --port 3001' }, { tool: 'vite', args: ['dev', '--port', '3001'] }],
    ['cross-env', { dev: 'cross-env X=y Z= vite --port 3001' }, { tool: 'vite', args: ['--port', '3001'], env: { X: 'y', Z: '' } }],
    ['an assignment', { dev: 'PORT=3001 react-scripts start' }, { tool: 'react-scripts', env: { PORT: '3001' } }],
    [
      'a quoted one',
      { dev: "NODE_OPTIONS='--max-old-space-size=4096 -r x' vite" },
      { tool: 'vite', env: { NODE_OPTIONS: '--max-old-space-size=4096 -r x' } },
    ],
    [
      'Windows’ way',
      { dev: 'set PORT=3001 && set HTTPS=true&& react-scripts start' },
      { tool: 'react-scripts', env: { PORT: '3001', HTTPS: 'true' } },
    ],
    ['npx', { dev: 'npx --yes vite --host' }, { tool: 'vite', args: ['--host'] }],
    ['pnpm exec', { dev: 'pnpm exec vite' }, { tool: 'vite', args: [] }],
    [
      'another script',
      { dev: 'npm run start -- --port 3001', start: 'X=y vite' },
      { tool: 'vite', args: ['--port', '3001'], env: { X: 'y' } },
    ],
    ['yarn’s short way', { dev: 'yarn start', start: 'next dev' }, { tool: 'next', args: ['dev'] }],
    ['variables of both', { dev: 'A=1 npm run x', x: 'B=2 vite' }, { env: { A: '1', B: '2' } }],
    ['a build is no dev server', { dev: 'vite build --watch' }, { tool: 'other', program: 'vite' }],
    [
      'a check before it: the whole is for a shell',
      { dev: 'X=y npm run page', page: 'tsc -b && A=1 vite --port 3100' },
      { tool: 'vite', args: ['--port', '3100'], env: { X: 'y', A: '1' }, script: { name: 'page', takes: true } },
    ],
    ['Next.js without a word', { dev: 'next' }, { tool: 'next', args: [] }],
    ['vue-cli', { dev: 'vue-cli-service serve --open' }, { tool: 'vue-cli-service' }],
    ['webpack', { dev: 'webpack serve --mode development' }, { tool: 'webpack' }],
    ['Astro', { dev: 'astro dev' }, { tool: 'astro' }],
    ['Angular', { dev: 'ng serve' }, { tool: 'ng' }],
    ['Vite, told of a folder', { dev: 'vite page --port 3001' }, { tool: 'vite', args: ['page', '--port', '3001'] }],
    ['any program', { dev: 'node server.js' }, { tool: 'other', program: 'node', args: ['server.js'] }],
  ])('%s', (_, scripts, command) => {
    expect(readScript(scripts, 'dev')).toMatchObject({ kind: 'command', command })
  })

  test.each<[string, Record<string, string>, unknown]>([
    ['a server that is none of the known ones', { dev: 'tsc -b && node server.js' }, shell(false, { tool: 'other', program: 'dev' })],
    ['goes on after its dev server', { dev: 'vite && echo over' }, shell()],
    ['several at once', { dev: 'vite & node api.js' }, shell()],
    ['a variable', { dev: 'tsc -b && vite --port $PORT' }, shell(true, { args: ['--port', '$PORT'] })],
    ['a variable alone', { dev: 'vite --port ${PORT:-3000}' }, shell(true)],
    [
      'another at once, by name',
      { dev: 'npm-run-all -p page css', page: 'vite --port 3001', css: 'tailwindcss -w' },
      shell(false, { args: ['--port', '3001'] }),
    ],
    ['another at once, by a pattern', { dev: 'concurrently "npm:dev:*"', 'dev:page': 'vite', 'dev:css': 'tailwindcss -w' }, shell()],
    ['a script of the same project behind a check', { dev: 'npm run check && npm run page', check: 'tsc', page: 'vite' }, shell()],
  ])('that takes a shell is run by the package manager: %s', (_, scripts, command) => {
    expect(readScript(scripts, 'dev')).toMatchObject({ kind: 'command', command })
  })

  test.each<[string, Record<string, string>, readonly string[], readonly string[]]>([
    [
      'concurrently',
      { dev: 'concurrently -k "vite --port 3001" "python ../backend/manage.py runserver"' },
      ['--port', '3001'],
      ['-k', 'python ../backend/manage.py runserver'],
    ],
    ['an ampersand', { dev: 'daphne core.asgi:application & vite' }, [], ['daphne core.asgi:application']],
    [
      'scripts of its own',
      { dev: 'run-p page api css', page: 'vite', api: 'cd .. && .venv/bin/python manage.py runserver_plus', css: 'tailwindcss -w' },
      [],
      ['cd ..', '.venv/bin/python manage.py runserver_plus', 'tailwindcss -w'],
    ],
  ])('that starts the backend as well is left for its dev server alone: %s', (_, scripts, args, leftOut) => {
    const found = readScript(scripts, 'dev')
    expect(found).toMatchObject({ kind: 'command', command: { tool: 'vite', args } })
    const command = found.kind === 'command' ? found.command : undefined
    expect(command?.script).toBeUndefined()
    expect(command?.leftOut?.filter((text) => text !== '-k')).toEqual(leftOut.filter((text) => text !== '-k'))
  })

  test.each<[string, Record<string, string>, RegExp]>([
    ['starts the backend alone', { dev: 'cd ../backend && python manage.py runserver' }, /"dev" starts the backend itself: cd/],
    ['starts the backend without a shell', { dev: 'daphne core.asgi:application' }, /"dev" starts the backend itself/],
    ['starts the launcher', { dev: 'concurrently "election-dev start" "tailwindcss -w"' }, /"dev" starts the backend itself/],
    ['starts both, in another folder', { dev: 'python manage.py runserver & cd page && vite' }, /"dev" starts the backend as well/],
    ['is absent', {}, /no script "dev"/],
    ['is empty', { dev: '' }, /runs nothing/],
    ['only sets', { dev: 'X=y' }, /runs nothing/],
    ['leads to one that is absent', { dev: 'npm run x' }, /no script "x"/],
    ['leads to itself', { dev: 'npm run dev' }, /circle/],
    ['leads in a circle', { dev: 'npm run x', x: 'npm run y', y: 'npm run x' }, /circle/],
  ])('that %s', (_, scripts, why) => {
    const found = readScript(scripts, 'dev')
    expect(found.kind === 'unclear' ? found.why : found).toMatch(why)
  })

  test('words alone', () => {
    expect(commandOf(['yarn', 'exec', 'vite'])?.tool).toBe('vite')
    expect(commandOf([])).toBeUndefined()
  })
})

test.each<[string[], number | undefined]>([
  [['--port', '3001'], 3001],
  [['--port=3001'], 3001],
  [['-p', '3001'], 3001],
  [['-p3001'], 3001],
  [['--portal', '3001'], undefined],
  [['--port'], undefined],
  [['--port', 'x'], undefined],
  [[], undefined],
])('the port of %j', (args, port) => {
  expect(portFlag(args)).toBe(port)
})

test.each<[string[], number | undefined]>([
  [['--listen-on', '3001'], 3001],
  [['--listen-on=3001'], 3001],
  [['--listen-on3001'], undefined],
])('the port of %j, by an option of the tool alone', (args, port) => {
  expect(portFlag(args, ['--listen-on'])).toBe(port)
  expect(portFlag(args)).toBeUndefined()
})
