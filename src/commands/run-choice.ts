import { LauncherError, usageError } from '../errors.ts'
import type { RunLook } from '../report/status.ts'
import { askRun, unansweredWords } from '../run/control-client.ts'
import { runsAbove, type FactOfRun, type RunFact } from '../facts/run-state.ts'

/** The runs of which one is meant. */
export type UpRun = FactOfRun<'alive'> | FactOfRun<'orphaned'>

/** Those of the facts that tell of something that runs. */
export function upRuns(facts: readonly RunFact[]): UpRun[] {
  return facts.filter((fact) => fact.kind === 'alive' || fact.kind === 'orphaned')
}

/**
 * The run that a command is about: the only one, or the one of `--pid`. Throws
 * LauncherError `several-runs` (exit 2) where it has to be said which, and
 * `no-such-run` where `--pid` names none. Undefined where nothing runs.
 */
export function chooseRun<Run extends UpRun>(runs: readonly Run[], pid: number | undefined, command: string): Run | undefined {
  if (pid !== undefined) {
    const named = runs.find(({ run }) => run.launcher.pid === pid)
    if (named !== undefined) return named
    throw usageError('no-such-run', `No run of this folder has the PID ${pid}`, { evidence: runs.map((fact) => described(fact)) })
  }
  if (runs.length < 2) return runs[0]
  throw usageError('several-runs', `There are ${runs.length} runs in this folder`, {
    evidence: runs.map((fact) => described(fact)),
    hint: `Name one by the PID of its launcher:  election-dev ${command} --pid ${runs[0]?.run.launcher.pid ?? ''}${command === 'stop' ? '\nAll of them:  election-dev stop --all' : ''}`,
  })
}

/** One run in a line: `PID 4711 · in the background · since 09:12:33 · http://…`. */
function described({ run }: UpRun): string {
  const url = run.status.services.find(({ kind }) => kind === 'backend')?.url ?? undefined
  return [
    `PID ${run.launcher.pid}`,
    run.background ? 'in the background' : 'in a terminal',
    `since ${new Date(run.startedAt).toLocaleString('sv')}`,
    ...(url === undefined ? [] : [url]),
  ].join(' · ')
}

/** What is said where nothing runs: a run may have been started in a folder above. */
export async function nothingRuns(root: string): Promise<LauncherError> {
  const above = await runsAbove(root)
  return new LauncherError('nothing-runs', 'Nothing started by election-dev runs in this folder', {
    hint: above === undefined ? 'election-dev start --detach' : `Something was found in ${above}:  --cwd ${above}`,
  })
}

/** How long a launcher may take to say how it stands, in milliseconds. */
const answerMs = 2000

/** How a run stands: asked of its launcher, else as it was written down. Never throws. */
export async function lookAt(fact: FactOfRun<'alive'>): Promise<RunLook> {
  const outcome = await askRun(fact.run, 'status', { deadlineMs: answerMs })
  if (outcome.kind === 'answer') return { run: fact.run, status: outcome.status, unanswered: undefined }
  return { run: fact.run, status: fact.run.status, unanswered: `the launcher ${unansweredWords(outcome, answerMs)}` }
}
