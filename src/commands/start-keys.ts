import { errorMessage, LauncherError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { takeKeys } from '../host/keys.ts'
import type { Live } from '../report/live.ts'
import { nextFilter, type ServiceLog } from '../report/service-log.ts'
import type { Report } from '../report/run-event.ts'
import { styleFor } from '../report/style.ts'
import type { StackControl } from '../report/stack-control.ts'

/** What the keys need beside the run itself. */
export interface KeyActions {
  readonly log: ServiceLog
  /** The status line, which shows the filter of the log. */
  readonly live?: Live
  /** Opens the page in the browser. */
  readonly openPage: (page: string) => Promise<void>
  /** Runs the doctor and prints what it finds; the log is held back meanwhile. */
  readonly runDoctor: () => Promise<void>
}

/** The service that `r` restarts. */
const backend = 'backend'

/** A key: the signs that a terminal sends for it, how the help calls it (as the first of them, if not otherwise), what it does in words and in deed. */
interface Key {
  readonly signs: readonly [string, ...string[]]
  readonly shown?: string
  /** Absent: it isn't named in the help. */
  readonly what?: string
  readonly act: () => void
}

/**
 * Takes the keys of a run that is up. Attach them once it is ready: no question
 * may be asked meanwhile. Gives the function that gives the keyboard back, or
 * undefined where there is none to take. What is asked for twice while it is
 * still being done is done once.
 */
export function attachKeys(
  host: Pick<Host, 'terminal' | 'platform'>,
  control: StackControl,
  report: Report,
  { log, live, openPage, runDoctor }: KeyActions,
): (() => void) | undefined {
  const { terminal } = host
  const style = styleFor(host)
  const busy = new Set<string>()
  const once = async (what: string, work: () => Promise<void>) => {
    if (busy.has(what)) return
    busy.add(what)
    try {
      await work()
    } catch (error) {
      // a key that can't do its work ends no day's work
      report({ event: 'warning', id: error instanceof LauncherError ? error.code : 'key-failed', text: errorMessage(error) })
    } finally {
      busy.delete(what)
    }
  }
  const verify = async () => {
    const state = await control.verify()
    const url = control.status().websocket?.url
    if (url !== undefined) report({ event: 'websocket', url, state })
  }
  const open = async () => {
    const { page } = control.status()
    if (page === undefined) report({ event: 'warning', id: 'no-page', text: 'There is no page to open' })
    else await openPage(page)
  }
  const doctor = async () => {
    log.hold()
    try {
      await runDoctor()
    } finally {
      log.release()
    }
  }
  const nextLog = () => {
    const filter = nextFilter(
      log.filter(),
      control.status().services.map(({ name }) => name),
    )
    log.show(filter)
    const words = filter === 'all' ? 'all services' : filter === 'none' ? 'nothing (l: all services again)' : filter.join(', ')
    terminal.out(style.dim(`  log: ${words}`))
    live?.update()
  }
  const keys: readonly Key[] = [
    { signs: ['r'], what: 'restart the backend', act: () => void once('restart', () => control.restart(backend)) },
    { signs: ['R'], what: 'restart everything', act: () => void once('restart', () => control.restart(undefined)) },
    { signs: ['v'], what: 'prove the WebSocket again', act: () => void once('verify', verify) },
    { signs: ['d'], what: 'run the doctor', act: () => void once('doctor', doctor) },
    { signs: ['o'], what: 'open the page', act: () => void once('open', open) },
    { signs: ['b'], what: 'look at the page in a headless browser', act: () => void once('look', () => control.look()) },
    { signs: ['l'], what: 'log: of all services, of one after the other, of none', act: nextLog },
    { signs: ['\r'], shown: 'Enter', what: 'an empty line', act: () => terminal.out('') },
    { signs: ['\f'], shown: 'Ctrl+L', what: 'clear the screen', act: () => terminal.screen?.clear() },
    // and Ctrl+D: the end of the input
    { signs: ['q', '\u0004'], what: 'quit', act: () => void once('stop', () => control.stop()) },
    {
      signs: ['h', '?'],
      act: () => {
        for (const { signs, shown = signs[0], what } of keys)
          if (what !== undefined) terminal.out(`  ${style.bold(shown.padEnd(7))} ${what}`)
      },
    },
  ]
  return takeKeys(host, (sign) => keys.find(({ signs }) => signs.includes(sign))?.act())
}
