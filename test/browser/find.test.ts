import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { browserArguments } from '../../src/browser/arguments.ts'
import { devSocketOf } from '../../src/browser/dev-sockets.ts'
import { browserPlaces, findBrowser } from '../../src/browser/find.ts'
import { ending } from '../support/ends.ts'

const { folder } = ending()

test('the places of each platform', () => {
  const windows = browserPlaces({
    platform: 'win32',
    env: { ProgramFiles: 'C:\\Program Files', LOCALAPPDATA: 'C:\\Users\\a\\AppData\\Local' },
  })
  expect(windows.map(({ file }) => file)).toContain('C:\\Program Files\\Microsoft\\Edge\\Application\\msedge.exe')
  expect(windows.map(({ file }) => file)).toContain('C:\\Users\\a\\AppData\\Local\\Google\\Chrome\\Application\\chrome.exe')
  const mac = browserPlaces({ platform: 'darwin', env: { HOME: '/Users/a' } })
  expect(mac[0]).toEqual({ name: 'Chrome', file: '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome' })
  expect(mac.map(({ file }) => file)).toContain('/Users/a/Applications/Brave Browser.app/Contents/MacOS/Brave Browser')
  // a folder of the PATH that is no absolute one is the checkout's own
  expect(browserPlaces({ platform: 'linux', env: { PATH: 'node_modules/.bin:/usr/bin' } })[0]?.file).toBe('/usr/bin/google-chrome-stable')
})

test('CHROME_PATH, the PATH, or why there is none', async () => {
  const bin = await folder()
  const none = await findBrowser({ platform: 'linux', env: { PATH: bin } })
  expect(none).toEqual({ why: 'no browser was found (Chrome, Chromium, Edge, Brave, or the one that CHROME_PATH names)' })
  const edge = join(bin, 'microsoft-edge')
  await writeFile(edge, '')
  expect(await findBrowser({ platform: 'linux', env: { PATH: bin } })).toEqual(none)
  await chmod(edge, 0o755)
  expect(await findBrowser({ platform: 'linux', env: { PATH: bin } })).toEqual({ name: 'Edge', file: edge })
  await mkdir(join(bin, 'own'))
  const own = join(bin, 'own', 'brave')
  expect(await findBrowser({ platform: 'linux', env: { PATH: bin, CHROME_PATH: own } })).toEqual({
    why: `CHROME_PATH names ${own}, which can't be run`,
  })
  await writeFile(own, '', { mode: 0o755 })
  expect(await findBrowser({ platform: 'linux', env: { PATH: bin, CHROME_PATH: own } })).toEqual({ name: 'Brave', file: own })
})

test('only its own hosts resolve, no proxy stands between, and no sandbox is given up but as root', () => {
  const job = { url: 'https://vote.local:3000/', hosts: ['cdn.example'], asRoot: false }
  const words = browserArguments(job, '/tmp/p')
  expect(words).toContain(
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1, EXCLUDE ::1, EXCLUDE vote.local, EXCLUDE cdn.example',
  )
  expect(words).toContain('--no-proxy-server')
  expect(words).toContain('--remote-debugging-pipe')
  expect(words.filter((word) => /sandbox|debugging-port/.test(word))).toEqual([])
  expect(browserArguments({ ...job, asRoot: true }, '/tmp/p')).toContain('--no-sandbox')
})

test.each<[string, string, string[], string | undefined, string | undefined]>([
  ['Vite', '/?token=x', ['vite-hmr'], undefined, 'Vite'],
  ['Next', '/_next/webpack-hmr?id=1', [], undefined, 'Next.js'],
  ['Next below a base', '/app/_next/webpack-hmr', [], undefined, 'Next.js'],
  ['webpack', '/ws', [], '{"type":"hot"}', 'webpack-dev-server'],
  ['an application at /ws', '/ws', [], '{"type":"votes","votes":1}', undefined],
  ['webpack, which tells whether it shows progress', '/ws', [], '{"type":"progress","data":false}', 'webpack-dev-server'],
  ['webpack, which tells of a build', '/ws', [], '{"type":"hash","data":"8c6caf27"}', 'webpack-dev-server'],
  ['an application that tells of progress', '/ws', [], '{"type":"progress","data":{"done":3}}', undefined],
  ['an application that confirms', '/ws/', [], '{"type":"ok"}', undefined],
  ['an application that lists errors', '/ws/', [], '{"type":"errors","data":[]}', undefined],
  ['an application at /ws that says nothing', '/ws', [], undefined, undefined],
  ['an application with a subprotocol', '/', ['graphql-ws'], undefined, undefined],
])('%s', (_, path, subprotocols, firstMessage, tool) => {
  expect(devSocketOf({ path, subprotocols, firstMessage })).toBe(tool)
})
