/** What `start` says of the page: what a real browser saw of it, and nothing else. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { halvesOf } from '../support/both-halves.ts'
import { startCli } from '../support/cli.ts'
import { ending } from '../support/ends.ts'
import { browser } from '../support/page-look.ts'
import { pageRowOf } from '../support/page-rows.ts'
import type { ProjectOptions } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { votesConsumer, type ViteFrontendOptions } from '../support/vite-frontend.ts'
import { variants } from '../support/variants.ts'

const { keep, project, folder: emptyFolder } = ending()
const both = halvesOf({ keep, project })

/** A home of its own, so that nobody has looked yet, and a browser is allowed. */
const alone = async () => ({ HOME: await emptyFolder(), XDG_CACHE_HOME: undefined, ELECTION_DEV_BROWSER: undefined })

const begun = async (frontend: (port: number, page: number) => ViteFrontendOptions, backend?: () => ProjectOptions) => {
  const halves = await both(frontend, backend)
  const env = await alone()
  return { ...halves, env, start: (args: readonly string[] = []) => halves.start(args, env) }
}

const page = (script: string) => `<!doctype html><body><script type="module">${script}</script>`
const scripted =
  (script: (port: number, page: number) => string) =>
  (port: number, at: number): ViteFrontendOptions => ({
    files: { 'index.html': page(script(port, at)) },
  })
const socketTo = (port: number, path = '/ws/election-updates/') => `new WebSocket('ws://localhost:${port}${path}')`

describe.skipIf(browser === undefined)('its own WebSocket', { timeout: 90_000 }, () => {
  test('made from location.host, with a port of a constant: open, and then remembered until a source changes', async () => {
    const {
      folder,
      start,
      port,
      page: at,
    } = await begun((backend, own) => ({
      socket: `\`ws://\${location.host.replace(':${own}', ':${backend}')}/ws/election-updates/\``,
    }))
    await writeFile(join(folder, 'vite.config.js'), `const PORT = ${at}\nexport default { cacheDir: '.vite', server: { port: PORT } }\n`)
    const first = start()
    const row = await pageRowOf(first)
    expect(row).toMatchObject({
      state: 'open',
      url: `http://localhost:${at}/`,
      sockets: [{ url: `ws://localhost:${port}/ws/election-updates/`, state: 'open' }],
    })
    expect(row.text).toMatch(/^its WebSocket is open \(Chrom\w+ \d+\)$/)
    expect((await first.end('SIGINT')).status).toBe(130)

    const second = start()
    expect(await pageRowOf(second)).toMatchObject({
      state: 'remembered',
      text: expect.stringMatching(/^its WebSocket was open when last looked \(\d+ \w+ ago, same sources\)$/),
    })
    await second.end('SIGINT')

    // the page's client is another one now: what is said of it changes with it
    const source = join(folder, 'src/main.js')
    await writeFile(
      source,
      (await readFile(source, 'utf8')).replace(/^const url = .*$/m, "const url = 'ws://localhost:2/ws/election-updates/'"),
    )
    const third = start()
    const changed = await pageRowOf(third)
    expect(changed).toMatchObject({ state: 'failed', diagnosis: { id: 'page-socket-elsewhere' } })
    expect(changed.text).toMatch(
      /^its WebSocket goes to ws:\/\/localhost:2\/ws\/election-updates\/: nothing listens there \(Chrom\w+ \d+\) {3}page-socket-elsewhere$/,
    )
    expect(changed.diagnosis?.evidence).toEqual([
      'ws://localhost:2/ws/election-updates/: nothing listens there',
      'opened at frontend/src/main.js:8: socket = new WebSocket(url)',
      'frontend/src/main.js:2 makes it go there: ws://localhost:2/ws/election-updates/',
      `proven is ws://127.0.0.1:${port}/ws/election-updates/`,
    ])
    await third.waitFor(/"event":"diagnosis".*page-socket-elsewhere/)
  })

  test('an old port in its source: what it looks for is a command, which makes it green', { tags: ['slow'] }, async () => {
    // a neighbour of the backend's would be any other test's
    const old = await freePort('127.0.0.1')
    const { start } = await begun(scripted(() => socketTo(old)))
    const first = start()
    const row = await pageRowOf(first)
    expect(row.diagnosis).toMatchObject({
      id: 'page-socket-elsewhere',
      remedy: { commands: [['election-dev', 'start', '--port', String(old)]] },
    })
    await first.end('SIGINT')
    expect(await pageRowOf(start(row.diagnosis?.remedy.commands[0]?.slice(2)))).toMatchObject({ state: 'open' })
  })

  test('a configuration that takes longer than the banner waits for it is looked at all the same', { tags: ['slow'] }, async () => {
    const { folder, start, page: at } = await begun(scripted((port) => socketTo(port)))
    const config = `await new Promise((resolve) => setTimeout(resolve, 2500))\nconst own = () => ${at}\nexport default { cacheDir: '.vite', server: { port: own() } }\n`
    await writeFile(join(folder, 'vite.config.js'), config)
    expect(await pageRowOf(start())).toMatchObject({ state: 'open', url: `http://localhost:${at}/` })
  })

  test("a page of the backend's own that nobody has named: why nobody looks at it is told", async () => {
    const source = 'const socket = new WebSocket(`ws://${location.host}/ws/election-updates/`)\n'
    const stray = 'new WebSocket(`ws://${location.host}/ws/elections/${id}/`)\n'
    const files = { 'backend/updates/static/live.js': `\n${source}`, 'backend/updates/static/old.js': stray }
    const made = await project({ consumer: votesConsumer, files })
    const port = await freePort('127.0.0.1')
    const cli = startCli(['start', '--json', '--port', String(port)], { cwd: made.root, env: await alone() })
    keep({ stop: () => cli.end('SIGINT') })
    expect(await pageRowOf(cli)).toMatchObject({
      state: 'unseen',
      text: 'not looked at: backend/updates/static/live.js:2 opens a WebSocket, and nothing says on which page: "page": {"url": "/…"} in election-dev.config.json names it',
    })
    await cli.waitFor(
      /"event":"warning","id":"page-socket-elsewhere","text":"backend\/updates\/static\/old\.js:1 opens a WebSocket at \/ws\/elections\/…\/, which no route/,
    )
    expect(cli.stdout()).not.toMatch(/"page-socket-elsewhere"[^\n]*live\.js/)
  })

  test('looked at only where it is asked for', { tags: ['slow'] }, async () => {
    const { start } = await begun(scripted((port) => socketTo(port)))
    const never = start(['--no-browser'])
    expect(await pageRowOf(never)).toMatchObject({ state: 'unseen', text: 'not looked at: --no-browser' })
    await never.end('SIGINT')
    await pageRowOf(start()).then(({ state }) => expect(state).toBe('open'))
  })

  variants<[string, string, (port: number, page: number) => string, string, RegExp]>(
    [
      ['no fault of the page: none at all', 'page-socket-none', () => 'document.title = "none"', 'yellow', /^opens no WebSocket \(/],
      [
        'its script throws',
        'page-broken',
        () => 'null.socket()',
        'failed',
        /^it opens no WebSocket, and its script threw TypeError: .*null/,
      ],
      [
        'CORS',
        'page-blocked',
        (port) => `fetch('http://localhost:${port}/api/').then(() => ${socketTo(port)})`,
        'failed',
        /^CORS blocks http:\/\/localhost:\d+\/api\//,
      ],
      [
        'another path',
        'page-socket-elsewhere',
        (port) => socketTo(port, '/ws/old/'),
        'failed',
        /^its WebSocket goes to ws:\/\/localhost:\d+\/ws\/old\/: the handshake was answered with (?:403|404|500)/,
      ],
    ],
    { quick: 1 },
    async (_, id, script, state, text) => {
      const { start } = await begun(scripted(script))
      const row = await pageRowOf(start())
      expect(row).toMatchObject({ state, text: expect.stringMatching(text), diagnosis: { id } })
    },
  )

  test('a form before it: yellow with the key to give, and green with the key', { tags: ['slow'] }, async () => {
    const form = `<!doctype html><form><input id="name"><input id="word" type="password"><button>in</button></form><script type="module">
      document.querySelector('form').addEventListener('submit', (event) => {
        event.preventDefault()
        if (document.querySelector('#word').value === 's3cret-word') ${'SOCKET'}
      })</script>`
    const { start, made, env } = await begun((port) => ({ files: { 'index.html': form.replace('SOCKET', socketTo(port)) } }))
    const before = start()
    const row = await pageRowOf(before)
    expect(row).toMatchObject({ state: 'yellow', text: expect.stringMatching(/^opens no WebSocket before a login \(.*"page": \{"login"/) })
    await before.end('SIGINT')
    const login = { fields: { '#name': 'ada', '#word': '{password}' } }
    const file = join(made.root, 'election-dev.config.json')
    await writeFile(file, JSON.stringify({ page: { login } }))
    Object.assign(env, { ELECTION_DEV_PASSWORD: 's3cret-word' })
    const after = start()
    expect(await pageRowOf(after)).toMatchObject({ state: 'open' })
    expect(after.stdout()).not.toContain('s3cret-word')
    await rm(file)
  })

  test('one that the application closes, where it lets the proof in, is refused', async () => {
    const { start } = await begun(
      scripted((port) => socketTo(port, '/ws/election-updates/?as=nobody')),
      () => ({
        consumer: votesConsumer.replace(
          'await self.accept()',
          'await self.accept()\n        if b"nobody" in self.scope["query_string"]: return await self.close(4001)',
        ),
      }),
    )
    const row = await pageRowOf(start())
    expect(row).toMatchObject({ state: 'failed', diagnosis: { id: 'page-socket-refused' } })
    expect(row.text).toMatch(/^its WebSocket was closed with code 4001 \(/)
  })
})
