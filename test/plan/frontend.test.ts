import { backendAddress } from '../../src/plan/frontend-address.ts'
import { describe, expect, test } from 'vitest'
import type { FrontendConfig } from '../../src/config/stack-schema.ts'
import { commandOf } from '../../src/facts/dev-script.ts'
import type { FrontendApp } from '../../src/facts/frontend-app.ts'
import { envValues, variableUses } from '../../src/facts/frontend-variables.ts'
import type { FrontendReading } from '../../src/facts/frontend-reading.ts'
import type { AskedTool } from '../../src/facts/dev-answer.ts'
import { readDevConfig, readManifestProxy } from '../../src/facts/dev-proxy.ts'
import { pageHostSocket, portsIn, urlsIn } from '../../src/facts/frontend-wiring.ts'
import { isDotenvExample } from '../../src/facts/source-texts.ts'
import { pageHost, readdress, type BackendAddress } from '../../src/plan/frontend-address.ts'
import { filled, mapVariables } from '../../src/plan/frontend-env.ts'
import { argumentsFor, planFrontend, planFrontendInstall, type FrontendFacts, type FrontendPlan } from '../../src/plan/frontend.ts'
import { hardCodedPorts, hardCodedWords, pagePortWords, placesOfPort } from '../../src/plan/hard-coded-port.ts'
import { socketWay } from '../../src/plan/page-socket.ts'

const path = '/ws/election-updates/'
const moved: BackendAddress = { host: '127.0.0.1', port: 8001, wantedPort: 8000, path }
const stays: BackendAddress = { ...moved, port: 8000 }

const isEnv = (name: string) => name.startsWith('.env') && !isDotenvExample(name)
const isConfig = (name: string) => /\.config\./.test(name)

/** What files say, by their names. */
function readingOf(files: Readonly<Record<string, string>>): FrontendReading {
  const all = Object.entries(files)
  const sources = all.filter(([name]) => !name.startsWith('.env') && !isConfig(name) && !name.endsWith('.json'))
  const configs = all.filter(([name]) => isConfig(name))
  return {
    folder: 'frontend',
    urls: sources.flatMap(([name, text]) => urlsIn(name, text)),
    variables: [],
    proxies: [
      ...configs.flatMap(([name, text]) => readDevConfig(name, text).proxies),
      ...all.flatMap(([name, text]) => (name === 'package.json' ? readManifestProxy(name, text) : [])),
    ],
    values: all.flatMap(([name, text]) => (isEnv(name) ? envValues(name, text) : [])),
    uses: [
      ...sources.flatMap(([name, text]) => variableUses(name, text)),
      ...configs.flatMap(([name, text]) => variableUses(name, text, true)),
    ],
    ports: sources.flatMap(([name, text]) => portsIn(name, text)),
    configured: configs.flatMap(([name, text]) => urlsIn(name, text)),
    pageSocket: sources.map(([name, text]) => pageHostSocket(name, text)).find((found) => found !== undefined),
    served: {},
    examples: all.flatMap(([name, text]) => (isDotenvExample(name) ? envValues(name, text) : [])),
  }
}

test.each([
  ["Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/p/node_modules/vite/dist/chunk.js' imported from /p/node_modules/vite/cli.js", true],
  ["Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'vite' imported from /p/vite.config.js", true],
  ["Error: Cannot find module 'semver'", true],
  ["Error: Cannot find module 'C:\\p\\node_modules\\vite\\bin\\vite.js'", true],
  ["Error: Cannot find module '/p/src/own.js'", false],
  ["Error: Cannot find module './own.js'", false],
  ["Error: Cannot find module 'C:\\p\\src\\own.js'", false],
])('a package that is not there keeps the page from ever starting: %s', (line, isHopeless) => {
  const plan = planFrontend(facts('vite'))
  expect(plan.kind === 'run' && plan.service.hopeless?.some((known) => known.line.test(line))).toBe(isHopeless)
})

describe('an address', () => {
  test.each<[string, Partial<BackendAddress>, string]>([
    ['ws://localhost:8000/ws/?a=b', {}, 'ws://localhost:8001/ws/?a=b'],
    ['http://127.0.0.1:8000', {}, 'http://127.0.0.1:8001'],
    ['https://localhost:8000/', {}, 'https://localhost:8001/'],
    ['localhost:8000', {}, 'localhost:8001'],
    ['http://[::1]:8000/', {}, 'http://localhost:8001/'],
    ['http://[::1]:8000/', { host: '::' }, 'http://[::1]:8001/'],
    ['http://localhost:8000/', { host: '192.0.2.7', port: 8000 }, 'http://192.0.2.7:8000/'],
    ['http://localhost:8000/', { host: '::1' }, 'http://localhost:8001/'],
    ['http://127.0.0.1:8000/', { host: '::1', port: 8000 }, 'http://localhost:8000/'],
    ['http://127.0.0.1:8000/', { host: '0.0.0.0' }, 'http://127.0.0.1:8001/'],
    ['ws://user:x@localhost:8000/', {}, 'ws://user:x@localhost:8001/'],
  ])('%s moves', (text, more, expected) => {
    expect(readdress(text, { ...moved, ...more })).toEqual({ kind: 'moved', text: expected })
  })

  test.each<[string, BackendAddress, string]>([
    ['ws://localhost:8000', stays, 'right'],
    ['ws://localhost:8001', moved, 'right'],
    ['ws://api.example:8000', moved, 'other'],
    ['ws://localhost:3000', moved, 'other'],
    ['ws://localhost', moved, 'other'],
    ['ws://localhost:80001', moved, 'other'],
    ['/api', moved, 'other'],
    ['', moved, 'other'],
    ['8000', moved, 'other'],
  ])('%s stays', (text, backend, kind) => {
    expect(readdress(text, backend).kind).toBe(kind)
  })

  test.each([
    ['127.0.0.1', 'localhost'],
    ['localhost', 'localhost'],
    ['0.0.0.0', 'localhost'],
    ['::', 'localhost'],
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8::1', '[2001:db8::1]'],
  ])('a page reaches %s at %s', (host, expected) => {
    expect(pageHost({ host })).toBe(expected)
  })

  test('what the configuration’s variables are filled with', () => {
    expect(filled('{http} {ws} {websocket} {host} {port} {other}', moved)).toBe(
      'http://localhost:8001 ws://localhost:8001 ws://localhost:8001/ws/election-updates/ localhost 8001 {other}',
    )
  })
})

describe('the variables', () => {
  interface Case {
    readonly files: Readonly<Record<string, string>>
    readonly backend?: BackendAddress
    readonly tool?: 'vite' | 'react-scripts' | 'next'
    readonly args?: readonly string[]
    readonly env?: Readonly<Record<string, string>>
    readonly given?: Readonly<Record<string, string>>
  }
  const seed = "`${import.meta.env.VITE_WS_URL ?? 'ws://localhost:8000'}/ws/`"

  test.each<[string, Case, Readonly<Record<string, string>>]>([
    [
      'of .env, moved',
      { files: { '.env': 'VITE_API_URL=http://localhost:8000/api\nVITE_TITLE=x' } },
      { VITE_API_URL: 'http://localhost:8001/api' },
    ],
    ['of .env, right already', { files: { '.env': 'VITE_API_URL=http://localhost:8000/api' }, backend: stays }, {}],
    ['of .env, of another machine', { files: { '.env': 'VITE_API_URL=https://api.example:8000' } }, {}],
    ['of .env, another service', { files: { '.env': 'VITE_API_URL=http://localhost:9000' } }, {}],
    ['a host and port alone', { files: { '.env': 'VITE_WS_HOST=localhost:8000' } }, { VITE_WS_HOST: 'localhost:8001' }],
    ['a port alone, by its name', { files: { '.env': 'VITE_API_PORT=8000\nVITE_MAX=8000' } }, { VITE_API_PORT: '8001' }],
    [
      'any name: its value tells',
      { files: { '.env': 'REACT_APP_X=ws://localhost:8000' }, tool: 'react-scripts' },
      { REACT_APP_X: 'ws://localhost:8001' },
    ],
    [
      'of the environment, which wins',
      { files: { '.env': 'VITE_A=http://localhost:9000' }, env: { VITE_A: 'http://localhost:8000' } },
      { VITE_A: 'http://localhost:8001' },
    ],
    ['of the environment, right', { files: { '.env': 'VITE_A=http://localhost:8000' }, env: { VITE_A: 'http://localhost:8001' } }, {}],
    [
      'the mode’s file wins in Vite',
      { files: { '.env.local': 'VITE_A=http://localhost:9000', '.env.development': 'VITE_A=http://localhost:8000' } },
      { VITE_A: 'http://localhost:8001' },
    ],
    [
      '.env.local wins in create-react-app',
      {
        files: { '.env.local': 'VITE_A=http://localhost:9000', '.env.development': 'VITE_A=http://localhost:8000' },
        tool: 'react-scripts',
      },
      {},
    ],
    [
      'another mode',
      {
        files: { '.env.development': 'VITE_A=http://localhost:8000', '.env.staging': 'VITE_A=http://localhost:9000' },
        args: ['--mode', 'staging'],
      },
      {},
    ],
    ['what the source has instead, moved', { files: { 'src/a.js': seed } }, { VITE_WS_URL: 'ws://localhost:8001' }],
    ['what the source has instead, right', { files: { 'src/a.js': seed }, backend: stays }, {}],
    ['empty in .env', { files: { '.env': 'VITE_WS_URL=', 'src/a.js': seed } }, { VITE_WS_URL: 'ws://localhost:8001' }],
    [
      'of a configuration',
      { files: { 'vite.config.js': "process.env.BACKEND || 'http://localhost:8000'" } },
      { BACKEND: 'http://localhost:8001' },
    ],
    [
      'that nobody gives, asked for',
      { files: { 'src/a.js': 'fetch(import.meta.env.VITE_API_URL)' }, backend: stays },
      { VITE_API_URL: 'http://localhost:8000' },
    ],
    [
      'that nobody gives, of a socket',
      { files: { 'src/a.js': '`${process.env.REACT_APP_WEBSOCKET_URL}/ws/`' } },
      { REACT_APP_WEBSOCKET_URL: 'ws://localhost:8001' },
    ],
    [
      'that nobody gives, of the backend’s socket',
      { files: { 'src/a.js': 'x(import.meta.env.VITE_BACKEND_WS_URL)' } },
      { VITE_BACKEND_WS_URL: 'ws://localhost:8001' },
    ],
    [
      'that nobody gives, with a base',
      { files: { 'src/a.js': 'x(import.meta.env.VITE_API_BASE_URL)' } },
      { VITE_API_BASE_URL: 'http://localhost:8001' },
    ],
    [
      'with the path that its example has',
      {
        files: { 'src/a.js': 'fetch(import.meta.env.VITE_API_URL)', '.env.example': 'VITE_API_URL=http://localhost:23180/api\nVITE_KEY=x' },
        backend: stays,
      },
      { VITE_API_URL: 'http://localhost:8000/api' },
    ],
    [
      'whose example is of another machine',
      {
        files: { 'src/a.js': 'fetch(import.meta.env.VITE_API_URL)', '.env.sample': 'VITE_API_URL=https://api.example/v2' },
        backend: stays,
      },
      { VITE_API_URL: 'http://localhost:8000' },
    ],
    ['that may be absent', { files: { 'src/a.js': 'if (import.meta.env.VITE_API_URL) x(import.meta.env.VITE_API_URL)' } }, {}],
    ['that stands for the page’s own host', { files: { 'src/a.js': "import.meta.env.VITE_API_URL || ''" } }, {}],
    [
      'of somebody else',
      { files: { 'src/a.js': 'x(import.meta.env.VITE_SENTRY_API_URL, import.meta.env.VITE_TITLE, import.meta.env.MODE)' } },
      {},
    ],
    [
      'of the configuration, always',
      { files: {}, backend: stays, given: { VITE_X: '{websocket}' } },
      { VITE_X: 'ws://localhost:8000/ws/election-updates/' },
    ],
    [
      'of the configuration, before all',
      { files: { '.env': 'VITE_X=http://localhost:8000' }, given: { VITE_X: 'as it is' } },
      { VITE_X: 'as it is' },
    ],
  ])('%s', (_, { files, backend = moved, tool = 'vite', args = [], env = {}, given = {} }, expected) => {
    const mapped = mapVariables({ reading: readingOf(files), tool, args, env, backend, given })
    expect(Object.fromEntries(mapped.map(({ name, value }) => [name, value]))).toEqual(expected)
    // each is told once
    expect(mapped).toHaveLength(Object.keys(expected).length)
  })

  test('where each stood', () => {
    const reading = readingOf({ '.env': '\nVITE_A=http://localhost:8000', 'src/a.js': `\n${seed}` })
    const mapped = mapVariables({ reading, tool: 'vite', args: [], env: {}, backend: moved, given: { X: '1' } })
    expect(mapped.map(({ source }) => source)).toEqual(['.env:2', 'src/a.js:2', 'frontend.env'])
  })
})

describe('the old port', () => {
  const proxy = "export default { server: { proxy: {\n '/ws': {\n  target: 'ws://localhost:8000',\n  ws: true } } } }"
  const places = (files: Readonly<Record<string, string>>, backend = moved) => {
    const reading = readingOf(files)
    const mapped = mapVariables({ reading, tool: 'vite', args: [], env: {}, backend, given: {} })
    return hardCodedPorts(reading, mapped, backend).map(({ file, line, proxy: isProxy }) => `${file}:${line}${isProxy ? ' proxy' : ''}`)
  }
  test.each<[string, Readonly<Record<string, string>>, BackendAddress, string[]]>([
    ['in a source', { 'src/a.js': "\nnew WebSocket('ws://localhost:8000/ws/')" }, moved, ['src/a.js:2']],
    ['over HTTP', { 'src/a.js': "fetch('http://127.0.0.1:8000/api')" }, moved, ['src/a.js:1']],
    ['without a scheme', { 'src/a.js': '`ws://${location.hostname}:8000/ws/`' }, moved, ['src/a.js:1']],
    ['the target of a proxy, with its line', { 'vite.config.js': proxy }, moved, ['vite.config.js:3 proxy']],
    ['a proxy of package.json', { 'package.json': '{\n"proxy": "http://localhost:8000"}' }, moved, ['package.json:2 proxy']],
    ['another URL of the configuration', { 'vite.config.js': "const t = 'http://localhost:8000'" }, moved, ['vite.config.js:1']],
    [
      'in what makes it of the page’s own',
      { 'src/a.js': "const host = window.location.host.replace(':3000', ':8000')" },
      moved,
      ['src/a.js:1'],
    ],
    ['beside the page’s port', { 'src/a.js': "const port = location.port === '3000' ? '8000' : location.port" }, moved, ['src/a.js:1']],
    ['by an expression', { 'src/a.js': "x = location.origin.replace(/:3000$/, ':8000')" }, moved, ['src/a.js:1']],
    ['nothing has moved', { 'src/a.js': "'ws://localhost:8000'", 'vite.config.js': proxy }, stays, []],
    ['another port', { 'src/a.js': "'ws://localhost:9000'" }, moved, []],
    ['another machine', { 'src/a.js': "'ws://api.example:8000'" }, moved, []],
    ['it only stands in for a variable that is set', { 'src/a.js': "import.meta.env.VITE_A ?? 'ws://localhost:8000'" }, moved, []],
  ])('%s', (_, files, backend, expected) => {
    expect(places(files, backend)).toEqual(expected)
  })

  test('of the page itself: its sources, and the backend’s lists', () => {
    const reading = readingOf({
      'src/a.js': "\nconst host = location.host.replace(':3000', ':8000')",
      'src/b.js': "'http://localhost:3000/'",
    })
    const settings = '# localhost:3000\nCORS_ALLOWED_ORIGINS = ["http://127.0.0.1:3000"]  # localhost:3000\nX = "localhost:30001"\n'
    const found = placesOfPort(reading, 'web', [{ file: 'backend/core/settings.py', text: settings }], 3000)
    expect(found).toEqual([
      "web/src/a.js:2 (location.host.replace(':3000', ':8000'))",
      'web/src/b.js:1 (http://localhost:3000/)',
      'backend/core/settings.py:2 (127.0.0.1:3000)',
    ])
    expect(pagePortWords(found, 3000)).toMatch(/^\. Port 3000 is named by web\/src\/a\.js:2 .*: that is wrong for a page elsewhere$/)
    expect(pagePortWords([], 3000)).toBe('')
  })

  test('in words', () => {
    const place = { file: 'src/a.js', line: 2, text: 'ws://localhost:8000/ws/', proxy: false }
    expect(hardCodedWords([place], 'frontend', moved)).toBe(
      'The frontend names port 8000, and the backend is on 8001: frontend/src/a.js:2 (ws://localhost:8000/ws/). Let the backend have port 8000, or let a variable name it (VITE_WS_URL, VITE_API_URL)',
    )
    expect(
      hardCodedWords(
        Array.from({ length: 7 }, () => place),
        '.',
        moved,
      ),
    ).toContain('src/a.js:2 (ws://localhost:8000/ws/) and 2 more. ')
  })
})

const passing = (context: string) => `export default { server: { proxy: { '${context}': { target: 'http://localhost:8000', ws: true } } } }`

describe('the way of the page’s WebSocket', () => {
  test.each<[string, Readonly<Record<string, string>>, string, string | undefined]>([
    ['the page’s own host', { 'src/a.js': 'new WebSocket(`ws://${location.host}/ws/`)' }, 'dev-server', 'src/a.js:1'],
    ['a URL with the dev server’s port', { 'src/a.js': "'ws://localhost:3000/ws/'" }, 'dev-server', 'src/a.js:1'],
    ['a variable with it', { '.env': 'VITE_WS=ws://localhost:3000' }, 'dev-server', '.env:1'],
    ['a proxy, and no source that names the backend', { 'vite.config.js': passing('/ws') }, 'dev-server', 'vite.config.js:1'],
    ['a pattern', { 'vite.config.js': passing('^/ws/.*') }, 'dev-server', 'vite.config.js:1'],
    ['a pattern that is none', { 'vite.config.js': passing('^/ws/(') }, 'unknown', undefined],
    ['a proxy for another path', { 'vite.config.js': passing('/api') }, 'unknown', undefined],
    [
      'a source that names the backend',
      { 'src/a.js': "'ws://localhost:8000/ws/'", 'vite.config.js': passing('/ws') },
      'backend',
      'src/a.js:1',
    ],
    ['a variable that names it', { '.env': 'VITE_WS=ws://localhost:8000', 'vite.config.js': passing('/ws') }, 'backend', '.env:1'],
    ['nothing that is written', {}, 'unknown', undefined],
    ['the port of another program', { 'src/a.js': "'ws://localhost:9000/ws/'" }, 'unknown', undefined],
    [
      'the page’s host with another port',
      { 'src/a.js': "new WebSocket(`ws://${location.host.replace('3000', '8000')}/ws/`)" },
      'backend',
      'src/a.js:1',
    ],
    ['the page’s host name and a port', { 'src/a.js': 'new WebSocket(`ws://${location.hostname}:8000/ws/`)' }, 'backend', 'src/a.js:1'],
    [
      'the page’s host with a port of nobody',
      { 'src/a.js': "`ws://${location.host.replace(':3000', ':9000')}/ws/`" },
      'unknown',
      undefined,
    ],
  ])('%s', (_, files, way, source) => {
    expect(socketWay(readingOf(files), [], { frontendPort: 3000, port: 8000, path })).toEqual({ way, source })
  })
})

test.each<[string, string[]]>([
  ['vite', ['--port', '3000', '--strictPort']],
  ['vite dev --port 3001 --host --strictPort', ['dev', '--host', '--port', '3000', '--strictPort']],
  ['vite --port=3001', ['--port', '3000', '--strictPort']],
  ['next', ['dev', '-p', '3000']],
  ['next dev -p 3001 --turbo', ['dev', '--turbo', '-p', '3000']],
  ['react-scripts start', ['start']],
  ['astro dev', ['dev', '--port', '3000']],
  ['vue-cli-service serve --open --port 8080', ['serve', '--port', '3000']],
  ['ng serve -o', ['serve', '--port', '3000']],
  ['webpack serve --open', ['serve', '--port', '3000', '--no-open']],
  ['node server.js --port 1', ['server.js', '--port', '1']],
])('the arguments of %s', (line, args) => {
  const command = commandOf(line.split(' '))
  expect(command === undefined ? undefined : argumentsFor(command, 3000)).toEqual(args)
})

test.each<[string, string[]]>([
  ['vite dev --port 3001 --strictPort', ['dev', '--port', '3001', '--strictPort']],
  ['next', ['dev']],
  ['vue-cli-service serve --open --port 8080', ['serve', '--port', '8080']],
  ['webpack serve --open', ['serve', '--no-open']],
])('the arguments of %s, which keeps its port', (line, args) => {
  const command = commandOf(line.split(' '))
  expect(command === undefined ? undefined : argumentsFor(command, undefined)).toEqual(args)
})

test('a script that takes a shell is told a port only where it is another than its own', () => {
  const command = { tool: 'vite', program: 'vite', args: ['dev'], env: {}, script: { name: 'dev', takes: true } } as const
  expect(argumentsFor(command, 3000)).toEqual([])
  expect(argumentsFor(command, 3001, true)).toEqual(['--port', '3001', '--strictPort'])
  expect(argumentsFor({ ...command, script: { name: 'dev', takes: false } }, 3001, true)).toEqual([])
})

test.each([
  ['npm', 'package-lock.json', 'npm ci'],
  ['npm', undefined, 'npm install'],
  ['yarn', 'yarn.lock', 'yarn install'],
  ['pnpm', 'pnpm-lock.yaml', 'pnpm install --frozen-lockfile'],
  ['pnpm', undefined, 'pnpm install'],
  ['bun', 'bun.lock', 'bun install --frozen-lockfile'],
] as const)('%s with %s is installed by %s', (name, lock, shown) => {
  expect(planFrontendInstall({ name, lock, folder: '/p', source: '' })).toMatchObject({ shown, cwd: '/p' })
})

function facts(
  line: string,
  more: Partial<FrontendFacts> = {},
  app: Partial<FrontendApp> = {},
  frontend?: FrontendConfig | false,
): FrontendFacts {
  const command = commandOf(line.split(' '))
  if (command === undefined) throw new Error('no command')
  return {
    config: { frontend, startTimeout: 60_000, stopTimeout: 5000, restart: true },
    frontend: {
      kind: 'app',
      app: {
        folder: '/p/frontend',
        shown: 'frontend',
        named: false,
        command: { kind: 'command', command },
        script: 'dev',
        tool: command.tool,
        address: { port: 3000, source: 'vite.config.js', scheme: 'http', base: '/' },
        manager: { name: 'yarn', source: 'yarn.lock', lock: 'yarn.lock', folder: '/p' },
        dependencies: [],
        ...app,
      },
    },
    program: { state: 'found', program: { file: '/node', args: ['/vite.js'] }, binFolders: ['/p/node_modules/.bin'] },
    reading: readingOf({}),
    backend: stays,
    port: 3000,
    env: { PATH: '/bin', ELECTION_DEV_TOKEN: 'x', BROWSER: 'firefox' },
    color: false,
    platform: 'linux',
    node: '/node',
    ...more,
  }
}

const argsOf = (plan: FrontendPlan) => (plan.kind === 'run' ? plan.service.args : plan.kind)

describe('the plan', () => {
  const asked: AskedTool = {
    kind: 'answer',
    answer: { port: 3000, strictPort: false, scheme: 'http', base: '/', proxies: [], env: {}, file: 'vite.config.js' },
  }

  test('runs', () => {
    const coloured = planFrontend(facts('vite', { color: true, asked }))
    expect(coloured.kind === 'run' && 'ELECTION_DEV_TOKEN' in coloured.service.env).toBe(false)
    expect(coloured).toMatchObject({
      kind: 'run',
      page: 'http://localhost:3000/',
      origin: 'http://localhost:3000',
      service: {
        name: 'frontend',
        kind: 'frontend',
        file: '/node',
        args: ['/vite.js', '--port', '3000', '--strictPort'],
        cwd: '/p/frontend',
        env: { PATH: '/p/node_modules/.bin:/bin', BROWSER: 'none', FORCE_COLOR: '1' },
        ready: { page: { port: 3000, scheme: 'http', base: '/' } },
        restart: 'on-failure',
        shown: 'vite --port 3000 --strictPort',
      },
    })
    const script = 'cross-env PORT=1 react-scripts start'
    const moved = planFrontend(facts(script, { platform: 'win32', env: { Path: 'C:\\bin' }, port: 3001 }))
    expect(moved).toMatchObject({ service: { env: { Path: '/p/node_modules/.bin;C:\\bin', PORT: '3001', BROWSER: 'none' } } })
    expect(moved.kind === 'run' && 'PATH' in moved.service.env).toBe(false)
  })

  test('gives no port to what was only read, and one that is held or configured', () => {
    const failed: AskedTool = { kind: 'none', why: 'Error: x', missing: false }
    expect(argsOf(planFrontend(facts('vite', { asked: failed })))).toEqual(['/vite.js'])
    expect(argsOf(planFrontend(facts('vite', { asked: failed, port: 3001 })))).toEqual(['/vite.js', '--port', '3001', '--strictPort'])
    expect(planFrontend(facts('react-scripts start'))).not.toMatchObject({ service: { env: { PORT: expect.anything() } } })
    const given = { port: 3000, source: 'frontend.port', scheme: 'http', base: '/' } as const
    expect(argsOf(planFrontend(facts('vite', {}, { address: given })))).toEqual(['/vite.js', '--port', '3000', '--strictPort'])
  })

  test('lets a script that takes a shell be run by its package manager', () => {
    const command = {
      kind: 'command',
      command: { tool: 'vite', program: 'vite', args: [], env: {}, script: { name: 'dev', takes: true } },
    } as const
    const program = { state: 'found', program: { file: '/node', args: ['/npm.js', 'run', 'dev'] }, binFolders: [] } as const
    const manager = { name: 'npm', source: '', lock: undefined, folder: '/p' } as const
    expect(planFrontend(facts('vite', { program, asked }, { command, manager }))).toMatchObject({
      service: { args: ['/npm.js', 'run', 'dev'], shown: 'npm run dev' },
    })
    expect(planFrontend(facts('vite', { program, asked, port: 3001 }, { command, manager }))).toMatchObject({
      service: { args: ['/npm.js', 'run', 'dev', '--', '--port', '3001', '--strictPort'] },
    })
    expect(planFrontend(facts('vite', { program: { state: 'no-manager' } }, { command }))).toMatchObject({
      kind: 'no-manager',
      install: { manager: 'yarn' },
    })
  })

  test('needs an installation where Vite finds that packages are missing', () => {
    const why = "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'rollup'"
    expect(planFrontend(facts('vite', { asked: { kind: 'none', why, missing: true } }))).toMatchObject({
      kind: 'needs-install',
      why: `the packages in frontend/ are not all there: ${why}`,
    })
  })

  test('a base and HTTPS are in the page’s URL, and not in the Origin', () => {
    const address = { port: 3000, source: '', scheme: 'https', base: '/app/' } as const
    expect(planFrontend(facts('vite', {}, { address }))).toMatchObject({
      page: 'https://localhost:3000/app/',
      origin: 'https://localhost:3000',
    })
  })

  test('Yarn’s archives: by its own release', () => {
    const program = { state: 'pnp', yarn: '/p/.yarn/yarn.cjs', binFolders: [] } as const
    expect(planFrontend(facts('vite', { program }))).toMatchObject({
      service: { file: '/node', args: ['/p/.yarn/yarn.cjs', 'run', 'vite'] },
    })
    expect(planFrontend(facts('vite', { program: { ...program, yarn: undefined } }))).toMatchObject({
      kind: 'none',
      why: expect.stringMatching(/\.pnp\.cjs/),
    })
  })

  test.each<[string, FrontendFacts, object]>([
    ['not wanted', facts('vite', {}, {}, false), { kind: 'none', why: undefined }],
    [
      'several, of which none is named',
      facts('vite', { frontend: { kind: 'none', why: undefined, several: 'none of 2' } }),
      { kind: 'none', why: 'none of 2' },
    ],
    ['not there', facts('vite', { frontend: { kind: 'none', why: undefined } }), { kind: 'none', why: undefined }],
    [
      'named in vain',
      facts('vite', { frontend: { kind: 'none', why: 'x has no package.json' } }),
      { kind: 'error', error: { code: 'no-frontend', exitCode: 2 } },
    ],
    [
      'no packages',
      facts('vite', { program: { state: 'missing', what: 'node_modules' } }),
      { kind: 'needs-install', why: 'node_modules is missing in frontend/', install: { cwd: '/p', shown: 'yarn install' } },
    ],
    [
      'a script that takes a shell',
      facts('vite', {}, { command: { kind: 'unclear', why: 'it takes a shell' } }),
      { kind: 'none', why: expect.stringMatching(/not started: it takes a shell.*"frontend": \{"command"/) },
    ],
    [
      'a script that takes a shell, named',
      facts('vite', {}, { named: true, command: { kind: 'unclear', why: 'it takes a shell' } }),
      { kind: 'error', error: { code: 'frontend-script-unclear', evidence: ['it takes a shell'] } },
    ],
    [
      'a program whose port nothing tells',
      facts('node server.js', { port: undefined }, { address: { port: undefined, source: '', scheme: 'http', base: '/' } }),
      { kind: 'run', service: { args: ['/vite.js', 'server.js'], ready: { page: { port: undefined } } } },
    ],
  ])('%s', (_, given, expected) => {
    expect(planFrontend(given)).toMatchObject(expected)
  })
})

test.each([
  ['the port that was wanted', 8000, 'default', 8000, 8000],
  ['the next one, since it was held', 8000, 'default', 8001, 8000],
  ['one that a flag names: the files of the page name the usual one', 9000, '--port', 9000, 8000],
  ['the next one after that', 9000, '--port', 9001, 9000],
  ['one of the configuration, which the files of the page name as well', 9000, 'election-dev.config.json', 9000, 9000],
])('the backend of a run is at %s', (_, port, source, at, wantedPort) => {
  expect(backendAddress({ host: '127.0.0.1', port, path: undefined, source: () => source }, at)).toEqual({
    host: '127.0.0.1',
    port: at,
    wantedPort,
    path: '/ws/election-updates/',
  })
})
