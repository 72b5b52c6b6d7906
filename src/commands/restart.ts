import type { OptionsOf } from '../config/options/call.ts'
import { ExitCode, LauncherError } from '../errors.ts'
import { readRuns } from '../facts/run-state.ts'
import { isSound } from '../facts/run-status.ts'
import { nodeHost } from '../host/node-host.ts'
import { statusJson, statusText } from '../report/status.ts'
import { styleFor } from '../report/style.ts'
import { askRun } from '../run/control-client.ts'
import { cleanRuns } from '../run/run-state.ts'
import { chooseRun, nothingRuns } from './run-choice.ts'

/** A restart with its proof takes no longer, in milliseconds: the launcher has deadlines of its own. */
const restartMs = 180_000

/**
 * `election-dev restart [service]`: has the launcher start one service again, or
 * all of them, and waits until the WebSocket was proven anew. Exit status 0
 * where it is, 1 where it isn't or nothing runs.
 */
export async function restartCommand(service: string | undefined, options: OptionsOf<'restart'>): Promise<number> {
  const host = nodeHost({ cwd: options.cwd })
  const facts = await readRuns(host, host.cwd)
  await cleanRuns(host.cwd, facts)
  const chosen = chooseRun(
    facts.flatMap((fact) => (fact.kind === 'alive' ? [fact] : [])),
    options.pid,
    'restart',
  )
  if (chosen === undefined) throw await nothingRuns(host.cwd)
  const { run } = chosen
  const outcome = await askRun(run, 'restart', { deadlineMs: restartMs, service })
  if (outcome.kind !== 'answer') {
    if (outcome.kind === 'refused')
      throw new LauncherError(outcome.code, outcome.message, {
        ...(outcome.hint === undefined ? {} : { hint: outcome.hint }),
        exitCode: outcome.code === 'no-such-service' ? ExitCode.usage : ExitCode.finding,
      })
    throw new LauncherError('launcher-silent', `The launcher (PID ${run.launcher.pid}) did not restart anything`, {
      evidence: [outcome.kind === 'silent' ? `No answer within ${restartMs / 1000} s` : `It can't be asked: ${outcome.reason}`],
      hint: 'election-dev stop ends it in any case.',
    })
  }
  const look = { run, status: outcome.status, unanswered: undefined }
  if (options.json === true) host.terminal.json({ ...statusJson([look], []), command: 'restart' })
  else for (const line of statusText(look, styleFor(host), Date.now())) host.terminal.out(line)
  return isSound(outcome.status) ? ExitCode.ok : ExitCode.finding
}
