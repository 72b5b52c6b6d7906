import { execa } from 'execa'
import { errorCode, errorMessage } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { LineSplitter } from '../host/lines.ts'
import { endTree, killGroupNow } from './process-tree.ts'

/** A command to run, without a shell. */
export interface Launch {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** How a server ended. */
export interface ServerExit {
  readonly exitCode: number | undefined
  readonly signal: string | undefined
  /** Milliseconds since its start. */
  readonly afterMs: number
  /** Set where it could not be started at all. */
  readonly spawnError: string | undefined
}

/** A server under way, with all that it started. */
export interface RunningServer {
  readonly pid: number | undefined
  readonly exited: Promise<ServerExit>
  /** The last lines of its output, both streams in the order of arrival, colours taken out. */
  readonly lastLines: () => readonly string[]
  /** How many lines it has written so far. */
  readonly lineCount: () => number
  /** What is still kept of the lines after the first `count`. */
  readonly linesSince: (count: number) => readonly string[]
  /** Ends the whole tree: gracefully, and by force when `timeoutMs` is over. Resolves when nothing of it is left. */
  readonly stop: (timeoutMs: number) => Promise<void>
  /** Ends the whole tree by force, at once. */
  readonly kill: () => void
}

const keptLines = 200
/** How long the last lines of an ended server are waited for, in milliseconds. */
const lastLinesMs = 200

/**
 * Starts the server in a process group of its own, so that the terminal's Ctrl+C
 * reaches it once, through us, and so that all that it starts can be ended with it.
 * `onLine` gets every line of its output; lines of the two streams never mix.
 */
export function launchServer(host: Host, launch: Launch, onLine: (line: string, stream: 'out' | 'err') => void): RunningServer {
  const started = host.now()
  const kept: string[] = []
  let count = 0
  const keep = (stream: 'out' | 'err') => (line: string) => {
    kept.push(plain(line))
    count++
    if (kept.length > keptLines) kept.shift()
    onLine(line, stream)
  }
  const child = execa(launch.file, [...launch.args], {
    cwd: launch.cwd,
    env: { ...launch.env },
    extendEnv: false,
    stdin: 'ignore',
    buffer: false,
    reject: false,
    // on Windows a detached child gets a console window of its own
    detached: host.platform !== 'win32',
    cleanup: false,
    windowsHide: true,
  })
  const splitters = { out: new LineSplitter(keep('out')), err: new LineSplitter(keep('err')) }
  child.stdout.on('data', (chunk: Buffer) => splitters.out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => splitters.err.push(chunk))

  const killNow = () => {
    if (child.pid !== undefined) killGroupNow(host.platform, child.pid)
  }
  // an exception of ours must not leave the server behind
  process.once('exit', killNow)

  const exited = new Promise<ServerExit>((resolve) => {
    child.once('exit', (code, signal) => {
      const exit: ServerExit = { exitCode: code ?? undefined, signal: signal ?? undefined, afterMs: host.now() - started, spawnError: undefined }
      // its last lines are read first; but a grandchild may hold the streams open, and isn't waited for
      const timer = setTimeout(() => resolve(exit), lastLinesMs)
      child.once('close', () => {
        clearTimeout(timer)
        resolve(exit)
      })
    })
    child.once('error', (error) => {
      if (child.pid === undefined) {
        resolve({ exitCode: undefined, signal: undefined, afterMs: host.now() - started, spawnError: `${errorCode(error) ?? ''} ${errorMessage(error)}`.trim() })
      }
    })
  })
  void child.finally(() => {
    splitters.out.end()
    splitters.err.end()
  })

  let stopping: Promise<void> | undefined
  return {
    pid: child.pid,
    exited,
    lastLines: () => kept,
    lineCount: () => count,
    linesSince: (since) => kept.slice(Math.max(0, kept.length - (count - since))),
    stop: (timeoutMs) => {
      stopping ??= (async () => {
        if (child.pid !== undefined) await endTree(host, child.pid, timeoutMs)
        await exited
        process.removeListener('exit', killNow)
      })()
      return stopping
    },
    kill: killNow,
  }
}

/** The text without terminal colours (ECMA-48 CSI sequences). */
export function plain(text: string): string {
  // the escape character is built: a control character in a pattern is refused by the linter, rightly
  return text.replaceAll(csi, '')
}

const csi = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;?]*[A-Za-z]`, 'g')
