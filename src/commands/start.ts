import { resolveConfig, type Flags } from '../config/resolve.ts'
import { ExitCode, LauncherError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { exitStatusOf, hangUp, onStopRequest, type StopReason } from '../host/stop-signals.ts'
import type { ReadySummary, SocketState, StartReport } from '../report/start-report.ts'
import { bringUp } from '../run/bring-up.ts'
import type { RunningServer } from '../run/server.ts'
import type { Proof } from '../verify/prove.ts'
import { prepare, type Prepared } from './start-prepare.ts'
import type { SetupRun } from './start-setup.ts'
import type { Prover } from './start-proof.ts'

/** What a composition of `start` (the demo) sets besides the flags. */
export interface StartExtras {
  /** The page to name in the banner, once the port is known. */
  readonly page?: (backendUrl: URL) => string
  readonly version: string
  /** Replaces what the configuration says of the report: text or JSON on the terminal. */
  readonly report?: StartReport
  /**
   * Called once the WebSocket was tried and the banner was printed. Where it
   * gives a status, the run ends with it; where it gives none, the run goes on.
   * `signal` is aborted when the run is told to stop.
   */
  readonly whenReady?: (summary: ReadySummary, signal: AbortSignal, proving: Proving) => Promise<number | undefined>
  /** What asks it to end, in place of signals, a closed output and a parent that is gone; of those nothing is listened to then. */
  readonly onStop?: (callback: (reason: StopReason, count: number) => void) => () => void
  /** When the start began, on the host's clock, where other work came before it; default: with the process. */
  readonly since?: number
}

/** What a composition may ask of the WebSocket while the run is up. */
export interface Proving {
  /** The last proof. */
  readonly last: () => Proof | undefined
  /** Proves it anew, held for `holdMs` milliseconds at least, with the cause as exact as it is known. */
  readonly again: (holdMs: number) => Promise<Proof>
}

/**
 * `election-dev start`: from a checkout to a proven WebSocket, and up until it
 * is told to stop. Gives the exit status: 0 never (it runs until stopped), 1 for
 * a finding, 130, 143 and 129 after SIGINT, SIGTERM and SIGHUP.
 */
export async function start(host: Host, flags: Flags, extras: StartExtras): Promise<number> {
  const config = await resolveConfig(host, flags)
  const report = extras.report ?? (await reportFor(host, config))
  const abort = new AbortController()
  let reason: StopReason | undefined
  let server: RunningServer | undefined
  const listenForStop = extras.onStop ?? ((callback) => onStopRequest(callback, { watchParent: config.parentWatch }))
  const takeAway = listenForStop((why, count) => {
    reason ??= why
    if (count === 1) report.stopping(words[why])
    else server?.kill()
    abort.abort()
  })
  let status: number = ExitCode.finding
  try {
    const run = { host, config, report, signal: abort.signal }
    const keep = (running: RunningServer) => {
      server = running
    }
    const prepared = await raceStop(prepare(run), abort.signal)
    const outcome = prepared === undefined ? ExitCode.ok : await serve(prepared, extras, keep)
    if (outcome === 'needs-setup') {
      // found out only while it ran: stop, make what is missing, and start anew
      await server?.stop(config.stopTimeout)
      status = await serveAfterSetup(run, extras, keep)
    } else status = outcome
  } catch (error) {
    if (!(error instanceof LauncherError)) throw error
    if (reason === undefined) report.error(error)
    status = error.exitCode
  } finally {
    await server?.stop(config.stopTimeout)
    takeAway()
  }
  if (reason !== undefined) status = exitStatusOf[reason]
  report.end(status)
  hangUp(reason)
  return status
}

const words: Readonly<Record<StopReason, string>> = {
  SIGINT: 'Stopping (Ctrl+C again: at once)',
  SIGTERM: 'Stopping (SIGTERM)',
  SIGHUP: 'Stopping (the terminal was closed)',
  SIGBREAK: 'Stopping',
  'parent-gone': 'Stopping (the process that started this is gone)',
  'output-closed': 'Stopping (nobody reads the output)',
  asked: 'Stopping',
}

/** Text for people, or JSON events. */
export async function reportFor(host: Host, config: { json: boolean; verbose: boolean }): Promise<StartReport> {
  if (config.json) return (await import('../report/start-json.ts')).startJson(host)
  return (await import('../report/start-text.ts')).startText(host, { verbose: config.verbose })
}

async function serveAfterSetup(run: SetupRun, extras: StartExtras, onLaunch: (server: RunningServer) => void): Promise<number> {
  const prepared = await raceStop(prepare(run, { look: true }), run.signal)
  if (prepared === undefined) return ExitCode.ok
  const outcome = await serve(prepared, extras, onLaunch)
  if (outcome !== 'needs-setup') return outcome
  throw new LauncherError('migrations-pending', 'The database still has no tables after the setup', {
    hint: 'Run python manage.py migrate by hand to see why.',
  })
}

/** Launches, proves and watches. Gives the exit status where the run ends by itself. */
async function serve(prepared: Prepared, extras: StartExtras, onLaunch: (server: RunningServer) => void): Promise<number | 'needs-setup'> {
  const { host, config, report, signal } = prepared
  report.phase(`starting ${prepared.server.name}`)
  const inspection = prepared.inspect()
  // loaded while the server starts: nothing of it is needed before
  const later = import('./start-later.ts')
  const up = await bringUp(host, prepared.plan, {
    bindHost: config.host,
    port: prepared.port,
    strictPort: config.strictPort,
    startTimeout: config.startTimeout,
    stopTimeout: config.stopTimeout,
    onLine: (line) => report.line('backend', line),
    onLaunch: (server) => {
      onLaunch(server)
      // beside the server's start: the banner tells of it
      void prepared.redis()
    },
    onPortLost: (lost, next) => report.warning('port-in-use', `Port ${lost} was taken by another program in the meantime: using ${next}`),
    signal,
  })
  const { startupCause, startProof, summaryOf } = await later
  if (up.kind !== 'listening') {
    inspection.cancel()
    if (up.kind === 'stopped') return ExitCode.ok
    report.diagnosis(await startupCause(prepared, up))
    return ExitCode.finding
  }
  const prover: Prover = startProof(prepared, inspection, up)
  report.phase('proving the WebSocket')
  const first = await raceStop(prover.first(), signal)
  if (first === undefined) {
    inspection.cancel()
    return ExitCode.ok
  }
  if (first.state !== 'proven' && (await inspection.get('database'))?.state === 'empty') return 'needs-setup'
  const summary = await raceStop(summaryOf(prepared, prover, up, first, extras), signal)
  if (summary !== undefined) report.ready(summary)
  if (summary !== undefined && extras.whenReady !== undefined) {
    const status = await extras.whenReady(summary, signal, { last: prover.last, again: (holdMs) => proveAgain(prepared, prover, holdMs) })
    if (status !== undefined) {
      inspection.cancel()
      first.socket?.terminate()
      return status
    }
  }
  return untilEnd(prepared, prover, up.server, first, summary?.websocket.state, inspection.cancel)
}

/** Another proof, with the cause as exact as it is known. */
async function proveAgain(prepared: Prepared, prover: Prover, holdMs: number): Promise<Proof> {
  const { exactCause } = await import('./start-later.ts')
  const proof = await prover.again(holdMs)
  return proof.diagnosis === undefined ? proof : { ...proof, diagnosis: await exactCause(prepared, prover, proof.diagnosis, 'first') }
}

/** Stays up until it is told to stop, or the server ends by itself. */
async function untilEnd(
  prepared: Prepared,
  prover: Prover,
  server: RunningServer,
  first: Proof,
  shown: SocketState | undefined,
  cancel: () => void,
): Promise<number> {
  const { config, report, signal } = prepared
  const { deadState, startupCause, stateOf, tellDatabase, tellOthers, watch } = await import('./start-later.ts')
  void tellDatabase(prepared, prover)
  const untold = tellOthers(prepared, prover.observer)
  const over = new AbortController()
  const ended = AbortSignal.any([signal, over.signal])
  const watching = config.watch
    ? watch(first.socket, {
        signal: ended,
        shown: shown === undefined || shown.dot === 'green' ? undefined : shown.diagnosis.id,
        prove: (holdMs) => proveAgain(prepared, prover, holdMs),
        onDead: async (close, silent) => {
          const state = await deadState(prepared, prover, first, close, silent)
          // a socket that ended because the whole run does is no news
          if (!ended.aborted) report.socket(prover.url, state)
          return state.diagnosis.id
        },
        onChange: (proof) => report.socket(prover.url, stateOf(proof, proof.diagnosis)),
      })
    : first.socket?.close()
  const outcome = await raceStop(server.exited, signal)
  over.abort()
  untold()
  cancel()
  // at once: a backend that hangs would hold the watcher's last look, and the watcher us
  await Promise.all([server.stop(config.stopTimeout), watching])
  if (outcome === undefined) return ExitCode.ok
  report.diagnosis(
    await startupCause(prepared, { kind: 'died', exit: outcome, lines: server.lastLines(), port: prover.port, portTaken: false }),
  )
  return ExitCode.finding
}

/** What the promise gives, or undefined as soon as the run is to stop. */
export async function raceStop<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const over = new AbortController()
  const aborted = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true, signal: over.signal })
    if (signal.aborted) resolve(undefined)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    over.abort()
  }
}
