import { afterEach, expect, test } from 'vitest'
import { readFrontend } from '../../src/facts/frontend-reading.ts'
import { envValues, variableUses, type VariableUse } from '../../src/facts/frontend-variables.ts'
import { pageHostSocket, portsIn } from '../../src/facts/frontend-wiring.ts'
import { filesIn, removeFiles } from '../support/files.ts'

afterEach(removeFiles)

test.each<[string, VariableUse['fallback']]>([
  ['import.meta.env.VITE_WS_URL', { kind: 'none' }],
  ['new WebSocket(`${import.meta.env.VITE_WS_URL}/ws/`)', { kind: 'none' }],
  ["import.meta.env.VITE_WS_URL ?? 'ws://localhost:8000'", { kind: 'text', text: 'ws://localhost:8000' }],
  ['import.meta.env.VITE_WS_URL || "ws://localhost:8000/ws/"', { kind: 'text', text: 'ws://localhost:8000/ws/' }],
  ["(import.meta.env.VITE_WS_URL as string) ||\n  'ws://localhost:8000'", { kind: 'text', text: 'ws://localhost:8000' }],
  ["import.meta.env.VITE_WS_URL! || ''", { kind: 'text', text: '' }],
  ["import.meta.env['VITE_WS_URL'] ?? `ws://a:1`", { kind: 'text', text: 'ws://a:1' }],
  ["process.env.VITE_WS_URL ?? 'ws://localhost:8000'", { kind: 'text', text: 'ws://localhost:8000' }],
  ['import.meta.env.VITE_WS_URL ?? `ws://${location.host}`', { kind: 'other' }],
  ['import.meta.env.VITE_WS_URL || fromPage()', { kind: 'other' }],
  ["import.meta.env.VITE_WS_URL ? 1 : 'x'", { kind: 'other' }],
  ['import.meta.env.VITE_WS_URL && connect()', { kind: 'other' }],
  ['if (import.meta.env.VITE_WS_URL) connect()', { kind: 'other' }],
  ['if (!import.meta.env.VITE_WS_URL) stop()', { kind: 'other' }],
  ['const url = other ?? import.meta.env.VITE_WS_URL', { kind: 'other' }],
  ["import.meta.env.VITE_WS_URL === 'x'", { kind: 'other' }],
])('the use %s', (source, fallback) => {
  expect(variableUses('a.js', `\n${source}\n`)).toEqual([{ file: 'a.js', line: 2, name: 'VITE_WS_URL', fallback }])
})

test('no use: a comment, another object, a configuration’s env in a source', () => {
  expect(variableUses('a.js', '// import.meta.env.VITE_A\nenv.VITE_B\nmy.process.environment.C')).toEqual([])
  expect(variableUses('vite.config.js', "env.VITE_B || 'http://localhost:8000'", true)).toMatchObject([
    { name: 'VITE_B', fallback: { kind: 'text' } },
  ])
})

test('the variables of an .env file, with what is on the line', () => {
  const text = '\uFEFFA=1\r\n# B=2\nexport C="x # y" # z\nD = plain # z\nE=\nF=\'ws://localhost:8000/?token=t\'\nnot a variable\nG=a#b\n'
  expect(envValues('.env', text).map(({ line, name, value }) => [line, name, value])).toEqual([
    [1, 'A', '1'],
    [3, 'C', 'x # y'],
    [4, 'D', 'plain'],
    [5, 'E', ''],
    [6, 'F', 'ws://localhost:8000/?token=t'],
    [8, 'G', 'a#b'],
  ])
})

test.each<[string, [string, number][]]>([
  ["const host = 'localhost:8000'", [['localhost:8000', 8000]]],
  ['const host = "127.0.0.1:8000/ws"', [['127.0.0.1:8000', 8000]]],
  ['`ws://${window.location.hostname}:8000/ws/`', [['location.hostname}:8000', 8000]]],
  ["'ws://' + location.hostname + ':8000/ws/'", [["location.hostname + ':8000", 8000]]],
  ["'http://localhost:8000'", []],
  ["// 'localhost:8000'", []],
  ["'db.localhost:80'", []],
  ["'localhost:800000'", []],
])('the ports of %s', (source, ports) => {
  expect(portsIn('a.js', source).map(({ text, port }) => [text, port])).toEqual(ports)
})

test.each([
  ['new WebSocket(`ws://${location.host}/ws/`)', true],
  ["const url = (secure ? 'wss://' : 'ws://') + window.location.host + '/ws/'\nnew WebSocket(url)", true],
  ["new WebSocket('/ws/election-updates/')", true],
  ['const at = `${location.host}/ws/x`; new ReconnectingWebSocket(at)', false],
  ["new WebSocket('//other/ws/')", false],
  ['new WebSocket(`ws://${location.hostname}:8000/ws/`)', false],
  ['fetch(`http://${location.host}/api/`); new WebSocket(url)', false],
  ['`ws://${location.host}/ws/`', false],
  ["const url = new URL('/ws/', location.href); url.protocol = 'ws:'; new WebSocket(url)", true],
  ['const url = new URL(path, window.location); new WebSocket(url)', true],
  ["const url = new URL('/ws/', location.origin); url.port = '8000'; new WebSocket(url)", false],
  ["const url = new URL('/ws/', 'ws://api.example'); new WebSocket(url)", false],
  ["new WebSocket(`ws://${location.host.replace(':3000', ':8000')}/ws/`)", false],
  ["new WebSocket('ws://' + location.host.split(':')[0] + ':8000/ws/')", false],
])('a WebSocket at the page’s own host: %s', (source, isOne) => {
  expect(pageHostSocket('a.js', source) !== undefined).toBe(isOne)
})

test('a frontend’s folder, read once', async () => {
  const folder = await filesIn({
    '.env': 'VITE_WS_URL=ws://localhost:8000\n',
    '.env.example': 'VITE_X=1\n',
    'vite.config.ts':
      "const target = process.env.BACKEND_URL || 'http://localhost:8000'\nexport default { server: { proxy: { '/ws': { target, ws: true } } } }",
    'src/main.ts': "const host = 'localhost:8000'\nnew WebSocket(`ws://${location.host}/ws/`)\nfetch(import.meta.env.VITE_API_URL)\n",
    'src/setupProxy.js': "app.use(createProxyMiddleware({ target: 'http://localhost:8000' }))",
    'node_modules/x/index.js': 'import.meta.env.VITE_OTHER',
  })
  const reading = await readFrontend(folder)
  expect(reading.values).toEqual([{ file: '.env', line: 1, name: 'VITE_WS_URL', value: 'ws://localhost:8000' }])
  expect(reading.uses.map(({ file, name }) => `${file} ${name}`)).toEqual(['src/main.ts VITE_API_URL', 'vite.config.ts BACKEND_URL'])
  expect(reading.ports.map(({ file, line }) => `${file}:${line}`)).toEqual(['src/main.ts:1'])
  expect(reading.configured.map(({ file, line }) => `${file}:${line}`)).toEqual(['vite.config.ts:1', 'src/setupProxy.js:1'])
  expect(reading.pageSocket).toEqual({ file: 'src/main.ts', line: 2 })
  expect(reading.proxies).toHaveLength(2)
})

test('no folder at all', async () => {
  expect(await readFrontend('/nowhere/frontend')).toMatchObject({ values: [], uses: [], ports: [], configured: [], pageSocket: undefined })
})

test('a text that is made to take long', () => {
  const started = performance.now()
  const texts = [
    `WebSocket${'ws:"'.repeat(100_000)}`,
    `WebSocket ${'location.host '.repeat(30_000)}`,
    `import.meta.env.A${' '.repeat(300_000)}`,
    'env.A as string '.repeat(20_000),
    'location.hostname'.repeat(20_000),
    `A="${"`'".repeat(150_000)}`,
  ]
  for (const text of texts) {
    portsIn('x.js', text)
    pageHostSocket('x.js', text)
    variableUses('x.js', text, true)
    envValues('.env', text)
  }
  // far less on an idle machine; what backtracks takes minutes
  expect(performance.now() - started).toBeLessThan(5000)
})
