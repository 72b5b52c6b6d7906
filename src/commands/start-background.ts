import { flagsOf } from '../config/flags.ts'
import type { OptionsOf } from '../config/options/call.ts'
import { resolveConfig } from '../config/resolve.ts'
import { logsFolder, readRuns } from '../facts/run-state.ts'
import { launcherService } from '../facts/run-log.ts'
import { answerStarter, type BackgroundMessage, type BackgroundOrder } from '../host/background-process.ts'
import { deferred } from '../host/deferred.ts'
import type { Host } from '../host/host.ts'
import { nodeHost } from '../host/node-host.ts'
import { sinkTerminal } from '../host/terminal.ts'
import { startText } from '../report/start-text.ts'
import type { Report } from '../report/run-event.ts'
import { openRunLog, pruneLogs, type RunLog } from '../run/run-log.ts'
import { registrar } from './run-registrar.ts'
import { reportFor, start } from './start.ts'

/** How many logs of earlier runs are kept. */
const keptLogs = 3

/**
 * `start` in the background: what it says goes to the one that has started it
 * until the banner is out, and to the log of the run all the time. Gives the exit status.
 */
export async function startInBackground(options: OptionsOf<'start'>, order: BackgroundOrder): Promise<number> {
  const own = nodeHost({ cwd: options.cwd })
  const tell = answerStarter()
  const host: Host = { ...own, terminal: starterTerminal(own, order, tell) }
  // nobody is there to press a key, and the end of the starter is no reason to stop
  const set = { keys: false, parentWatch: false }
  const config = await resolveConfig(host, flagsOf(options), set)
  const folder = logsFolder(host.cwd)
  const log = openRunLog(folder, order.id, { size: config.logFileSize, count: config.logFileCount })
  void pruneOthers(host, folder, order.id)
  const toStarter = untilReady(await reportFor(host, config))
  const toLog = logReport(host, log)
  const known = deferred<void>()
  const report: Report = (event) => {
    if (event.event === 'end') {
      log.end(event.exitCode)
      tell({ kind: 'end', status: event.exitCode })
      return
    }
    toStarter(event)
    toLog(event)
    if (event.event !== 'ready') return
    const proven = event.websocket.state.dot === 'green'
    // who is told that it runs may ask for its status at once
    void known.promise.then(() => tell({ kind: 'ready', proven }))
  }
  const status = await start(host, flagsOf(options), {
    own: set,
    report,
    onControl: registrar({ background: order.id, onSettled: known.resolve }),
  })
  log.flush()
  return status
}

/** The starter's own terminal, over the channel to it: it reads until the banner, and no longer. */
function starterTerminal({ secrets }: Host, order: BackgroundOrder, tell: (message: BackgroundMessage) => void): Host['terminal'] {
  const line = (kind: 'out' | 'err') => (text: string) => tell({ kind, line: secrets.mask(text) })
  return sinkTerminal({ out: line('out'), err: line('err'), json: (value) => tell({ kind: 'json', text: secrets.json(value) }) }, order)
}

/** The report for the starter, which goes its own way after the banner: nothing is rendered for nobody. */
function untilReady(report: Report): Report {
  let over = false
  return (event) => {
    if (over && event.event === 'log') return
    report(event)
    over ||= event.event === 'ready'
  }
}

/** What goes to the log: each service's lines as they are, and the launcher's own words without colour. */
function logReport(host: Host, log: RunLog): Report {
  const write = (service: string, line: string) => log.line(service, host.secrets.mask(line))
  const say = (line: string) => {
    if (line.trim() !== '') write(launcherService, line)
  }
  const text = startText({ ...host, terminal: { ...host.terminal, out: say, err: say, color: false, columns: 100 } }, { verbose: true })
  return (event) => {
    if (event.event === 'log') write(event.service, event.line)
    else if (event.event === 'setup-log') write('setup', event.line)
    // shown once, stored nowhere
    else if (event.event === 'setup-user')
      say(`Created a development ${event.isSuperuser ? 'superuser' : 'user'} (${event.model}): ${event.name}`)
    else text(event)
  }
}

async function pruneOthers(host: Host, folder: string, own: string): Promise<void> {
  const runs = await readRuns(host, host.cwd)
  const named = runs.flatMap((fact) => (fact.kind === 'unreadable' || fact.run.log === null ? [] : [fact.run.log]))
  await pruneLogs(folder, keptLogs, new Set([own, ...named]))
}
