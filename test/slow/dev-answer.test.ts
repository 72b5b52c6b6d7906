/** Vue CLI's own word on its configuration; Vite's is in test/facts. */
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { askTool, type AskedTool } from '../../src/facts/dev-answer.ts'
import { filesIn, removeFiles } from '../support/files.ts'
import { frontendPackages } from '../support/tools.ts'

afterEach(removeFiles)

const packages = await frontendPackages('vue-cli-5')
const manifest = '{ "scripts": { "serve": "vue-cli-service serve" } }'

async function ask(
  files: Readonly<Record<string, string>>,
  args: readonly string[] = ['serve'],
  env: Readonly<Record<string, string>> = {},
): Promise<AskedTool> {
  const folder = await filesIn({ 'package.json': manifest, ...files })
  await symlink(join(packages ?? '', 'node_modules'), join(folder, 'node_modules'), 'junction')
  const own = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env }
  return askTool(folder, { tool: 'vue-cli-service', args, env: own, node: process.execPath })
}

async function addressOf(...given: Parameters<typeof ask>): Promise<unknown> {
  const asked = await ask(...given)
  return asked.kind === 'answer' ? [asked.answer.port, asked.answer.scheme, asked.answer.base] : asked.why
}

const written = `const { ports } = require('./ports')
console.log('printed by the configuration')
module.exports = {
  publicPath: '/app',
  devServer: {
    port: ports.page + Number(process.env.SHIFT ?? 0),
    server: 'https',
    proxy: { '^/ws': { target: 'http://localhost:' + ports.backend }, '/api': { target: 'http://localhost:8000', ws: false, pathRewrite: {} } },
  },
}
`

test.skipIf(packages === undefined)('what its files only come to by being run', async () => {
  const files = {
    'vue.config.js': written,
    'ports.js': 'module.exports = { ports: { page: 3000, backend: 8000 } }',
    '.env': 'SHIFT=7\n',
    '.env.development': 'VUE_APP_WS=ws://localhost:8000\n',
  }
  expect(await ask(files)).toEqual({
    kind: 'answer',
    answer: {
      port: 3007,
      strictPort: false,
      scheme: 'https',
      base: '/app/',
      env: { VUE_APP_WS: 'ws://localhost:8000' },
      file: 'vue.config.js',
      proxies: [
        { file: 'vue.config.js', line: 8, context: '^/ws', target: 'http://localhost:8000', ws: true, rewrites: false },
        { file: 'vue.config.js', line: 8, context: '/api', target: 'http://localhost:8000', ws: false, rewrites: true },
      ],
    },
  })
})

test.skipIf(packages === undefined)('its command line wins over PORT, and that over its configuration', async () => {
  const config = { 'vue.config.js': 'module.exports = { devServer: { port: 3000 } }' }
  expect(await addressOf({})).toEqual([8080, 'http', '/'])
  expect(await addressOf(config)).toEqual([3000, 'http', '/'])
  expect(await addressOf(config, ['serve'], { PORT: '3001' })).toEqual([3001, 'http', '/'])
  expect(await addressOf(config, ['serve', '--port', '3002', '--https'], { PORT: '3001' })).toEqual([3002, 'https', '/'])
})

test.skipIf(packages === undefined)('none of a configuration that needs a package which is not there', async () => {
  const config = { 'vue.config.js': "require('unplugin-of-nobody')\nmodule.exports = {}" }
  expect(await ask(config)).toMatchObject({ kind: 'none', missing: true })
})
