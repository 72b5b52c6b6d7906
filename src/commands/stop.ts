import { relative } from 'node:path'
import type { OptionsOf } from '../config/options/call.ts'
import { ExitCode } from '../errors.ts'
import { readRuns, runsAbove, type RecordedProcess, type RunFact } from '../facts/run-state.ts'
import type { Host } from '../host/host.ts'
import { nodeHost } from '../host/node-host.ts'
import { factWords } from '../report/status.ts'
import { styleFor } from '../report/style.ts'
import { endRun, type EndOfRun } from '../run/run-end.ts'
import { cleanRuns } from '../run/run-state.ts'
import { chooseRun, upRuns, type UpRun } from './run-choice.ts'

/**
 * `election-dev stop`: ends the run of this folder and waits until all of it is
 * gone. Exit status 0 where nothing is left of it, also where nothing ran; 1
 * where something could not be ended.
 */
export async function stopCommand(options: OptionsOf<'stop'>): Promise<number> {
  const host = nodeHost({ cwd: options.cwd })
  const json = options.json === true
  const say = (text: string) => {
    if (!json) host.terminal.err(`  ${text}`)
  }
  const facts = await readRuns(host, host.cwd)
  const up = upRuns(facts)
  const chosen = options.all === true ? up : [chooseRun(up, options.pid, 'stop') ?? []].flat()
  const others = facts.filter((fact): fact is Exclude<RunFact, UpRun> => fact.kind !== 'alive' && fact.kind !== 'orphaned')
  const words = others.map((fact) => factWords(fact, (file) => relative(host.cwd, file)))
  const style = styleFor(host)
  for (const text of words) say(`${style.yellow('!')} ${text}`)
  const ends: EndOfRun[] = []
  for (const fact of chosen) {
    say(`Stopping the run of PID ${fact.run.launcher.pid}`)
    ends.push(await endRun(host, host.cwd, fact, say))
  }
  await cleanRuns(host.cwd, facts)
  const failed = ends.some(({ left }) => left.length > 0) || others.some((fact) => mayRun(fact))
  if (json) {
    host.terminal.json({
      schemaVersion: 1,
      command: 'stop',
      ok: !failed,
      ended: named(ends, 'ended'),
      left: named(ends, 'left'),
      notes: words,
    })
  } else await tell(host, ends, failed)
  return failed ? ExitCode.finding : ExitCode.ok
}

/** What runs, for all that can be told, and could not be asked. */
function mayRun(fact: Exclude<RunFact, UpRun>): boolean {
  return fact.kind === 'unseen' || (fact.kind === 'unreadable' && fact.owner?.alive === true)
}

async function tell(host: Host, ends: readonly EndOfRun[], failed: boolean): Promise<void> {
  const { terminal } = host
  for (const { ended, left, by } of ends) {
    if (left.length > 0) terminal.err(`  Could not be ended: ${listed(left)}. Another user's, or stuck in the system: end it by hand`)
    else if (ended.length > 0) terminal.out(`  Stopped${by === 'launcher' ? '' : ', process by process'}: ${listed(ended)}`)
  }
  if (ends.length > 0 || failed) return
  const above = await runsAbove(host.cwd)
  terminal.out(
    `  Nothing runs in this folder${above === undefined ? '' : `; there was something in ${above}: election-dev stop --cwd ${above}`}`,
  )
}

function listed(processes: readonly RecordedProcess[]): string {
  return processes.map(({ service, pid }) => `${service} (PID ${pid})`).join(', ')
}

function named(ends: readonly EndOfRun[], key: 'ended' | 'left'): { service: string; pid: number }[] {
  return ends.flatMap((end) => end[key].map(({ service, pid }) => ({ service, pid })))
}
