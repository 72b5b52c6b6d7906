import type { Judged } from '../checks/diagnosis.ts'
import { LauncherError } from '../errors.ts'
import { deferred } from '../host/deferred.ts'
import { onAbort } from '../host/race-stop.ts'
import { stopSwitch } from '../host/stop-signals.ts'
import type { Run, RunStatus, SocketStatus, StartOptions } from '../public.ts'
import { startJson } from '../report/start-json.ts'
import { socketWord, type ReadySummary, type Report, type SocketState } from '../report/run-event.ts'
import { flagsOfOptions, programHost } from './programmatic.ts'
import { start } from './start.ts'

/**
 * `start` for a program: no signal is listened to and nothing printed. Resolves
 * when the WebSocket is proven. Throws LauncherError where it can't be, after
 * everything was ended.
 */
export async function startRun(options: StartOptions): Promise<Run> {
  const { onEvent, signal } = options
  const host = programHost(options, (text) => onEvent?.(JSON.parse(text)))
  const seen: { failure?: LauncherError; socket?: SocketState; exitCode?: number } = {}
  const report = following(startJson(host), seen)
  const stop = stopSwitch()
  const proven = deferred<ReadySummary>()
  const ask = () => stop.ask(1)
  const unheard = signal && onAbort(signal, ask)
  const running = (async () => {
    try {
      seen.exitCode = await start(host, flagsOfOptions(options), {
        own: { keys: false },
        report,
        since: host.now(),
        onStop: stop.onStop,
        whenReady: async (summary) => {
          const { state } = summary.websocket
          if (state.dot !== 'green') {
            seen.failure ??= errorOf(state.diagnosis)
            return 1
          }
          proven.resolve(summary)
          return undefined
        },
      })
    } finally {
      unheard?.()
    }
  })()
  const summary = await Promise.race([proven.promise, running])
  if (summary === undefined) throw seen.failure ?? new LauncherError('stopped', 'The run was stopped before its WebSocket was proven')
  const status = (): RunStatus => ({ running: seen.exitCode === undefined, websocket: socketOf(seen.socket), exitCode: seen.exitCode })
  return {
    url: summary.backend.url,
    websocketUrl: summary.websocket.url,
    pageUrl: summary.frontend?.url ?? summary.page,
    pid: summary.backend.pid,
    status,
    stop: async () => {
      ask()
      await running
    },
    ended: running.then(status),
  }
}

/** The same report, with what a program may ask for later kept in `seen`. */
function following(report: Report, seen: { failure?: LauncherError; socket?: SocketState }): Report {
  return (event) => {
    if (event.event === 'ready') seen.socket = event.websocket.state
    else if (event.event === 'websocket' || event.event === 'restarted') seen.socket = event.state
    else if (event.event === 'diagnosis') seen.failure ??= errorOf(event.diagnosis)
    else if (event.event === 'error') seen.failure ??= event.error
    report(event)
  }
}

function errorOf({ id, title, evidence, remedy }: Judged<string>): LauncherError {
  return new LauncherError(id, title, { evidence, hint: remedy.text })
}

function socketOf(state: SocketState | undefined): SocketStatus {
  if (state === undefined) return { state: 'not-connected', cause: undefined }
  return { state: socketWord(state), cause: state.dot === 'green' ? undefined : state.diagnosis }
}
