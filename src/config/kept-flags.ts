import type { GivenFlag } from './config.ts'
import { optionsAt } from './options/call.ts'
import { dashed, flagOf, keys } from './options/keys.ts'
import type { Option } from './options/option.ts'

/** The flags that a command takes, and that mean there what they mean elsewhere. */
function flagsAt(command: string): ReadonlySet<string> {
  const meant = new Map(Object.entries<Option>(keys))
  const taken = optionsAt(command).filter(([key, { flag }]) => flag === (meant.get(key) ?? { flag }).flag)
  return new Set(taken.flatMap(([key, row]) => [flagOf(key, row), ...(row.no === undefined ? [] : [`--no-${dashed(key)}`])]))
}

/** A command of ours with the flags that were given, that it takes, and that it doesn't say itself; another program's as it is. Pure. */
export function withGiven(command: readonly string[], given: readonly GivenFlag[]): readonly string[] {
  const at = command.indexOf('election-dev')
  const verb = at === -1 ? undefined : command[at + 1]
  const taken = flagsAt(verb ?? '')
  const port = verb === 'start' ? portAsked(given) : []
  return [...command, ...[...given, ...port].filter(([flag]) => taken.has(flag) && !command.includes(flag)).flat()]
}

/** The port of a server on this machine whose WebSocket was asked for: a start serves there. A page's URL names another server's. */
function portAsked(given: readonly GivenFlag[]): readonly GivenFlag[] {
  if (given.some(([flag]) => flag === '--port')) return []
  const [url = '', another] = given.flatMap(([flag, value]) => (flag === '--url' ? [value] : []))
  const port = /^ws:\/\/(?:localhost|127\.0\.0\.1|\[::1\]):(\d+)(?=\/|$)/i.exec(url)?.[1]
  return another === undefined && port !== undefined ? [['--port', port]] : []
}
