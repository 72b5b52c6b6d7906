import { withVariables, type Config } from '../config/config.ts'
import type { Host } from '../host/host.ts'
import { deferred } from '../host/deferred.ts'
import { attachLive, type Live } from '../report/live.ts'
import { serviceLog } from '../report/service-log.ts'
import { startJson } from '../report/start-json.ts'
import type { Report } from '../report/run-event.ts'
import { startText } from '../report/start-text.ts'
import { openPage } from '../run/browser.ts'
import { openLogFile } from '../run/log-file.ts'
import type { StackControl } from '../report/stack-control.ts'

/** Where `start` speaks, and where it is spoken to. */
export type StartConsole = ReturnType<typeof openConsole>

/** The console that the configuration asks for: text for people or JSON events, and a log file beside it. */
export function openConsole(host: Host, config: Config) {
  const log = config.json
    ? undefined
    : serviceLog(host, { services: ['backend', ...Object.keys(config.services)], timestamps: config.timestamps, only: config.logOnly })
  const spoken = log === undefined ? startJson(host) : startText(host, { verbose: config.verbose, log })
  const file =
    config.logFile === undefined
      ? undefined
      : openLogFile(host, {
          file: config.logFile,
          size: config.logFileSize,
          count: config.logFileCount,
          onTrouble: (id, text) => spoken({ event: 'warning', id, text }),
        })
  const only = new Set(config.logOnly)
  const ready = deferred<void>()
  const report: Report = (event) => {
    if (event.event === 'log') {
      file?.line(event.service, event.line)
      // the text's own log filters by itself, and its filter can be changed by a key
      if (log === undefined && only.size > 0 && !only.has(event.service)) return
    }
    spoken(event)
    if (event.event === 'ready') ready.resolve()
  }
  return {
    report,
    /** Where lines go faster than they are taken: their writers are held back. */
    sinks: [host.terminal, ...(file === undefined ? [] : [file])],
    /** The run is under way: the status line is drawn and keys are taken once it is ready. Gives the function that ends both. */
    attach: (control: StackControl): (() => void) => {
      if (log === undefined) return () => {}
      const keys = config.keys && host.terminal.interactive
      let live: Live | undefined
      let release: (() => void) | undefined
      let over = false
      const show = async () => {
        await ready.promise
        if (over) return
        live = attachLive(host, control, { keys, log })
        if (!keys) return
        const { attachKeys } = await import('./start-keys.ts')
        if (over) return
        release = attachKeys(host, control, report, {
          log,
          live,
          openPage: (page) => tellOpened(host, report, page),
          runDoctor: () => runDoctor(host, config, control),
        })
      }
      void show()
      return () => {
        over = true
        release?.()
        live?.detach()
      }
    },
    /** Writes what waits. To be waited for before the process ends. */
    close: async (): Promise<void> => {
      await file?.close()
    },
  }
}

/** Opens a page, or says why it can't be. Never throws. */
export async function tellOpened(host: Host, report: Report, page: string): Promise<void> {
  const opened = await openPage(host, page)
  if (!opened.opened) report({ event: 'warning', id: 'no-browser', text: `${page} was not opened: ${opened.why}` })
}

/** The same report, which opens the page once the WebSocket and the page are proven: once in a run. */
export function opening(host: Host, report: Report): Report {
  let proven = false
  let isOpen = false
  const open = (page: string) => {
    if (isOpen || !proven) return
    isOpen = true
    void tellOpened(host, report, page)
  }
  return (event) => {
    report(event)
    if (event.event === 'ready') {
      proven = event.websocket.state.dot === 'green'
      if (event.frontend === undefined) open(event.backend.url)
      else if (event.frontend.state === 'ready') open(event.frontend.url)
    } else if (event.event === 'frontend' && event.state === 'ready') open(event.url)
  }
}

/** The doctor on this run's own WebSocket, on this terminal. */
async function runDoctor(host: Host, config: Config, control: StackControl): Promise<void> {
  const { diagnose, targetsOf } = await import('./doctor-look.ts')
  const { doctorText } = await import('../report/doctor.ts')
  const { runMeansOf } = await import('../report/stack-control.ts')
  const { websocket } = control.status()
  // as the backend is run: a database of this run's own among it
  const there = withVariables(host, runMeansOf(control)?.env ?? {})
  const url = websocket === undefined ? undefined : new URL(websocket.url)
  const here = url === undefined ? config : { ...config, port: Number(url.port), path: url.pathname }
  const run = await diagnose(there, here, await targetsOf(there, here, []), { wanted: new Set() })
  for (const line of doctorText(host, run, { verbose: config.verbose })) host.terminal.out(line)
}
