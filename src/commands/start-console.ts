import type { Config } from '../config/config.ts'
import type { Host } from '../host/host.ts'
import { attachLive, type Live } from '../report/live.ts'
import { serviceLog } from '../report/service-log.ts'
import { startJson } from '../report/start-json.ts'
import type { StartReport } from '../report/start-report.ts'
import { startText } from '../report/start-text.ts'
import type { Sink } from '../host/terminal.ts'
import { openPage } from '../run/browser.ts'
import { openLogFile } from '../run/log-file.ts'
import type { StackControl } from './stack-control.ts'

/** Where `start` speaks, and where it is spoken to. */
export interface StartConsole {
  readonly report: StartReport
  /** Where lines go faster than they are taken: their writers are held back. */
  readonly sinks: readonly Sink[]
  /** The run is under way: the status line is drawn and keys are taken once it is ready. Gives the function that ends both. */
  readonly attach: (control: StackControl) => () => void
  /** Writes what waits. To be waited for before the process ends. */
  readonly close: () => Promise<void>
}

/** The console that the configuration asks for: text for people or JSON events, and a log file beside it. */
export function openConsole(host: Host, config: Config, version: string): StartConsole {
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
          onTrouble: (id, text) => spoken.warning(id, text),
        })
  const only = new Set(config.logOnly)
  let whenReady: (() => void) | undefined
  const report: StartReport = {
    ...spoken,
    line: (service, line) => {
      file?.line(service, line)
      // the text's own log filters by itself, and its filter can be changed by a key
      if (log !== undefined || only.size === 0 || only.has(service)) spoken.line(service, line)
    },
    ready: (summary) => {
      spoken.ready(summary)
      whenReady?.()
    },
  }
  return {
    report,
    sinks: [host.terminal, ...(file === undefined ? [] : [file])],
    attach: (control) => {
      if (log === undefined) return () => {}
      let live: Live | undefined
      let release: (() => void) | undefined
      let over = false
      const takeKeys = async (shown: Live) => {
        const { attachKeys } = await import('./start-keys.ts')
        if (over) return
        release = attachKeys(host, control, report, {
          log,
          live: shown,
          openPage: (page) => tellOpened(host, report, page),
          runDoctor: () => runDoctor(host, config, control, version),
        })
      }
      whenReady = () => {
        if (over || live !== undefined) return
        const shown = attachLive(host, control, { keys: config.keys && host.terminal.interactive, log })
        live = shown
        if (!config.keys || !host.terminal.interactive) return
        void takeKeys(shown)
      }
      return () => {
        over = true
        release?.()
        live?.detach()
      }
    },
    close: async () => {
      await file?.close()
    },
  }
}

/** Opens a page, or says why it can't be. Never throws. */
export async function tellOpened(host: Host, report: StartReport, page: string): Promise<void> {
  const opened = await openPage(host, page)
  if (!opened.opened) report.warning('no-browser', `${page} was not opened: ${opened.why}`)
}

/** The same report, which opens the page once the WebSocket and the page are proven: once in a run. */
export function opening(host: Host, report: StartReport): StartReport {
  let proven = false
  let isOpen = false
  const open = (page: string) => {
    if (isOpen || !proven) return
    isOpen = true
    void tellOpened(host, report, page)
  }
  return {
    ...report,
    ready: (summary) => {
      report.ready(summary)
      proven = summary.websocket.state.dot === 'green'
      if (summary.frontend === undefined) open(summary.backend.url)
      else if (summary.frontend.state === 'ready') open(summary.frontend.url)
    },
    frontend: (summary) => {
      report.frontend(summary)
      if (summary.state === 'ready') open(summary.url)
    },
  }
}

/** The doctor on this run's own WebSocket, on this terminal. */
async function runDoctor(host: Host, config: Config, control: StackControl, version: string): Promise<void> {
  const { diagnose, targetsOf } = await import('./doctor-look.ts')
  const { doctorText } = await import('../report/doctor.ts')
  const { websocket } = control.status()
  const url = websocket === undefined ? undefined : new URL(websocket.url)
  const here = url === undefined ? config : { ...config, port: Number(url.port), path: url.pathname }
  const run = await diagnose(host, here, await targetsOf(host, here, []), { version, wanted: new Set() })
  for (const line of doctorText(host, run, { verbose: config.verbose })) host.terminal.out(line)
}
