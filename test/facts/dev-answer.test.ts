/** A dev tool's own word on its configuration: Vite's, of every major version that projects have. */
import { mkdir, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { askTool, type AskedTool } from '../../src/facts/dev-answer.ts'
import { filesIn, removeFiles } from '../support/files.ts'
import { frontendPackages, root as repository } from '../support/tools.ts'

afterEach(removeFiles)

const versions = await Promise.all(
  ([5, 6, 7, 8] as const).map(async (major) => ({ major, packages: await frontendPackages(`vite-${major}`) })),
)

/** A frontend with Vite's packages beside its files; the folder of the packages: the repository's own Vite unless given. */
async function frontend(files: Readonly<Record<string, string>>, packages = repository): Promise<string> {
  const folder = await filesIn({ 'package.json': '{ "type": "module" }', ...files })
  await mkdir(join(folder, 'node_modules'))
  await symlink(join(packages, 'node_modules', 'vite'), join(folder, 'node_modules', 'vite'), 'junction')
  return folder
}

const ask = (folder: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<AskedTool> =>
  askTool(folder, { tool: 'vite', args, env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env }, node: process.execPath })

const written = `import { defineConfig, loadEnv } from 'vite'
console.log('printed by the configuration')
const PORT = 3000
export default defineConfig(({ mode }) => {
  const env = loadEnv(mode, '.', '')
  return {
    base: '/app',
    envDir: 'settings',
    server: {
      port: PORT + Number(env.SHIFT ?? 0),
      strictPort: true,
      proxy: {
        '/ws': { target: env.BACK ?? 'http://localhost:8000', ws: true },
        ['/so' + 'cket']: { target: { host: '127.0.0.1', port: 9000 }, rewrite: (path) => path },
        '/live': 'ws://localhost:8000',
      },
    },
  }
})
`

describe.each(versions)('Vite $major', ({ packages }) => {
  test.skipIf(packages === undefined)('leaves nothing where its question is cut off', async () => {
    const config = 'await new Promise((done) => setTimeout(done, 60_000))\nexport default {}\n'
    const folder = await frontend({ 'vite.config.js': config }, packages)
    const stop = new AbortController()
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] }
    const asking = askTool(folder, { tool: 'vite', args: [], env, node: process.execPath, signal: stop.signal })
    const bundles = async () => (await readdir(folder, { recursive: true })).filter((name) => name.includes('.timestamp-'))
    await expect.poll(bundles, { timeout: 4000, interval: 10 }).toHaveLength(1)
    stop.abort()
    expect(await asking).toMatchObject({ kind: 'none' })
    expect(await bundles()).toEqual([])
  })

  test.skipIf(packages === undefined)('tells what its files only come to by being run (skipped where it can not be had)', async () => {
    const files = { 'vite.config.ts': written, '.env': 'SHIFT=7\n', 'settings/.env.development': 'VITE_WS=ws://localhost:8000\nOWN=x\n' }
    const folder = await frontend(files, packages)
    const asked = await ask(folder, [], { BACK: 'http://localhost:8123' })
    expect(asked).toMatchObject({
      kind: 'answer',
      answer: {
        port: 3007,
        strictPort: true,
        scheme: 'http',
        base: '/app/',
        file: 'vite.config.ts',
        env: { VITE_WS: 'ws://localhost:8000' },
      },
    })
    const { proxies, env } = asked.kind === 'answer' ? asked.answer : { proxies: [], env: {} }
    expect(proxies).toEqual([
      { file: 'vite.config.ts', line: 13, context: '/ws', target: 'http://localhost:8123', ws: true, rewrites: false },
      { file: 'vite.config.ts', line: 12, context: '/socket', target: 'http://127.0.0.1:9000', ws: undefined, rewrites: true },
      { file: 'vite.config.ts', line: 15, context: '/live', target: 'ws://localhost:8000', ws: true, rewrites: false },
    ])
    expect(env).not.toHaveProperty('OWN')
    // the copy of the configuration that it bundles is gone again
    expect((await readdir(folder)).toSorted()).toEqual(['.env', 'node_modules', 'package.json', 'settings', 'vite.config.ts'])
  })

  test.skipIf(packages === undefined)('has its usual port without a configuration', async () => {
    const folder = await frontend({}, packages)
    expect(await ask(folder)).toMatchObject({ answer: { port: 5173, strictPort: false, scheme: 'http', base: '/', proxies: [] } })
  })
})

describe('what decides', () => {
  const onDemand = `const secure = { name: 'secure', config: () => ({ server: { https: {} } }) }
export default { plugins: [...(process.env.SECURE === '1' ? [secure] : [])], server: { port: 5180 } }`

  test('https comes of a plugin that a variable asks for', async () => {
    const folder = await frontend({ 'vite.config.js': onDemand })
    expect(await ask(folder)).toMatchObject({ answer: { scheme: 'http', port: 5180 } })
    expect(await ask(folder, [], { SECURE: '1' })).toMatchObject({ answer: { scheme: 'https', port: 5180 } })
  })

  test('its command line wins: port, base, mode, root and file', async () => {
    const files = {
      'vite.config.js': 'export default { server: { port: 3000 } }',
      'other.config.js': "export default ({ mode }) => ({ server: { port: mode === 'staging' ? 4100 : 4200 } })",
      'page/vite.config.js': 'export default { server: { port: 4300 } }',
    }
    const folder = await frontend(files)
    const portOf = async (...args: string[]) => {
      const asked = await ask(folder, args)
      return asked.kind === 'answer' ? `${asked.answer.port}${asked.answer.base}` : asked.why
    }
    expect(await portOf('dev', '--port', '3001', '--base=/x/')).toBe('3001/x/')
    expect(await portOf('--config', 'other.config.js', '--mode', 'staging')).toBe('4100/')
    expect(await portOf('-c', 'other.config.js', '--host')).toBe('4200/')
    expect(await portOf('page')).toBe('4300/')
  })
})

describe('no answer', () => {
  test('a configuration that throws', async () => {
    const folder = await frontend({ 'vite.config.js': "throw new Error('no key')" })
    expect(await ask(folder)).toEqual({ kind: 'none', why: 'Error: no key', missing: false })
  })

  test('a package that its configuration needs, and Vite itself', async () => {
    const folder = await frontend({ 'vite.config.js': "import react from '@vitejs/plugin-react'\nexport default { plugins: [react()] }" })
    expect(await ask(folder)).toMatchObject({
      kind: 'none',
      why: expect.stringMatching(/Cannot find package '@vitejs\/plugin-react'/),
      missing: true,
    })
    expect(await ask(await filesIn({ 'package.json': '{}' }))).toMatchObject({ kind: 'none', missing: true })
  })

  test('one that never ends is ended', { tags: ['slow'], timeout: 20_000 }, async () => {
    const folder = await frontend({ 'vite.config.js': 'setInterval(() => {}, 1000)\nawait new Promise(() => {})' })
    const began = performance.now()
    expect(await ask(folder)).toEqual({ kind: 'none', why: 'vite did not tell within 5 s', missing: false })
    expect(performance.now() - began).toBeLessThan(8000)
  })
})
