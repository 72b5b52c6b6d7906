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
      { tool: 'vite', args: ['--port', '3100'], env: { X: 'y', A: '1' }, script: 'page' },
    ],
    ['Next.js without a word', { dev: 'next' }, { tool: 'next', args: [] }],
    ['vue-cli', { dev: 'vue-cli-service serve --open' }, { tool: 'vue-cli-service' }],
    ['webpack', { dev: 'webpack serve --mode development' }, { tool: 'webpack' }],
    ['Astro', { dev: 'astro dev' }, { tool: 'astro' }],
    ['Angular', { dev: 'ng serve' }, { tool: 'ng' }],
    ['any program', { dev: 'node server.js' }, { tool: 'other', program: 'node', args: ['server.js'] }],
  ])('%s', (_, scripts, command) => {
    expect(readScript(scripts, 'dev')).toMatchObject({ kind: 'command', command })
  })

  test.each<[string, Record<string, string>, RegExp]>([
    ['takes a shell', { dev: 'tsc -b && node server.js' }, /"dev" takes a shell: tsc -b && node server.js/],
    ['goes on after its dev server', { dev: 'vite && echo over' }, /"dev" takes a shell/],
    ['runs several at once', { dev: 'vite & node api.js' }, /"dev" takes a shell/],
    ['ends in a variable', { dev: 'tsc -b && vite --port $PORT' }, /"dev" takes a shell/],
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
