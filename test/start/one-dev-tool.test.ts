/** A dev tool that is added as CONTRIBUTING.md says, by one file and one line, is known in all of the product once that is built. */
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCli } from '../support/cli.ts'
import { ending } from '../support/ends.ts'
import { buildWith, type Extended } from '../support/extended.ts'
import { listening } from '../support/node-servers.ts'
import { freePort } from '../support/redis.ts'

const record = `import type { DevTool } from './dev-tool.ts'

export const standin = {
  name: 'standin',
  title: 'Stand-in',
  serving: /^show$/,
  launch: { preference: 99, package: '@stand/in', port: 4777, portFlags: ['--listen-on'], strictFlag: '--or-fail' },
  config: { name: 'standin.config', section: 'showing' },
  prefixes: ['STANDIN_'],
} as const satisfies DevTool
`

/** A stand-in for such a tool: its page says how it was called. */
const program = `const at = process.argv.indexOf('--listen-on') + 1
const said = JSON.stringify({ args: process.argv.slice(2), url: process.env.STANDIN_WS_URL })
require('node:http').createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(said)).listen(at > 0 ? process.argv[at] : 4777, '127.0.0.1')
`

const { keep, project } = ending()

let built: Extended
beforeAll(async () => {
  const line = "export { standin } from './standin.ts'"
  const lines = [{ file: 'src/dev-tools/dev-tools.ts', before: 'export { vite', line }]
  built = await buildWith([{ files: { 'src/dev-tools/standin.ts': record }, lines }], ['--no-types'])
})
afterAll(() => built?.remove())

test('its script, its configuration, its option for the port and the names of its variables are known', async () => {
  const { root } = await project()
  // the port of its configuration is held
  const held = await listening(keep, createServer())
  const files = {
    'package.json': JSON.stringify({ scripts: { dev: 'standin show --calm' }, devDependencies: { '@stand/in': '1.0.0' } }),
    'standin.config.js': `export default { showing: { port: ${held} } }`,
    'src/main.js': 'new WebSocket(`${import.meta.env.STANDIN_WS_URL}/ws/election-updates/`)',
    'node_modules/@stand/in/package.json': JSON.stringify({ name: '@stand/in', bin: { standin: './standin.js' } }),
    'node_modules/@stand/in/standin.js': program,
  }
  for (const [name, text] of Object.entries(files)) {
    const file = join(root, 'frontend', name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
  const port = await freePort('127.0.0.1')
  const cli = startCli(['start', '--json', '--port', String(port)], { cwd: root, bin: built.bin })
  keep({ stop: () => cli.end('SIGINT') })
  const [, url = ''] = await cli.waitFor(/"url":"(http:\/\/localhost:\d+\/)","state":"ready"/)
  const { port: moved } = new URL(url)
  expect(moved).not.toBe(String(held))
  expect(await (await fetch(url)).json()).toEqual({
    args: ['show', '--calm', '--listen-on', moved, '--or-fail'],
    url: `ws://localhost:${port}`,
  })
})
