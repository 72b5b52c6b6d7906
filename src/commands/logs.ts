import { setTimeout as delay } from 'node:timers/promises'
import { callOptions, type OptionsOf } from '../config/options/call.ts'
import { ExitCode, LauncherError, usageError } from '../errors.ts'
import { followLog, lastRecords, logIds, type LogRecord } from '../facts/run-log.ts'
import { logsFolder, readRuns, type FactOfRun } from '../facts/run-state.ts'
import type { Host } from '../host/host.ts'
import { nodeHost } from '../host/node-host.ts'
import { processTable, rowOf } from '../host/process-table.ts'
import { exitStatusOf, stopSignal } from '../host/stop-signals.ts'
import { logLines } from '../report/service-log.ts'
import { chooseRun, nothingRuns } from './run-choice.ts'

/** How often a followed log is looked at, and whether its launcher still runs, in milliseconds. */
const lookEveryMs = 100
const aliveEveryMs = 1000

/**
 * `election-dev logs [service]`: the last lines of the run in the background, or
 * of the last one where none runs; with --follow what comes, until the run ends.
 */
export async function logsCommand(service: string | undefined, options: OptionsOf<'logs'>): Promise<number> {
  const host = nodeHost({ cwd: options.cwd })
  const { id, run } = await chooseLog(host, options.pid)
  const folder = logsFolder(host.cwd)
  const seen = new Set<string>()
  const wanted = (record: LogRecord) => {
    if ('line' in record) seen.add(record.service)
    return 'line' in record && (service === undefined || record.service === service)
  }
  const show = logLines({ timestamps: options.timestamps === true, color: host.terminal.color })
  const print = (record: LogRecord) => {
    if (!wanted(record) || !('line' in record)) return
    if (options.json === true) host.terminal.jsonLog(record)
    else host.terminal.log(show(record))
  }
  const last = await lastRecords(folder, id, { count: options.lines ?? callOptions.lines.default, wanted })
  const known = new Set([...seen, ...(run?.run.status.services.map(({ name }) => name) ?? [])])
  if (service !== undefined && last.records.length === 0 && !known.has(service))
    throw usageError('no-such-service', `Nothing of a service ${service} is in the log`, { hint: `There is: ${[...known].join(', ')}` })
  for (const record of last.records) print(record)
  if (options.follow !== true || last.ended || run === undefined) return ExitCode.ok
  return follow(host, followLog(folder, id, last.position), run.run.launcher, print)
}

async function chooseLog(host: Host, pid: number | undefined): Promise<{ id: string; run: FactOfRun<'alive'> | undefined }> {
  const alive = (await readRuns(host, host.cwd)).flatMap((fact) => (fact.kind === 'alive' ? [fact] : []))
  const logged = alive.filter(({ run }) => run.log !== null)
  const run = chooseRun(pid === undefined ? logged : alive, pid, 'logs')
  if (run !== undefined) {
    if (run.run.log !== null) return { id: run.run.log, run }
    throw noLog(`The run of PID ${run.run.launcher.pid}`)
  }
  const [id] = await logIds(logsFolder(host.cwd))
  if (id !== undefined) return { id, run: undefined }
  if (alive.length === 0) throw await nothingRuns(host.cwd)
  throw noLog('The run of this folder')
}

function noLog(whose: string): LauncherError {
  const hint = 'election-dev start --detach keeps one; --log-file does in a terminal.'
  return new LauncherError('no-log', `${whose} prints to its terminal and keeps no log`, { hint })
}

async function follow(
  host: Host,
  follower: ReturnType<typeof followLog>,
  launcher: FactOfRun<'alive'>['run']['launcher'],
  print: (record: LogRecord) => void,
): Promise<number> {
  const stop = stopSignal({ watchParent: false })
  let askAt = host.now() + aliveEveryMs
  let isAlive = true
  try {
    for (;;) {
      const since = await follower.read()
      if (since.lost > 0) host.terminal.err(`  ! ${since.lost} files of the log were written and taken away faster than they were read`)
      for (const record of since.records) print(record)
      await taken(host)
      const reason = stop.reason()
      if (reason !== undefined) return exitStatusOf[reason]
      if (since.records.some((record) => 'end' in record)) return ExitCode.ok
      // what it wrote before its end was read by the look after it
      if (!isAlive && since.records.length === 0 && !since.moved) return ExitCode.ok
      if (host.now() >= askAt) {
        askAt = host.now() + aliveEveryMs
        const rows = await processTable(host)
        isAlive = rows === undefined || rowOf(rows, launcher) !== undefined
      }
      if (!since.moved) await delay(lookEveryMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  } finally {
    stop.end()
    await follower.close()
  }
}

/** Resolves when what was printed is taken: a slow reader holds us up, not the memory. */
function taken({ terminal }: Host): Promise<void> {
  return new Promise((resolve) => terminal.drained(resolve))
}
