/** Pages in all their ways, and every dev tool: what `start` says of each is what playwright sees of it, and what it says to do makes it green. */
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium as playwright, type Browser, type BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startCli, type RunningCli } from '../support/cli.ts'
import { ending } from '../support/ends.ts'
import {
  api,
  pageProjects,
  withPolicy,
  writePage,
  type PagePorts,
  type PageProject,
  type PageProjectName,
} from '../support/page-projects.ts'
import { pageRowOf, type PageRow } from '../support/page-rows.ts'
import { pageTruth, type PageTruth } from '../support/page-truth.ts'
import type { ProjectOptions, TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'
import { startProgram } from '../support/servers.ts'
import { migrate } from '../support/session-project.ts'
import { writeToolFrontend } from '../support/tool-frontends.ts'
import { basePython, chromium, pythonOf, run, type FrontendName } from '../support/tools.ts'

vi.setConfig({ testTimeout: 120_000 })
const executablePath = await chromium()
const { keep, project, quietPort, folder } = ending()

const password = secret()

interface Begun {
  readonly made: TestProject
  readonly ports: PagePorts
  readonly start: (args?: readonly string[]) => RunningCli
}

/** A project with tables and a user; what `write` puts beside the backend is its frontend. */
async function begin(write: (made: TestProject, ports: PagePorts) => Promise<unknown>, options: ProjectOptions = {}): Promise<Begun> {
  const made = await project(options)
  const ports = { page: await freePort('127.0.0.1'), backend: await freePort('127.0.0.1'), nothing: await quietPort() }
  await write(made, ports)
  await migrate(made, ['+usher'])
  const env = { ELECTION_DEV_PASSWORD: password, HOME: await folder(), XDG_CACHE_HOME: undefined, ELECTION_DEV_BROWSER: undefined }
  const start: Begun['start'] = (args = ['--port', String(ports.backend)]) => {
    const cli = startCli(['start', '--json', ...args], { cwd: made.root, env })
    keep({ stop: () => cli.end('SIGINT') })
    return cli
  }
  return { made, ports, start }
}

const rowOf = (cli: RunningCli) => pageRowOf(cli, { deadlineMs: 90_000 })

/** The application's sockets, one for each URL as it ended, both ways of telling in the same words. */
function outcomes(sockets: PageRow['sockets'] | PageTruth['sockets']): Record<string, string> {
  const words: Readonly<Record<string, string>> = { refused: 'failed', closed: 'failed' }
  return Object.fromEntries(sockets.map(({ url, state }) => [url.replace(/\?.*/, ''), words[state] ?? state]))
}

/** What `start` says of each. */
const said: Readonly<Record<PageProjectName, { readonly row: string; readonly text: RegExp; readonly remedy?: RegExp }>> = {
  seed: { row: 'open', text: /^its WebSocket is open \(Chromium \d+\)$/ },
  https: { row: 'failed', text: /goes to wss:.*no answer to its handshake/, remedy: /speaks no TLS.*a proxy of the dev server/ },
  httpsPlain: { row: 'open', text: /is open/ },
  proxy: { row: 'open', text: /is open/ },
  httpsProxy: { row: 'open', text: /is open/ },
  wrongVariable: { row: 'failed', text: /goes to ws:.*nothing listens there/, remedy: /correct the URL in frontend\/\.env:1 to 127/ },
  oldPort: { row: 'failed', text: /goes to ws:.*nothing listens there/, remedy: /correct the URL in frontend\/src\/main\.js:2 to 127/ },
  corsMissing: {
    row: 'failed',
    text: /^CORS blocks http:.*\/api\/elections\//,
    remedy: /CORS_ALLOWED_ORIGINS = \["http:\/\/localhost:\d+"\]/,
  },
  cors: { row: 'open', text: /is open/ },
  csp: { row: 'failed', text: /Content-Security-Policy blocks its WebSocket/, remedy: /^Add ws:\/\/localhost:\d+ to connect-src/ },
  token: { row: 'open', text: /is open/ },
  login: { row: 'open', text: /is open/ },
  loginKept: { row: 'yellow', text: /^opens no WebSocket before a login .*"page": \{"login"/ },
  twice: { row: 'open', text: /is open/ },
  without: { row: 'yellow', text: /^opens no WebSocket \(Chromium/ },
  throws: { row: 'failed', text: /its script threw TypeError/, remedy: /^Correct frontend\/src\/main\.js:12\.$/ },
  neverLoads: { row: 'yellow', text: /^can't tell: it was still at work after 15 s/ },
  neverWhole: { row: 'open', text: /is open/ },
  gigabyte: { row: 'open', text: /is open/ },
  dialogs: { row: 'open', text: /is open/ },
  redirects: { row: 'failed', text: /^it can't be opened: net::ERR_TOO_MANY_REDIRECTS/ },
  downloads: { row: 'failed', text: /^it can't be opened: it is a download/ },
}

const names = Object.keys(pageProjects) as PageProjectName[]
const toolNames: readonly FrontendName[] = ['vite-5', 'vite-6', 'vite-7', 'vite-8', 'next-16', 'create-react-app-5', 'vue-cli-5']

/** The storage of somebody who has logged in. */
async function tokenFor({ backend }: TestProject, origin: string): Promise<BrowserContextOptions['storageState']> {
  const code =
    'from django.contrib.auth.models import User; from rest_framework_simplejwt.tokens import AccessToken; print("=" + str(AccessToken.for_user(User.objects.first())))'
  const { stdout } = await run(pythonOf('main'), ['manage.py', 'shell', '-c', code], { cwd: backend })
  const value = secret(stdout.slice(stdout.lastIndexOf('=') + 1).trim())
  return { cookies: [], origins: [{ origin, localStorage: [{ name: 'access_token', value }] }] }
}

describe.skipIf(executablePath === undefined)('the page', () => {
  let browser: Browser

  beforeAll(async () => {
    if (executablePath !== undefined) browser = await playwright.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  })

  afterAll(() => browser?.close())

  test.for(names)('%s: the row is what a browser sees', async (name) => {
    const page: PageProject = pageProjects[name]
    const { made, ports, start } = await begin((to, at) => writePage(to, page, at), page.backend)
    const row = await rowOf(start())
    const { row: state, text, remedy } = said[name]
    expect(row).toMatchObject({ state, text: expect.stringMatching(text) })
    if (remedy !== undefined) expect(row.diagnosis?.remedy.text).toMatch(remedy)
    expect(row.diagnosis?.evidence.join('\n') ?? '').not.toContain('chrome-error:')
    const url = `${page.secure === true ? 'https' : 'http'}://localhost:${ports.page}/`
    expect(row.url).toBe(url)
    // `start` opens it as the development user, where its sources read a token
    const isKnown = row.sockets.some((socket) => socket.url.includes('token='))
    const truth = await pageTruth(browser, url, isKnown ? { storage: await tokenFor(made, new URL(url).origin) } : {})
    expect(outcomes(row.sockets)).toEqual(outcomes(truth.sockets))
    if (!isKnown) expect(Object.values(outcomes(truth.sockets))).toEqual(page.socket === 'none' ? [] : [page.socket])
  })

  test.for<[PageProjectName, string, (begun: Begun) => Promise<unknown>]>([
    ['https', 'a proxy', ({ made, ports }) => writePage(made, pageProjects.httpsProxy, ports)],
    [
      'wrongVariable',
      'the variable in .env',
      ({ made, ports }) => writeFile(join(made.root, 'frontend', '.env'), `VITE_WS_URL=ws://127.0.0.1:${ports.backend}\n`),
    ],
    ['corsMissing', 'the header of CORS', ({ made }) => appendFile(join(made.backend, 'core', 'settings.py'), api(true).settings ?? '')],
    [
      'csp',
      'the address in its policy',
      ({ made, ports }) => {
        const frontend = withPolicy(({ backend }) => `connect-src 'self' ws://localhost:${backend}`)
        return writePage(made, { frontend, socket: 'open' }, ports)
      },
    ],
    [
      'loginKept',
      'the fields of its form, by a user who has a password',
      async ({ made }) => {
        const code = `from django.contrib.auth.models import User; user = User.objects.first(); user.set_password("${password}"); user.save()`
        await run(pythonOf('main'), ['manage.py', 'shell', '-c', code], { cwd: made.backend })
        const login = { fields: { '[name=username]': 'usher', '[name=password]': '{password}' } }
        await writeFile(join(made.root, 'election-dev.config.json'), JSON.stringify({ page: { login } }))
      },
    ],
  ])('%s: green with %s', async ([name, , mend]) => {
    const page: PageProject = pageProjects[name]
    const begun = await begin((to, at) => writePage(to, page, at), page.backend)
    const before = begun.start()
    expect((await rowOf(before)).state).toBe(said[name].row)
    await before.end('SIGINT')
    await mend(begun)
    const after = begun.start()
    expect(await rowOf(after)).toMatchObject({ state: 'open' })
    expect(after.stdout()).not.toContain(password)
  })

  test.for(toolNames)('%s: on the port of its configuration, and its WebSocket is open', async (name, { skip }) => {
    let written: unknown
    const { ports, start } = await begin(async (to, at) => (written = await writeToolFrontend(to, name, at)))
    if (written === undefined) skip(`${name} can't be had`)
    const row = await rowOf(start())
    expect(row).toMatchObject({ state: 'open', url: `http://localhost:${ports.page}/` })
    const truth = await pageTruth(browser, row.url)
    expect(outcomes(row.sockets)).toEqual(outcomes(truth.sockets))
    expect(outcomes(row.sockets)).toEqual({ [`ws://localhost:${ports.backend}/ws/election-updates/`]: 'open' })
  })

  test.for<[FrontendName, string]>([
    ['vite-8', 'src/main.js:2'],
    ['next-16', 'app/page.js:7'],
    ['create-react-app-5', 'src/Election.js:6'],
    ['vue-cli-5', 'src/App.vue:8'],
  ])(
    '%s with its port held: the line that is right for that port alone, and the commands make it green',
    async ([name, place], { skip }) => {
      let written: unknown
      const { ports, start } = await begin(async (to, at) => (written = await writeToolFrontend(to, name, at)))
      if (written === undefined) skip(`${name} can't be had`)
      const holder = keep(
        await startProgram(basePython(), (port) => ['-m', 'http.server', String(port), '--bind', '127.0.0.1'], {
          cwd: await folder(),
          port: ports.page,
        }),
      )
      const first = start()
      const row = await rowOf(first)
      expect(row).toMatchObject({ state: 'failed', diagnosis: { id: 'page-socket-elsewhere' } })
      expect(row.text).toMatch(/^its WebSocket goes to ws:\/\/localhost:\d+\/ws\/election-updates\/: no answer to its handshake/)
      const truth = await pageTruth(browser, row.url)
      expect(outcomes(row.sockets)).toEqual(outcomes(truth.sockets))
      expect(row.diagnosis?.evidence.join('\n')).toContain(`frontend/${place} makes it go there: location.host.replace`)
      await first.end('SIGINT')
      const [[end = '', ...words] = [], [, ...again] = []] = row.diagnosis?.remedy.commands ?? []
      expect([end, ...words]).toEqual(['kill', String(holder.pid)])
      await run(end, words)
      expect(await rowOf(start(again.slice(1)))).toMatchObject({ state: 'open', url: `http://localhost:${ports.page}/` })
    },
  )

  // nothing tells the port of this one, and the usual one is not known to be held
  test('of a tool that is where nobody looked for it: no port is said to have been held', async () => {
    const { start, ports } = await begin(async ({ root }, { page }) => {
      const packages = join(root, 'frontend', 'node_modules', 'react-scripts')
      await mkdir(packages, { recursive: true })
      await writeFile(join(root, 'frontend', 'package.json'), '{ "scripts": { "start": "react-scripts start" } }')
      await writeFile(join(packages, 'package.json'), '{ "name": "react-scripts", "bin": "./start.js" }')
      const html = `<script>new WebSocket('ws://' + location.host + '/ws/election-updates/')</script>`
      const server = `require('node:http')
  .createServer((_, response) => response.setHeader('content-type', 'text/html').end(${JSON.stringify(html)}))
  .on('upgrade', () => {})
  .listen(${page}, '127.0.0.1')
`
      await writeFile(join(packages, 'start.js'), server)
    })
    const row = await rowOf(start())
    expect(row).toMatchObject({
      url: `http://localhost:${ports.page}/`,
      diagnosis: { id: 'page-socket-elsewhere', remedy: { commands: [] } },
    })
    expect(row.diagnosis?.remedy.text).toMatch(/^Its dev server answers there: give it a proxy/)
  })
})
