import { resolve } from 'node:path'
import { usageError } from '../errors.ts'
import { statSync } from 'node:fs'
import type { Host } from './host.ts'
import { openOutput } from './output.ts'
import { Secrets } from './secrets.ts'
import type { Terminal } from './terminal.ts'

/**
 * The real host. `cwd` is `--cwd`, relative to the working folder. `terminal`
 * stands in for that of the process, which is left alone then.
 * Throws LauncherError `no-such-folder` (exit 2).
 */
export function nodeHost(options: { cwd?: string | undefined; terminal?: ((secrets: Secrets) => Terminal) | undefined } = {}): Host {
  const cwd = folderOf(options.cwd)
  const secrets = new Secrets()
  secrets.addFrom(process.env)
  const terminal = (options.terminal ?? nodeTerminal)(secrets)
  return { platform: process.platform, env: process.env, give, cwd, now: () => performance.now(), terminal, secrets }
}

/** Throws LauncherError `no-such-folder`. */
function folderOf(named: string | undefined): string {
  let cwd: string | undefined
  try {
    cwd = resolve(named ?? '.')
  } catch {
    // the working folder was taken away: process.cwd() throws
  }
  if (cwd !== undefined && statSync(cwd, { throwIfNoEntry: false })?.isDirectory() === true) return cwd
  if (named !== undefined) throw usageError('no-such-folder', `--cwd: there is no folder ${cwd ?? named}`)
  throw usageError(
    'no-such-folder',
    cwd === undefined ? 'The working folder is gone' : `The name of the working folder isn't UTF-8: ${cwd}`,
    {
      hint: 'Go to another one, or name it: --cwd FOLDER.',
    },
  )
}

function give(variables: Readonly<Record<string, string>>): void {
  Object.assign(process.env, variables)
}

function nodeTerminal(secrets: Secrets): Terminal {
  const { stdin, stdout, stderr, env } = process
  // a reader that went away (EPIPE) or a closed terminal (EIO) ends the run by its signal handlers, not by an exception
  stdout.on('error', () => {})
  stderr.on('error', () => {})
  for (const stream of [stdout, stderr]) leaveUnblocked(stream)
  const [outIsTerminal, errIsTerminal, inCi] = [stdout.isTTY === true, stderr.isTTY === true, isCi(env)]
  const draws = !inCi && env['TERM'] !== 'dumb'
  // a terminal that was never told its size has 0 columns, and can't be drawn on
  const canDrawOn = (stream: NodeJS.WriteStream) => draws && stream.isTTY === true && stream.columns > 0
  const color = wantsColor(env, outIsTerminal)
  const output = openOutput({
    stdout,
    stderr,
    mask: (text) => secrets.mask(text),
    color,
    inCi,
    toJson: (value) => secrets.json(value),
    drawOn: canDrawOn(stdout) ? 'stdout' : !outIsTerminal && canDrawOn(stderr) ? 'stderr' : undefined,
    oneScreen: outIsTerminal && errIsTerminal,
  })
  return {
    ...output,
    interactive: stdin.isTTY === true && errIsTerminal && !inCi,
    outIsTerminal,
    errIsTerminal,
    color,
    get columns() {
      return stdout.columns > 0 ? stdout.columns : 80
    },
  }
}

/** True where CI says so of itself. */
function isCi({ CI: value }: Readonly<Record<string, string | undefined>>): boolean {
  return value !== undefined && value !== '' && value !== 'false'
}

/** NO_COLOR wins, then FORCE_COLOR, then whether it is a terminal that isn't dumb (https://no-color.org, https://force-color.org). */
function wantsColor(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  const force = env['FORCE_COLOR']
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false'
  return isTerminal && env['TERM'] !== 'dumb'
}

/**
 * Node waits for a terminal at each write (nodejs.org/api/process.html, "A note on process I/O"): one whose reader is
 * gone or has pressed Ctrl+S would hold this process for good, deaf to every signal. What isn't taken waits in memory instead.
 */
function leaveUnblocked(stream: NodeJS.WriteStream): void {
  if (stream.isTTY !== true) return
  const handle: unknown = Reflect.get(stream, '_handle')
  if (typeof handle !== 'object' || handle === null || !('setBlocking' in handle)) return
  if (typeof handle.setBlocking === 'function') handle.setBlocking(false)
}
