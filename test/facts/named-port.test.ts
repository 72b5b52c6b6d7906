import { expect, test } from 'vitest'
import { namedPort } from '../../src/facts/named-port.ts'

const vite = (proxy: string, before = '') =>
  `import { defineConfig } from 'vite'\n${before}\nexport default defineConfig({\n  server: {\n    port: 5199,\n    proxy: {\n${proxy}\n    },\n  },\n})\n`

test.each<[string, Record<string, string>, { port: number; file: string; line: number } | undefined]>([
  [
    'a proxy',
    { 'vite.config.ts': vite("      '/ws': { target: 'ws://localhost:8123', ws: true },") },
    { port: 8123, file: 'vite.config.ts', line: 7 },
  ],
  [
    'one whose target is put together',
    { 'vite.config.ts': vite("'/api': { target: api },", "const api = process.env.API_URL ?? 'http://127.0.0.1:41080'") },
    { port: 41080, file: 'vite.config.ts', line: 2 },
  ],
  ['create-react-app', { 'package.json': '{\n  "proxy": "http://localhost:5000"\n}\n' }, { port: 5000, file: 'package.json', line: 2 }],
  [
    'setupProxy.js',
    {
      'src/setupProxy.js': "module.exports = (app) => app.use('/ws', createProxyMiddleware({ target: 'http://localhost:9001', ws: true }))",
    },
    { port: 9001, file: 'src/setupProxy.js', line: 1 },
  ],
  [
    'a variable',
    { '.env.development': '# local\nVITE_WS_URL=ws://localhost:9000/ws/\n' },
    { port: 9000, file: '.env.development', line: 2 },
  ],
  [
    'a proxy and a variable of the same',
    { 'vite.config.ts': vite("'/api': 'http://localhost:9000',"), '.env': 'VITE_WS_URL=ws://127.0.0.1:9000/ws/\n' },
    { port: 9000, file: 'vite.config.ts', line: 7 },
  ],
  [
    'two ports: which one is the backend’s?',
    { 'vite.config.ts': vite("'/api': 'http://localhost:9000',"), '.env': 'VITE_WS_URL=ws://localhost:8000/ws/\n' },
    undefined,
  ],
  ['another service', { 'vite.config.ts': vite("'/media': 'http://localhost:9000',") }, undefined],
  [
    'another machine',
    { 'vite.config.ts': vite("'/api': 'http://backend:8000',"), '.env': 'VITE_API=https://api.example.org/\n' },
    undefined,
  ],
  ['the dev server’s own', { '.env': 'VITE_WS_URL=ws://localhost:5199/ws/\n' }, undefined],
  ['none', { 'package.json': '{"scripts": {"dev": "vite"}}' }, undefined],
])('%s', (_, files, expected) => {
  const texts = Object.entries(files).map(([file, text]) => ({ file, text }))
  expect(namedPort(texts, 5199)).toEqual(expected)
})
