import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { browserCommand, openPage } from '../../src/run/browser.ts'
import { ending } from '../support/ends.ts'

const url = 'http://localhost:3000/?a=1&b=2'
const { folder } = ending()

test.each<[string, NodeJS.Platform, Record<string, string>, readonly string[] | string]>([
  ['macOS', 'darwin', {}, ['open', url]],
  ['Windows', 'win32', {}, [String.raw`C:\Windows\System32\rundll32.exe`, 'url.dll,FileProtocolHandler', url]],
  ['Linux with a display', 'linux', { DISPLAY: ':0' }, ['xdg-open', url]],
  ['Wayland', 'linux', { WAYLAND_DISPLAY: 'wayland-0' }, ['xdg-open', url]],
  ['Linux without a display', 'linux', {}, 'there is no display (DISPLAY is not set)'],
  ['an empty DISPLAY', 'linux', { DISPLAY: '' }, 'there is no display (DISPLAY is not set)'],
  ['Linux in Windows', 'linux', { WSL_DISTRO_NAME: 'Debian' }, ['rundll32.exe', 'url.dll,FileProtocolHandler', url]],
  ['the user’s choice', 'linux', { BROWSER: 'firefox' }, ['firefox', url]],
  ['with words', 'darwin', { BROWSER: 'open -a "Google Chrome"' }, ['open', '-a', 'Google Chrome', url]],
  ['with a place for the URL', 'linux', { BROWSER: 'firefox --new-tab %s --kiosk' }, ['firefox', '--new-tab', url, '--kiosk']],
  ['the first of a list', 'linux', { BROWSER: 'firefox:chromium' }, ['firefox', url]],
  ['a path of Windows', 'win32', { BROWSER: 'C:\\b\\x.exe' }, ['C:\\b\\x.exe', url]],
  ['none', 'linux', { BROWSER: 'none', DISPLAY: ':0' }, 'BROWSER=none asks for none'],
])('%s', (_, platform, env, expected) => {
  const command = browserCommand({ platform, env }, url)
  expect(command.kind === 'command' ? [command.file, ...command.args] : command.why).toEqual(expected)
})

test('what is no page is not opened', () => {
  expect(browserCommand({ platform: 'win32', env: {} }, 'file:///etc/passwd')).toMatchObject({ kind: 'none' })
})

const standIn = async (script: string): Promise<{ env: Record<string, string | undefined>; file: string }> => {
  const at = await folder()
  const [program, file] = [join(at, 'browser'), join(at, 'opened')]
  await writeFile(program, `#!/bin/sh\n${script.replaceAll('FILE', file)}\n`)
  await chmod(program, 0o755)
  return { env: { PATH: process.env['PATH'], BROWSER: program, ELECTION_DEV_TOKEN: 'x' }, file }
}
describe.skipIf(process.platform === 'win32')('for real', () => {
  const platform = process.platform

  test('the program gets the URL whole, and nothing of ours', async () => {
    const { env, file } = await standIn('printf "%s %s" "$1" "${ELECTION_DEV_TOKEN-unset}" > FILE')
    expect(await openPage({ platform, env }, url)).toMatchObject({ opened: true })
    expect(await readFile(file, 'utf8')).toBe(`${url} unset`)
  })

  test('one that fails, and one that is not there', async () => {
    const { env } = await standIn('exit 3')
    expect(await openPage({ platform, env }, url)).toMatchObject({ opened: false, why: expect.stringMatching(/ended with 3$/) })
    expect(await openPage({ platform, env: { BROWSER: '/nowhere/browser' } }, url)).toEqual({
      opened: false,
      why: "/nowhere/browser can't be run (ENOENT)",
    })
  })
})
