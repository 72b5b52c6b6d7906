import { relative } from 'node:path'
import type { OptionsOf } from '../config/options/call.ts'
import { ExitCode } from '../errors.ts'
import { readRuns, type RunFact } from '../facts/run-state.ts'
import { isSound } from '../facts/run-status.ts'
import { nodeHost } from '../host/node-host.ts'
import { factWords, statusJson, statusText } from '../report/status.ts'
import { wrapped } from '../report/wrapped.ts'
import { styleFor } from '../report/style.ts'
import { cleanRuns } from '../run/run-state.ts'
import { lookAt, nothingRuns } from './run-choice.ts'

/** `election-dev status`: exit status 0 where every run is up with its WebSocket proven, else 1. */
export async function statusCommand(options: OptionsOf<'status'>): Promise<number> {
  const host = nodeHost({ cwd: options.cwd })
  const facts = await readRuns(host, host.cwd)
  const looks = await Promise.all(facts.flatMap((fact) => (fact.kind === 'alive' ? [lookAt(fact)] : [])))
  const others = facts.filter((fact) => fact.kind !== 'alive')
  await cleanRuns(host.cwd, facts)
  const sound = looks.length > 0 && looks.every(({ status }) => isSound(status))
  if (options.json === true) {
    host.terminal.json(statusJson(looks, others))
    return sound ? ExitCode.ok : ExitCode.finding
  }
  const style = styleFor(host)
  for (const look of looks) for (const line of statusText(look, style, Date.now())) host.terminal.out(wrapped(line, host))
  for (const fact of others) host.terminal.err(`  ${style.yellow('!')} ${factWords(fact, (file) => relative(host.cwd, file))}`)
  if (others.some(isOrphaned)) host.terminal.err('    election-dev stop ends what is left')
  if (looks.length === 0 && !others.some(isOrphaned)) throw await nothingRuns(host.cwd)
  return sound ? ExitCode.ok : ExitCode.finding
}

function isOrphaned({ kind }: RunFact): boolean {
  return kind === 'orphaned'
}
