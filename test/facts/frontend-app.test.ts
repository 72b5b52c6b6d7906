/** Finding a frontend, its packages and its package manager: real files in temporary folders. */
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { FrontendConfig } from '../../src/config/stack-schema.ts'
import { findFrontend, frontendOrigin } from '../../src/facts/frontend-app.ts'
import { findProgram, managerProgram, programOnPath } from '../../src/facts/package-bin.ts'
import { packageManager } from '../../src/facts/package-manager.ts'
import { commandOf } from '../../src/facts/dev-script.ts'
import { filesIn, removeFiles } from '../support/files.ts'

afterEach(removeFiles)

const manifest = (dev: string | undefined, more: object = {}): string =>
  JSON.stringify({ ...(dev === undefined ? {} : { scripts: { dev } }), ...more })
const vite = manifest('vite')

describe('the folder, the port and the Origin', () => {
  test.each<[string, Record<string, string>, FrontendConfig | undefined, string | undefined, string | undefined, Record<string, string>?]>([
    [
      'the seed’s',
      { 'frontend/package.json': vite, 'frontend/vite.config.ts': 'export default { server: { port: 3000 } }' },
      undefined,
      'frontend',
      'http://localhost:3000',
    ],
    ['Vite’s own port', { 'frontend/package.json': vite }, undefined, 'frontend', 'http://localhost:5173'],
    [
      'the script wins',
      { 'frontend/package.json': manifest('vite --port 3002'), 'frontend/vite.config.ts': 'export default { server: { port: 3000 } }' },
      undefined,
      'frontend',
      'http://localhost:3002',
    ],
    [
      'the configuration wins over all',
      { 'frontend/package.json': manifest('vite --port 3002') },
      { port: 3003 },
      'frontend',
      'http://localhost:3003',
    ],
    [
      'what stands in for a variable',
      { 'frontend/package.json': vite, 'frontend/vite.config.js': 'export default { server: { port: Number(process.env.PORT) || 3000 } }' },
      undefined,
      'frontend',
      'http://localhost:3000',
    ],
    [
      'HTTPS',
      { 'frontend/package.json': vite, 'frontend/vite.config.js': 'export default { plugins: [basicSsl()], server: { port: 3000 } }' },
      undefined,
      'frontend',
      'https://localhost:3000',
    ],
    ['the scheme’s own port', { 'frontend/package.json': manifest('vite --port 80') }, undefined, 'frontend', 'http://localhost'],
    [
      'create-react-app',
      { 'frontend/package.json': manifest(undefined, { scripts: { start: 'react-scripts start' } }) },
      undefined,
      'frontend',
      'http://localhost:3000',
    ],
    [
      'PORT of create-react-app',
      { 'frontend/package.json': manifest('react-scripts start'), 'frontend/.env': 'PORT=3005\n', 'frontend/.env.local': 'PORT=3006\n' },
      undefined,
      'frontend',
      'http://localhost:3006',
    ],
    [
      'PORT of the environment, which wins over create-react-app’s files',
      { 'frontend/package.json': manifest('react-scripts start'), 'frontend/.env': 'PORT=3005\nHTTPS=true\n' },
      undefined,
      'frontend',
      'https://localhost:3007',
      { PORT: '3007' },
    ],
    [
      'PORT of the environment is Next’s',
      { 'frontend/package.json': manifest('next dev') },
      undefined,
      'frontend',
      'http://localhost:3007',
      { PORT: '3007' },
    ],
    [
      'PORT of the environment is not Vite’s',
      { 'frontend/package.json': vite },
      undefined,
      'frontend',
      'http://localhost:5173',
      { PORT: '3007' },
    ],
    [
      'a constant above',
      {
        'frontend/package.json': vite,
        'frontend/vite.config.ts': 'const PORT: number = 3000\nexport default { server: { host: true, port: PORT } }',
      },
      undefined,
      'frontend',
      'http://localhost:3000',
    ],
    [
      'a constant of the same name, of Vue CLI, behind https',
      {
        'frontend/package.json': manifest('vue-cli-service serve'),
        'frontend/vue.config.js': "const port = process.env.P || 3000\nmodule.exports = { devServer: { port, server: 'https' } }",
      },
      undefined,
      'frontend',
      'https://localhost:3000',
    ],
    [
      'one that nothing tells: the usual one is not claimed',
      {
        'frontend/package.json': manifest('webpack serve'),
        'frontend/webpack.config.js': "const { port } = require('./ports')\nmodule.exports = { devServer: { port } }",
      },
      undefined,
      'frontend',
      undefined,
    ],
    [
      'a script that takes a shell',
      { 'frontend/package.json': manifest('tsc -b && vite', { devDependencies: { vite: '*' } }) },
      undefined,
      'frontend',
      'http://localhost:5173',
    ],
    ['another program', { 'frontend/package.json': manifest('node server.js') }, undefined, 'frontend', undefined],
    [
      'one level down',
      { 'web/package.json': vite, 'docs/package.json': manifest('node docs.js') },
      undefined,
      'web',
      'http://localhost:5173',
    ],
    ['frontend/ before the root', { 'frontend/package.json': vite, 'package.json': vite }, undefined, 'frontend', 'http://localhost:5173'],
    ['the root', { 'package.json': vite }, undefined, '.', 'http://localhost:5173'],
    ['the launcher’s own script is none', { 'package.json': manifest('election-dev start') }, undefined, undefined, undefined],
    ['the backend’s is none', { 'backend/package.json': vite }, undefined, undefined, undefined],
    ['a package’s own is none', { 'node_modules/package.json': vite }, undefined, undefined, undefined],
    ['no script and no dev server', { 'frontend/package.json': '{}' }, undefined, undefined, undefined],
    ['no JSON', { 'frontend/package.json': '{' }, undefined, undefined, undefined],
    [
      'an app beside the backend, in a workspace',
      { 'package.json': manifest('turbo run dev'), 'apps/web/package.json': vite, 'packages/ui/package.json': manifest('tsc --watch') },
      undefined,
      'apps/web',
      'http://localhost:5173',
    ],
    [
      'of several apps the one whose name says so',
      { 'apps/admin/package.json': manifest('vite --port 3001'), 'apps/client/package.json': vite },
      undefined,
      'apps/client',
      'http://localhost:5173',
    ],
    ['in the backend’s folder', { 'backend/page/package.json': vite }, undefined, 'backend/page', 'http://localhost:5173'],
    [
      'of several apps none, where nothing tells which',
      { 'apps/admin/package.json': vite, 'apps/desk/package.json': vite },
      undefined,
      undefined,
      undefined,
    ],
    ['an example is none', { 'examples/web/package.json': vite, 'docs/site/package.json': vite }, undefined, undefined, undefined],
    [
      'a folder of the configuration',
      { 'apps/page/package.json': manifest('node server.js') },
      { folder: 'apps/page', port: 4000 },
      'apps/page',
      'http://localhost:4000',
    ],
    ['a command of the configuration', { 'frontend/x': '' }, { command: 'vite --port 3009' }, 'frontend', 'http://localhost:3009'],
    [
      'a script of the configuration',
      { 'frontend/package.json': manifest('vite', { scripts: { dev: 'vite', page: 'vite --port 3010' } }) },
      { script: 'page' },
      'frontend',
      'http://localhost:3010',
    ],
  ])('%s', async (_, files, config, shown, origin, env) => {
    const root = await filesIn(files)
    const fact = await findFrontend({ frontend: config }, { root, backend: join(root, 'backend') }, env ?? {})
    expect(fact.kind === 'app' ? fact.app.shown : undefined).toBe(shown)
    expect(frontendOrigin(fact)).toBe(origin)
  })

  test('several apps are told, with the flag that names one', async () => {
    const root = await filesIn({ 'apps/admin/package.json': vite, 'apps/desk/package.json': vite })
    const fact = await findFrontend({ frontend: undefined }, { root, backend: join(root, 'backend') }, {})
    expect(fact).toEqual({
      kind: 'none',
      why: undefined,
      several: 'none of 2 frontends is started: apps/admin, apps/desk. To start one: --frontend apps/admin',
    })
  })

  test('what the configuration names in vain', async () => {
    const root = await filesIn({ 'frontend/package.json': vite })
    const at = { root, backend: join(root, 'backend') }
    expect(await findFrontend({ frontend: { folder: 'page' } }, at, {})).toMatchObject({
      kind: 'none',
      why: expect.stringMatching(/page has no package\.json/),
    })
    expect(await findFrontend({ frontend: { script: 'page' } }, { ...at, root: join(root, 'frontend') }, {})).toMatchObject({
      kind: 'none',
    })
    // one that isn't started by us has its Origin all the same
    expect(frontendOrigin(await findFrontend({ frontend: false }, at, {}))).toBe('http://localhost:5173')
  })
})

test.each<[string, Record<string, string>, string | undefined, string, string | undefined, string]>([
  ['npm by default', {}, undefined, 'npm', undefined, 'a'],
  ['package-lock.json', { 'a/package-lock.json': '' }, undefined, 'npm', 'package-lock.json', 'a'],
  ['npm-shrinkwrap.json', { 'a/npm-shrinkwrap.json': '' }, undefined, 'npm', 'npm-shrinkwrap.json', 'a'],
  ['yarn.lock', { 'a/yarn.lock': '' }, undefined, 'yarn', 'yarn.lock', 'a'],
  ['pnpm-lock.yaml', { 'a/pnpm-lock.yaml': '' }, undefined, 'pnpm', 'pnpm-lock.yaml', 'a'],
  ['bun.lock', { 'a/bun.lock': '' }, undefined, 'bun', 'bun.lock', 'a'],
  ['bun.lockb', { 'a/bun.lockb': '' }, undefined, 'bun', 'bun.lockb', 'a'],
  ['a workspace’s lock, above', { 'yarn.lock': '' }, undefined, 'yarn', 'yarn.lock', '.'],
  ['the nearer one', { 'yarn.lock': '', 'a/package-lock.json': '' }, undefined, 'npm', 'package-lock.json', 'a'],
  ['packageManager wins', { 'a/package-lock.json': '' }, 'pnpm@9.1.0', 'pnpm', undefined, 'a'],
  ['packageManager with its lock', { 'a/package-lock.json': '', 'yarn.lock': '' }, 'yarn@4.5.0', 'yarn', 'yarn.lock', '.'],
  ['packageManager that nobody knows', { 'a/yarn.lock': '' }, 'vlt@1', 'yarn', 'yarn.lock', 'a'],
])('the package manager: %s', async (_, files, field, name, lock, folder) => {
  const root = await filesIn({ 'a/x': '', ...files })
  expect(await packageManager(join(root, 'a'), root, field)).toMatchObject({ name, lock, folder: join(root, folder) })
})

const found = (program: object) => ({ state: 'found', program })

const bin = (name: string, bins: unknown) => JSON.stringify({ name, bin: bins })

describe('the program', () => {
  const node = '/opt/node/bin/node'
  const manager = { name: 'npm', source: 'default', lock: undefined, folder: '/' } as const
  const find = (folder: string, line: string, dependencies: string[] = [], env: Record<string, string> = {}, script?: string) => {
    const command = commandOf(line.split(' '))
    if (command === undefined) throw new Error('no command')
    return findProgram(
      { platform: 'linux', env },
      folder,
      script === undefined ? command : { ...command, script: { name: script, takes: true } },
      { dependencies, manager },
      node,
    )
  }

  test('of a script that takes a shell: its package has to be there, and npm runs it', async () => {
    const root = await filesIn({
      'page/node_modules/vite/package.json': bin('vite', { vite: 'bin/vite.js' }),
      'page/node_modules/vite/bin/vite.js': '',
      'npm/bin/npm-cli.js': '',
    })
    const npm = join(root, 'npm', 'bin', 'npm-cli.js')
    expect(await find(join(root, 'page'), 'vite', [], { npm_execpath: npm }, 'dev')).toMatchObject(
      found({ file: node, args: [npm, 'run', 'dev'] }),
    )
    expect(await find(root, 'vite', [], { npm_execpath: npm }, 'dev')).toMatchObject({ state: 'missing' })
  })

  test('of a package, in the nearest node_modules that has it', async () => {
    const root = await filesIn({
      'page/package.json': '{}',
      'node_modules/vite/package.json': bin('vite', { vite: 'bin/vite.js' }),
      'node_modules/vite/bin/vite.js': '',
    })
    const program = { file: node, args: [join(root, 'node_modules', 'vite', 'bin', 'vite.js')] }
    expect(await find(join(root, 'page'), 'vite')).toMatchObject({ state: 'found', program })
  })

  test('of a package with another name, of a dependency, of the PATH, of Node itself', async () => {
    const root = await filesIn({
      'node_modules/@vue/cli-service/package.json': bin('@vue/cli-service', { 'vue-cli-service': './bin/x.js' }),
      'node_modules/@vue/cli-service/bin/x.js': '',
      'node_modules/@my/tools/package.json': bin('@my/tools', { page: 'page' }),
      'node_modules/@my/tools/page': '#!/usr/bin/env node\n',
      'node_modules/native/package.json': bin('native', 'native.exe'),
      'node_modules/native/native.exe': 'MZ',
      'bin/deno': '',
      'bin/tool.js': '',
    })
    await symlink(join(root, 'bin', 'tool.js'), join(root, 'bin', 'tool'))
    const at = (...parts: string[]) => join(root, ...parts)
    const env = { PATH: at('bin') }
    expect(await find(root, 'vue-cli-service serve')).toMatchObject(found({ args: [at('node_modules/@vue/cli-service/bin/x.js')] }))
    expect(await find(root, 'page', ['@my/tools'])).toMatchObject(found({ file: node, args: [at('node_modules/@my/tools/page')] }))
    expect(await find(root, 'native')).toMatchObject(found({ file: at('node_modules/native/native.exe'), args: [] }))
    expect(await find(root, 'deno task dev', [], env)).toMatchObject(found({ file: at('bin/deno'), args: [] }))
    expect(await find(root, 'tool', [], env)).toMatchObject(found({ file: node, args: [at('bin/tool.js')] }))
    expect(await find(root, 'node server.js')).toMatchObject(found({ file: node, args: [] }))
    expect(await find(root, './bin/tool.js')).toMatchObject(found({ file: node, args: [at('bin/tool.js')] }))
  })

  test('that is missing: all packages, or one of them', async () => {
    const root = await filesIn({ 'package.json': '{}' })
    expect(await find(root, 'vite')).toEqual({ state: 'missing', what: 'node_modules' })
    await mkdir(join(root, 'node_modules', '.bin'), { recursive: true })
    expect(await find(root, 'vite')).toEqual({ state: 'missing', what: 'vite' })
    // a package whose file was taken away is as good as none
    await mkdir(join(root, 'node_modules', 'vite'))
    await writeFile(join(root, 'node_modules', 'vite', 'package.json'), bin('vite', { vite: 'bin/vite.js' }))
    expect(await find(root, 'vite')).toEqual({ state: 'missing', what: 'vite' })
  })

  test('in Yarn’s archives', async () => {
    const files = { '.pnp.cjs': '', 'page/package.json': '{}' }
    const without = await filesIn(files)
    expect(await find(join(without, 'page'), 'vite')).toMatchObject({ state: 'pnp', yarn: undefined })
    const root = await filesIn({
      ...files,
      '.yarnrc.yml': 'nodeLinker: pnp\nyarnPath: .yarn/releases/yarn-4.5.0.cjs\n',
      '.yarn/releases/yarn-4.5.0.cjs': '',
    })
    expect(await find(join(root, 'page'), 'vite')).toMatchObject({ state: 'pnp', yarn: join(root, '.yarn/releases/yarn-4.5.0.cjs') })
  })
})

const ask = (platform: NodeJS.Platform, node: string, env: Record<string, string> = {}) => managerProgram({ platform, env }, 'npm', node)

describe('the package manager’s program', () => {
  test('npm: what npm says, what is beside Node, what the PATH has', async () => {
    const root = await filesIn({
      'told/npm-cli.js': '',
      'told/npx-cli.js': '',
      'posix/bin/node': '',
      'posix/lib/node_modules/npm/bin/npm-cli.js': '',
      'win/node_modules/npm/bin/npm-cli.js': '',
      'path/npm': '',
    })
    const at = (...parts: string[]) => join(root, ...parts)
    const told = { file: 'n', args: [at('told/npm-cli.js')] }
    expect(await ask('linux', 'n', { npm_execpath: at('told/npx-cli.js') })).toEqual(told)
    expect(await ask('linux', 'n', { npm_execpath: at('told/npm-cli.js') })).toEqual(told)
    // yarn sets it to itself
    expect(await ask('linux', at('posix/bin/node'), { npm_execpath: at('yarn.js') })).toMatchObject({
      args: [at('posix/lib/node_modules/npm/bin/npm-cli.js')],
    })
    expect(await ask('win32', at('win/node.exe'))).toMatchObject({ args: [at('win/node_modules/npm/bin/npm-cli.js')] })
    expect(await ask('linux', 'n', { PATH: at('path') })).toEqual({ file: at('path/npm'), args: [] })
    expect(await ask('linux', 'n', { PATH: at('nowhere') })).toBeUndefined()
  })

  test('the others: by the PATH, behind a shim of Windows, by corepack', async () => {
    const root = await filesIn({
      'posix/pnpm': '',
      'posix/corepack': '',
      'win/yarn.cmd': '',
      'win/node_modules/yarn/bin/yarn.js': '',
      'win/bun.exe': '',
    })
    await chmod(join(root, 'posix', 'pnpm'), 0o755)
    const env = { PATH: join(root, 'posix') }
    const windows = { platform: 'win32' as const, env: { Path: `C:\\nowhere;${join(root, 'win')}` } }
    expect(await managerProgram({ platform: 'linux', env }, 'pnpm', 'n')).toEqual({ file: join(root, 'posix/pnpm'), args: [] })
    expect(await managerProgram({ platform: 'linux', env }, 'yarn', 'n')).toEqual({ file: join(root, 'posix/corepack'), args: ['yarn'] })
    expect(await managerProgram({ platform: 'linux', env }, 'bun', 'n')).toBeUndefined()
    expect(await managerProgram(windows, 'yarn', 'n')).toEqual({ file: 'n', args: [join(root, 'win/node_modules/yarn/bin/yarn.js')] })
    expect(await managerProgram(windows, 'bun', 'n')).toEqual({ file: join(root, 'win/bun.exe'), args: [] })
    expect(await programOnPath(windows, 'pnpm', 'n')).toBeUndefined()
  })
})
