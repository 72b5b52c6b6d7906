import { errorCode, errorMessage } from '../errors.ts'
import { splitWords } from '../facts/dev-script.ts'
import type { Host } from '../host/host.ts'
import { programFile, systemProgram } from '../host/programs.ts'
import { withoutOurs } from '../host/secret-names.ts'
import { within } from '../host/race-stop.ts'

/** How a page is opened on a machine, or why it can't be. */
export type BrowserCommand =
  { readonly kind: 'command'; readonly file: string; readonly args: readonly string[] } | { readonly kind: 'none'; readonly why: string }

/**
 * The command that opens a page: the user's `BROWSER` (a `%s` in it is the URL),
 * else the platform's own. No shell is in between: a URL is never part of a
 * command line that something parses. Pure.
 */
export function browserCommand({ platform, env }: Pick<Host, 'platform' | 'env'>, url: string): BrowserCommand {
  if (!/^https?:\/\//.test(url)) return { kind: 'none', why: `${url} is no page` }
  const wish = env['BROWSER'] ?? ''
  if (wish.toLowerCase() === 'none') return { kind: 'none', why: 'BROWSER=none asks for none' }
  // Windows' paths have colons, and its programs no lists
  const [first = ''] = platform === 'win32' ? [wish] : wish.split(':')
  const [file, ...args] = splitWords(first.replaceAll('%s', urlMark)) ?? [first]
  if (file !== undefined && file !== '') {
    const given = args.map((word) => word.replaceAll(urlMark, url))
    return { kind: 'command', file, args: args.some((word) => word.includes(urlMark)) ? given : [...given, url] }
  }
  if (platform === 'darwin') return { kind: 'command', file: 'open', args: [url] }
  // `start` is cmd's own, and cmd takes & in a URL for the next command
  const windows = (file: string) => ({ kind: 'command', file, args: ['url.dll,FileProtocolHandler', url] }) as const
  if (platform === 'win32') return windows(systemProgram('rundll32'))
  if (isSet(env['WSL_DISTRO_NAME'])) return windows('rundll32.exe')
  if (!isSet(env['DISPLAY']) && !isSet(env['WAYLAND_DISPLAY'])) return { kind: 'none', why: 'there is no display (DISPLAY is not set)' }
  return { kind: 'command', file: 'xdg-open', args: [url] }
}

const urlMark = '\u0000'
const isSet = (value: string | undefined): boolean => value !== undefined && value !== ''

/** What came of opening a page. */
export type Opened = { readonly opened: true; readonly by: string } | { readonly opened: false; readonly why: string }

/** A program that opens a page and stays (a browser itself) is waited for no longer than this, in milliseconds. */
const waitMs = 1500

/** Opens a page in the user's browser, which outlives the launcher. Never throws. */
export async function openPage(host: Pick<Host, 'platform' | 'env'>, url: string): Promise<Opened> {
  const command = browserCommand(host, url)
  if (command.kind === 'none') return { opened: false, why: command.why }
  const { execa } = await import('execa')
  const child = execa(programFile(command.file, host.env) ?? command.file, [...command.args], {
    env: withoutOurs(host.env),
    extendEnv: false,
    stdio: 'ignore',
    detached: true,
    cleanup: false,
    reject: false,
    windowsHide: true,
  })
  child.unref()
  const result = await within(waitMs, child)
  if (result === undefined || result.exitCode === 0) return { opened: true, by: command.file }
  if (child.pid === undefined) {
    const { cause } = result
    return { opened: false, why: `${command.file} can't be run (${errorCode(cause) ?? errorMessage(cause)})` }
  }
  return { opened: false, why: `${command.file} ended with ${result.exitCode ?? result.signal ?? 'a signal'}` }
}
