import { negated } from './config.ts'
import type { GivenFlag } from './config.ts'
import type { Flags } from './resolve.ts'

/** Options of the command line as commander hands them over. */
export type Options = Readonly<Record<string, unknown>>

/** Options that are no keys of the configuration. */
const notKeys: ReadonlySet<string> = new Set([
  'cwd',
  'write',
  'version',
  'url',
  'send',
  'expect',
  'count',
  'list',
  'fix',
  'yes',
  'undo',
  'detach',
  'reporter',
  'timeout',
  'follow',
  'lines',
  'dryRun',
  'two',
])

/**
 * Options as commander gives them, under the names of their keys. A negated
 * option (`--no-watch`) is true by itself where it wasn't given, which is no
 * word of the user's and left out.
 */
export function flagsOf(options: Options): Flags {
  const flags: Record<string, unknown> = {}
  const cwd = cwdOf(options)
  const beside: readonly GivenFlag[] = [
    ...(cwd === undefined ? [] : [['--cwd', cwd] as const]),
    ...(options['detach'] === true ? [['--detach'] as const] : []),
  ]
  for (const [name, value] of Object.entries(options)) {
    if (notKeys.has(name) || value === undefined) continue
    if ((negated.has(name) || name === 'frontend' || name === 'procfile') && value === true) continue
    if (name === 'subprotocol') flags['subprotocols'] = value
    else if (name === 'frontend' && typeof value === 'string') flags['frontend'] = { folder: value }
    else flags[name] = value
  }
  return { ...flags, beside }
}

/** `--cwd`, where it was given. */
export function cwdOf(options: Options): string | undefined {
  const { cwd } = options
  return typeof cwd === 'string' ? cwd : undefined
}
