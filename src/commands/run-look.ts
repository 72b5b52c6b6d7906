import type { FactOfRun } from '../facts/run-state.ts'
import { askRun } from '../run/control-client.ts'
import type { RunLook } from '../report/status.ts'

/** How long a launcher may take to say how it stands, in milliseconds. */
const answerMs = 2000

/** How a run stands: asked of its launcher, else as it was written down. Never throws. */
export async function lookAt(fact: FactOfRun<'alive'>): Promise<RunLook> {
  const outcome = await askRun(fact.run, 'status', { deadlineMs: answerMs })
  if (outcome.kind === 'answer') return { run: fact.run, status: outcome.status, unanswered: undefined }
  const unanswered =
    outcome.kind === 'silent'
      ? `the launcher does not answer within ${answerMs / 1000} s`
      : `the launcher can't be asked (${outcome.kind === 'refused' ? outcome.message : outcome.reason})`
  return { run: fact.run, status: fact.run.status, unanswered }
}
