import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { nextFreePort } from '../facts/next-port.ts'
import { isFree, probePort } from '../facts/port.ts'
import type { FailedStart } from '../facts/startup.ts'
import { deferred } from '../host/deferred.ts'
import type { Host } from '../host/host.ts'
import { raceStop } from '../host/race-stop.ts'
import { connectAddress, connectOnce } from '../host/tcp.ts'
import type { LaunchPlan } from '../plan/launch.ts'
import { launchServer, type RunningServer } from './server.ts'
import { withoutEscapes } from '../host/escape-codes.ts'

/** What came of starting the server. */
export type BringUp =
  /** Something of our process tree listens; `proven` is false where this machine doesn't tell whose socket it is. */
  | {
      readonly kind: 'listening'
      readonly server: RunningServer
      readonly port: number
      readonly listenMs: number
      readonly proven: boolean
    }
  | FailedStart
  | { readonly kind: 'stopped' }

export interface BringUpOptions {
  /** `startTimeout`: until the first listening socket. */
  readonly config: Pick<Config, 'host' | 'startTimeout' | 'stopTimeout'>
  readonly port: number
  /** Fail instead of taking another port where this one is lost in a race. */
  readonly strictPort: boolean
  readonly onLine: (line: string) => void
  readonly onLaunch: (server: RunningServer) => void
  readonly onPortLost: (lost: number, next: number) => void
  /** Aborted when the user asks to stop. */
  readonly signal: AbortSignal
}

/** A port is lost to another program between the check and the bind at most this often before we give up. */
const races = 5

/** What servers say when the port was taken before they could bind it. daphne says it and exits with 0. */
const portTakenLine =
  /(?:Errno (?:98|48|10048)|WinError 10048)\b|Address already in use|EADDRINUSE|That port is already in use|only one usage of each socket address/i

/**
 * Starts the server and waits until something of its process tree listens. The
 * race between our check of the port and the server's bind is won by trying the
 * next port, and by asking whose socket it is that answers: a listener of
 * another program is never taken for ours.
 */
export async function bringUp(host: Host, plan: LaunchPlan, options: BringUpOptions): Promise<BringUp> {
  let { port } = options
  for (let attempt = 0; ; attempt++) {
    const outcome = await tryPort(host, plan, port, options)
    const lost = outcome.kind === 'died' && outcome.portTaken
    if (!lost || options.strictPort || attempt >= races) return outcome
    const next = await nextFreePort(port, options.config.host)
    if (next === undefined) return outcome
    options.onPortLost(port, next)
    port = next
  }
}

async function tryPort(host: Host, plan: LaunchPlan, port: number, options: BringUpOptions): Promise<BringUp> {
  if (options.signal.aborted) return { kind: 'stopped' }
  const over = new AbortController()
  const lost = deferred<'lost'>()
  const server = launchServer(
    host,
    { file: plan.file, args: plan.argsFor(port), cwd: plan.cwd, env: plan.serverEnv, observed: plan.observed !== 'none' },
    (line) => {
      if (saysPortLost(line, port)) lost.resolve('lost')
      options.onLine(line)
    },
  )
  options.onLaunch(server)
  const outcome = Promise.race([server.exited, lost.promise, untilListening(host, server, port, options, over.signal)])
  const first = await raceStop(outcome, options.signal)
  over.abort()
  if (first === undefined) return { kind: 'stopped' }
  if (typeof first === 'object' && 'listenMs' in first) return { kind: 'listening', server, port, ...first }
  await server.stop(options.config.stopTimeout)
  const lines = server.lastLines()
  if (first === 'deadline') return { kind: 'silent', lines, port, afterMs: options.config.startTimeout }
  const exit = await server.exited
  // 'foreign': the answer comes from a program that isn't ours, so ours has lost the port, whatever it says about it
  const portTaken =
    first === 'lost' ||
    first === 'foreign' ||
    (lines.some((line) => portTakenLine.test(line)) && !isFree(await probePort(port, options.config.host)))
  return { kind: 'died', exit, lines, port, portTaken }
}

/** True for a line that names this very port: a server may say it and live on (daphne #577), or end with 0 as daphne does. */
function saysPortLost(line: string, port: number): boolean {
  const text = withoutEscapes(line)
  return portTakenLine.test(text) && new RegExp(`(?<!\\d)${port}(?!\\d)`).test(text)
}

async function untilListening(
  host: Host,
  server: RunningServer,
  port: number,
  options: BringUpOptions,
  signal: AbortSignal,
): Promise<{ listenMs: number; proven: boolean } | 'deadline' | 'foreign'> {
  // it never came to life: its end is told by `exited`
  const pid = await server.born
  if (pid === undefined) return new Promise(() => {})
  const started = host.now()
  const address = connectAddress(options.config.host)
  // loaded while the server starts
  const listeners = import('../facts/listener.ts')
  for (;;) {
    const elapsed = host.now() - started
    if (signal.aborted || elapsed > options.config.startTimeout) return 'deadline'
    const { result } = await connectOnce(address, port, 1000)
    if (result === 'open') {
      const owner = await (await listeners).portOwner(host, port, pid)
      if (owner === 'foreign') return 'foreign'
      // 'nobody': what answered has gone in the meantime, such as another launcher's trial of the port
      if (owner !== 'nobody') return { listenMs: host.now() - started, proven: owner === 'ours' }
    }
    // a refused connect on loopback costs microseconds; a slow start is looked at less often
    await delay(elapsed < 3000 ? 5 : 50)
  }
}
