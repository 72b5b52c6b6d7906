import { type Flags, projectHost } from '../config/config.ts'
import { resolveConfig } from '../config/resolve.ts'
import { ExitCode, LauncherError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { exitStatusOf, hangUp, onStopRequest, type StopReason } from '../host/stop-signals.ts'
import type { ReadySummary, Report } from '../report/run-event.ts'
import { lateConsole } from './start-late-console.ts'
import type { SetupRun } from './start-setup.ts'
import { holdBack } from '../run/hold-back.ts'
import type { Prover } from './start-proof.ts'
import { startStack, type Stack } from './start-stack.ts'
import type { NeedsSetup } from './start-life.ts'
import type { StackControl } from '../report/stack-control.ts'

/** What a composition of `start` (the demo, smoke, a program) sets besides the flags. */
export interface StartExtras {
  /** The page to name in the banner, once the port is known. */
  readonly page?: (backendUrl: URL) => string
  /** What it sets of the configuration by itself. */
  readonly own?: Flags
  /** Replaces what the configuration says of the report: text or JSON on the terminal. */
  readonly report?: Report
  /**
   * Called once the WebSocket was tried and the banner was printed. Where it
   * gives a status, the run ends with it; where it gives none, the run goes on.
   * `signal` is aborted when the run is told to stop.
   */
  readonly whenReady?: (summary: ReadySummary, signal: AbortSignal, proving: Proving) => Promise<number | undefined>
  /** Where a picture of the page goes whose WebSocket isn't open, unless the configuration names a file. */
  readonly failedScreenshot?: string | undefined
  /** Called when there is something to be asked of the run; what it gives is called at the run's end. */
  readonly onControl?: (control: StackControl, run: SetupRun) => () => void | Promise<void>
  /** What asks it to end, in place of signals, a closed output and a parent that is gone; of those nothing is listened to then. */
  readonly onStop?: (callback: (reason: StopReason, count: number) => void) => () => void
  /** When the start began, on the host's clock, where other work came before it; default: with the process. */
  readonly since?: number
}

/** What a composition may ask of the WebSocket while the run is up. */
export interface Proving extends Pick<Prover, 'last' | 'again'> {
  /** Has the page looked at in a browser; resolves once that was done, at once where there is no page. */
  readonly look: () => Promise<void>
}

/**
 * `election-dev start`: from a checkout to a proven WebSocket, and up until it
 * is told to stop. Gives the exit status: 0 where it was asked to stop by
 * `election-dev stop` or a program, 1 for a finding, 130, 143 and 129 after
 * SIGINT, SIGTERM and SIGHUP.
 */
export async function start(host: Host, flags: Flags, extras: StartExtras = {}): Promise<number> {
  const resolved = await resolveConfig(host, flags, extras.own)
  const config =
    resolved.source('port') === 'default' ? await (await import('../facts/named-port.ts')).atNamedPort(host, resolved) : resolved
  let stack: Stack | undefined
  const console = extras.report === undefined ? lateConsole(host, config) : undefined
  const said = extras.report ?? console?.report ?? (await reportFor(host, config))
  const seen = config.open ? (await import('./start-console.ts')).opening(host, said) : said
  const look = holdBack(() => console?.sinks() ?? [], { pause: () => stack?.services.pause(), resume: () => stack?.services.resume() })
  const report: Report = (event) => {
    seen(event)
    if (event.event === 'log') look()
  }
  const abort = new AbortController()
  let reason: StopReason | undefined
  const listenForStop = extras.onStop ?? ((callback) => onStopRequest(callback, { watchParent: config.parentWatch }))
  const takeAway = listenForStop((why, count) => {
    reason ??= why
    if (count === 1) report({ event: 'stopping', reason: words[why] })
    else stack?.services.kill()
    abort.abort()
  })
  const run: SetupRun = { host: projectHost(host, config), config, report, signal: abort.signal, told: console?.told, steps: [] }
  const fixes = config.setup ? (await import('./start-fixes.ts')).setupFixes(run) : undefined
  const begin = (look: boolean): Promise<number | NeedsSetup> => {
    stack = startStack(
      { ...run, config: { ...config, ...fixes?.managing } },
      {
        extras: {
          ...extras,
          onControl: (control, setup) => {
            const release = console?.attach(control)
            const takeAwayControl = extras.onControl?.(control, setup)
            return async () => {
              await release?.()
              await takeAwayControl?.()
            }
          },
        },
        look,
        fixOf: async (cause, path, here) => fixes?.fixOf(cause, path, here),
        apply: async (fix) => fixes?.apply(fix),
        stop: () => {
          report({ event: 'stopping', reason: 'Stopping (election-dev stop)' })
          abort.abort()
        },
      },
    )
    return stack.ended
  }
  /** Found out only at the launch or while it ran: it has stopped; what is missing is made, and it starts anew. */
  const untilGreen = async (look = false): Promise<number> => {
    const outcome = await begin(look).catch(async (error: unknown) => {
      if (error instanceof LauncherError && !abort.signal.aborted && (await fixes?.fixError(error)) === true) return undefined
      throw error
    })
    if (outcome === undefined) return untilGreen()
    if (typeof outcome === 'number') return outcome
    if (outcome.fix !== undefined && outcome.isDone !== true) await fixes?.apply(outcome.fix)
    else if (outcome.fix === undefined && look) {
      throw new LauncherError('migrations-pending', 'The database still has no tables after the setup', {
        hint: 'Run python manage.py migrate by hand to see why.',
      })
    }
    return untilGreen(outcome.fix === undefined)
  }
  let status: number = ExitCode.finding
  // it ends by its own word, also where nothing is left that could wake it: sources that are watched and were taken away
  const awake = setInterval(() => {}, 2 ** 30)
  try {
    status = await untilGreen()
  } catch (error) {
    if (!(error instanceof LauncherError)) throw error
    if (reason === undefined) report({ event: 'error', error })
    status = error.exitCode
  } finally {
    clearInterval(awake)
    abort.abort()
    await stack?.ended.catch(() => {})
    takeAway()
  }
  if (reason !== undefined) status = exitStatusOf[reason]
  report({ event: 'end', exitCode: status })
  await console?.close()
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
export async function reportFor(host: Host, config: { json: boolean; verbose: boolean }): Promise<Report> {
  if (config.json) return (await import('../report/start-json.ts')).startJson(host)
  return (await import('../report/start-text.ts')).startText(host, { verbose: config.verbose })
}
