import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readManifestProxy, readSetupProxy, readDevConfig } from '../../src/facts/dev-proxy.ts'
import { readFrontend, readingBounds } from '../../src/facts/frontend-reading.ts'
import { envValues } from '../../src/facts/frontend-variables.ts'
import { urlsIn, urlVariables } from '../../src/facts/frontend-wiring.ts'
import { withoutComments } from '../../src/facts/script-text.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function frontend(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'frontend-'))
  folders.push(folder)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return folder
}

test.each([
  [`new WebSocket('ws://localhost:8000/ws/election-updates/')`, ['ws', 'localhost', 8000, '/ws/election-updates/']],
  ['new WebSocket("wss://api.example.org/ws/")', ['wss', 'api.example.org', undefined, '/ws/']],
  ['const base = `http://127.0.0.1:8000`', ['http', '127.0.0.1', 8000, '']],
  ['fetch("https://[::1]:8443/api/")', ['https', '::1', 8443, '/api/']],
  ['fetch("http://0.0.0.0:8000/api?token=abc#x")', ['http', '0.0.0.0', 8000, '/api']],
  ['open("ws://user:hidden@localhost:8000/ws/")', ['ws', 'localhost', 8000, '/ws/']],
  ['new WebSocket(`ws://localhost:8000/ws/${room}/`)', ['ws', 'localhost', 8000, '/ws/${room}/']],
  // the port is put together
  ['new WebSocket(`ws://localhost:${port}/ws/`)', ['ws', 'localhost', undefined, '']],
  ['<a href="http://localhost:3000/">', ['http', 'localhost', 3000, '/']],
  ['<p>http://localhost:3000/</p>', ['http', 'localhost', 3000, '/']],
  [`const words = "it's // here"; const url = 'ws://a/b'`, ['ws', 'a', undefined, '/b']],
  ["replace(/^\\//, ''); url = 'ws://a'", ['ws', 'a', undefined, '']],
])('a URL: %s', (source, [scheme, host, port, path]) => {
  expect(urlsIn('src/x.ts', `\n${source}`)).toMatchObject([{ file: 'src/x.ts', line: 2, scheme, host, port, path }])
  expect(JSON.stringify(urlsIn('x.ts', source))).not.toMatch(/abc|hidden/)
})

test.each([
  'new WebSocket(`ws://${location.host}/ws/`)',
  'new WebSocket("ws://" + host)',
  'new WebSocket(`ws://api.${domain}/ws/`)',
  'new WebSocket(`ws://api${suffix}/ws/`)',
  'fetch("https://example.org/")',
  'xmlns="http://www.w3.org/2000/svg"',
  'fetch("http://localhost.example.org/")',
  '// new WebSocket("ws://localhost:8000/")',
  '/* ws://localhost:8000/\n ws://b */',
  '<!-- ws://localhost:8000/ -->',
  'const x = 1 // see ws://localhost:8000/',
  'const news = "news://localhost"',
])('no URL: %s', (source) => {
  expect(urlsIn('x.ts', source)).toEqual([])
})

test('places stay what they are without comments', () => {
  const source = "a /* one\ntwo */ b // three\n'// no comment' `\n// nor this`"
  expect(withoutComments(source)).toBe("a       \n       b         \n'// no comment' `\n// nor this`")
})

test.each([
  ['VITE_WS_URL=ws://localhost:8000/ws/?token=abc', [['VITE_WS_URL', 'ws://localhost:8000/ws/']]],
  ['export REACT_APP_API="http://localhost:8000"  # where', [['REACT_APP_API', 'http://localhost:8000']]],
  ["NEXT_PUBLIC_WS = 'wss://user:hidden@x.org/ws' ", [['NEXT_PUBLIC_WS', 'wss://x.org/ws']]],
  ['VITE_API=http://localhost:8000 # where', [['VITE_API', 'http://localhost:8000']]],
  ['VITE_TITLE=Election', []],
  ['SECRET_URL=http://localhost:8000', []],
  ['# VITE_WS_URL=ws://localhost', []],
])('a variable: %s', (line, found) => {
  expect(urlVariables(envValues('.env', `\n${line}`))).toEqual(found.map(([name, value]) => ({ file: '.env', line: 2, name, value })))
})

const viteConfig = `import { defineConfig } from 'vite'
// proxy: { '/old': 'http://localhost:1' }
export default defineConfig(({ mode }) => ({
  plugins: [react({ babel: { plugins: ['x'] } })],
  server: {
    host: true,
    port: 3000, // not 5173
    proxy: {
      '/api': 'http://localhost:8000',
      '/ws': {
        target: 'ws://127.0.0.1:8001',
        ws: true,
        rewrite: (path) => path.replace(/^\\/ws/, ''),
      },
      "^/fallback/.*": { target: process.env.TARGET || 'http://localhost:9000', changeOrigin: true, ws: false },
      ...more,
      [name]: { target: 'http://x' },
      media: { target: \`http://\${host}\`, rewrite(path) { return path } },
    },
  },
  preview: { port: 4000, proxy: { '/preview': 'http://localhost:2' } },
}))
`

test('the dev server of a Vite configuration', () => {
  const file = 'vite.config.ts'
  expect(readDevConfig(file, viteConfig)).toEqual({
    port: 3000,
    secure: false,
    proxies: [
      { file, line: 9, context: '/api', target: 'http://localhost:8000', ws: undefined, rewrites: false },
      { file, line: 10, context: '/ws', target: 'ws://127.0.0.1:8001', ws: true, rewrites: true },
      { file, line: 15, context: '^/fallback/.*', target: undefined, ws: false, rewrites: false },
      { file, line: 18, context: 'media', target: undefined, ws: undefined, rewrites: true },
    ],
  })
})

test.each([
  ["const proxy = { '/ws': 'http://a:1' }\nexport default { server: { proxy } }", ['/ws'], undefined],
  ["const proxyTable = { '/ws': 'http://a:1' }\nexport default { server: { port, proxy: proxyTable } }", ['/ws'], 'unread'],
  ["export default { server: { proxy: {'/a':{target:'http://a'},'/b':{target:'http://b'}}, port: 8080 } }", ['/a', '/b'], 8080],
  ["const PORT = 3000\nconst B = 8000\nexport default { server: { port: PORT, proxy: { '/ws': `ws://localhost:${B}` } } }", ['/ws'], 3000],
  ['export default { server: { port: portOf(3000) } }', [], 'unread'],
  ['export default {}', [], undefined],
  ['export default { preview: { port: 4000 } }', [], undefined],
  ["export default { server: { proxy: { '/ws': {", ['/ws'], undefined],
  ['', [], undefined],
])('a Vite configuration: %s', (text, contexts, port) => {
  const read = readDevConfig('vite.config.js', text)
  expect(read.proxies.map(({ context }) => context)).toEqual(contexts)
  expect(read.port).toBe(port)
})

test.each([
  ['{\n  "name": "x",\n  "proxy": "http://localhost:8000"\n}', [{ line: 3, context: '/', target: 'http://localhost:8000' }]],
  ['{"proxy": {"/ws": {"target": "http://localhost:8000", "ws": true}}}', [{ context: '/ws', target: 'http://localhost:8000', ws: true }]],
  ['{"dependencies": {"proxy": "1.0.0"}}', []],
  ['', []],
  ['not JSON', []],
])('package.json: %s', (text, proxies) => {
  expect(readManifestProxy('package.json', text)).toMatchObject(proxies)
  expect(readManifestProxy('package.json', text)).toHaveLength(proxies.length)
})

test.each([
  [`app.use('/ws', createProxyMiddleware({ target: 'http://localhost:8000', ws: true }))`, [['/ws', 'http://localhost:8000', true, false]]],
  [
    `app.use(createProxyMiddleware(['/api', '/ws'], { target: 'http://localhost:8000', pathRewrite: { '^/ws': '' } }))`,
    [
      ['/api', 'http://localhost:8000', undefined, true],
      ['/ws', 'http://localhost:8000', undefined, true],
    ],
  ],
  [`app.use(createProxyMiddleware({ target: 'http://a', pathFilter: '/ws', ws: true }))`, [['/ws', 'http://a', true, false]]],
  [`app.use(proxy('/ws', { target: process.env.X }))`, [['/ws', undefined, undefined, false]]],
  [`app.use(createProxyMiddleware({ target: 'http://a' }))`, [['/', 'http://a', undefined, false]]],
  [`const { createProxyMiddleware } = require('http-proxy-middleware')`, []],
  [`// app.use('/ws', createProxyMiddleware({ target: 'http://a' }))`, []],
])('setupProxy.js: %s', (text, proxies) => {
  const found = readSetupProxy('src/setupProxy.js', text).map(({ context, target, ws, rewrites }) => [context, target, ws, rewrites])
  expect(found).toEqual(proxies)
})

test('a frontend’s folder', async () => {
  const folder = await frontend({
    'package.json': '{"proxy": "http://localhost:8000"}',
    'vite.config.ts': viteConfig,
    '.env': 'VITE_WS_URL=ws://localhost:8000/ws/\n',
    '.env.local': 'VITE_API=http://localhost:8000\n',
    '.env.example': 'VITE_EXAMPLE=http://localhost:8000\n',
    'index.html': '<a href="http://localhost:3000/">',
    'src/App.vue': '<script>\nnew WebSocket("ws://localhost:9000/ws/")\n</script>',
    'src/App.test.ts': 'new WebSocket("ws://test/")',
    'src/__tests__/x.ts': 'new WebSocket("ws://test/")',
    'src/setupProxy.js': `app.use('/ws', createProxyMiddleware({ target: 'http://localhost:8002' }))`,
    'src/large.js': `"ws://large/" ${' '.repeat(600_000)}`,
    'node_modules/x/index.js': '"ws://installed/"',
    'dist/index.js': '"ws://built/"',
    'README.md': 'ws://documented/',
  })
  await symlink(folder, join(folder, 'src', 'circle'))
  const wiring = await readFrontend(folder)
  expect(wiring.urls.map(({ file, line, text }) => `${file}:${line} ${text}`)).toEqual([
    'index.html:1 http://localhost:3000/',
    'src/App.vue:2 ws://localhost:9000/ws/',
  ])
  expect(wiring.variables.map(({ file, name }) => `${file} ${name}`)).toEqual(['.env VITE_WS_URL', '.env.local VITE_API'])
  expect(wiring.proxies.map(({ file }) => file)).toEqual([
    ...Array.from({ length: 4 }, () => 'vite.config.ts'),
    'package.json',
    'src/setupProxy.js',
  ])
})

test('a frontend that is more than is read of one', async () => {
  const folder = await frontend(Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`src/${index}.js`, `"ws://host${index}/"`])))
  const few = await readFrontend(folder, { ...readingBounds, files: 3 })
  expect(few.urls).toHaveLength(3)
  expect(await readFrontend(folder, { ...readingBounds, ms: -1 })).toMatchObject({ urls: [] })
})

test('no folder at all', async () => {
  expect(await readFrontend(join(tmpdir(), 'absent-frontend'))).toMatchObject({ urls: [], variables: [], proxies: [] })
})

test('a text that is made to take long', () => {
  // of this process: on a busy machine the clock tells of the others, too
  const started = process.cpuUsage()
  const texts = [
    "'".repeat(200_000),
    'ws://'.repeat(100_000),
    '/*'.repeat(200_000),
    `${'{'.repeat(200_000)}`,
    `ws://${'a.'.repeat(200_000)}`,
  ]
  for (const text of texts) {
    urlsIn('x.js', text)
    readDevConfig('vite.config.js', `server: { proxy: {${text}`)
  }
  const { user, system } = process.cpuUsage(started)
  expect((user + system) / 1000).toBeLessThan(2000)
})
