/**
 * Looks at a page in a headless browser, in a process of its own that leads the
 * browser's process group: when the launcher is gone, even by SIGKILL, the
 * channel between the two closes, and browser and profile are ended. The first
 * message is the job (PageJob), the last one what was seen (PageLook).
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { rm } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import type { PageJob, PageLook } from '../facts/page-seen.ts'
import { errorMessage } from '../errors.ts'
import { systemProgram } from '../host/programs.ts'
import { within } from '../host/race-stop.ts'
import { makeProfile } from '../browser/profiles.ts'
import { endOwnGroup } from './own-group.ts'
import { browserArguments } from '../browser/arguments.ts'
import { DevTools, type DevToolsEvent } from '../browser/devtools.ts'
import { lookAtPage } from '../browser/visit.ts'

/** How long the browser may take to answer, and to end, in milliseconds. */
const startMs = 10_000
const endMs = 1500

let profile: string | undefined
let browser: ChildProcess | undefined
let leaving: Promise<void> | undefined

const leave = () => (leaving ??= clear())
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void leave().then(() => process.exit()))
process.on('disconnect', () => void leave().then(() => process.exit()))
process.once('message', (message: PageJob) => {
  void serve(message)
})

async function serve(asked: PageJob): Promise<void> {
  const found = await look(asked).catch((error: unknown): PageLook => ({ result: 'unseen', why: errorMessage(error) }))
  await leave()
  if (process.connected) process.send?.(found, () => process.disconnect())
}

async function look(asked: PageJob): Promise<PageLook> {
  const started = performance.now()
  // who ends this takes it away, and with it what the browser makes for itself
  const folder = (profile = makeProfile())
  const child = spawn(asked.browser, browserArguments(asked, folder), {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
  })
  browser = child
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said = `${said}${String(chunk)}`.slice(-4000)))
  const gone = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message))
    child.once('exit', (code, signal) => resolve(`it ended with ${code ?? signal ?? 'nothing'}`))
  })
  const [, , , to, from] = child.stdio
  if (!isWritable(to) || !isReadable(from)) return { result: 'unseen', why: `${asked.browser} could not be started` }
  const listeners = new Set<(event: DevToolsEvent) => void>()
  const devtools = new DevTools(from, to, (event) => {
    for (const listener of listeners) listener(event)
  })
  const version = await Promise.race([devtools.ask('Browser.getVersion', {}, undefined, startMs), gone])
  if (typeof version === 'string' || !version.ok) {
    const why = typeof version === 'string' ? version : version.why
    const last = said.split('\n').findLast((line) => /\b(?:ERROR|FATAL|error)\b/.test(line) && !/dbus|crashpad/.test(line))
    return { result: 'unseen', why: `${asked.browser} can't be used: ${why}${last === undefined ? '' : ` (${last.trim().slice(0, 200)})`}` }
  }
  return lookAtPage(asked, { devtools, listeners, started, version: version.result })
}

/** Ends the browser with all of its processes, and takes its profile away. */
async function clear(): Promise<void> {
  const child = browser
  if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const exited = new Promise((resolve) => child.once('exit', resolve))
    if (process.platform === 'win32')
      spawnSync(systemProgram('taskkill'), ['/PID', String(child.pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true })
    // all at once: what has left the group is known by its parent alone
    else await endOwnGroup(0)
    await within(endMs, exited)
  } else if (process.platform !== 'win32') await endOwnGroup(0)
  // a process that is dying may still write to it
  if (profile !== undefined) await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }).catch(() => {})
}

function isWritable(stream: Readable | Writable | null | undefined): stream is Writable {
  return stream !== null && stream !== undefined && 'write' in stream
}

function isReadable(stream: Readable | Writable | null | undefined): stream is Readable {
  return stream !== null && stream !== undefined && 'read' in stream
}
