import { readCheckout, type Checkout } from '../facts/checkout.ts'
import { isBacktracking } from '../facts/installer-output.ts'
import { typedInOrder } from '../host/shell.ts'
import { ask } from '../host/ask.ts'
import { makeBackup, type Backup } from '../run/backup.ts'
import { leftOut } from './install-failed.ts'
import type { MadeUser } from './make-rows.ts'
import { runStep, stepContext } from './run-step.ts'
import { askVariables } from './ask-variables.ts'
import { lookForSetup, type SetupHost } from './setup-look.ts'
import { isOfPackages, planSetup, type SetupSeen } from './setup.ts'
import type { Step } from './step.ts'

/** What is told of a setup as it goes on. */
export interface SetupTeller {
  readonly step: (step: Step) => void
  readonly done: (step: Step, elapsedMs: number) => void
  readonly failed: (step: Step, elapsedMs: number) => void
  readonly line: (line: string) => void
  readonly user: (user: MadeUser) => void
  /** It would write to another machine, and nobody said that it may. */
  readonly refused: (step: Step) => void
  /** No more is done; `doctor --undo` takes back from the folder what can be taken back. */
  readonly kept: (folder: string) => void
}

/**
 * Does what is certain of the steps, looks again, and goes on with what stands
 * then, until nothing does that can be made. Throws LauncherError where a step fails; what it
 * changed is put back. `only`: the rest is left alone. Gives what was seen last.
 */
export async function setUp(
  run: SetupHost,
  first: SetupSeen,
  tell: SetupTeller,
  only: (step: Step) => boolean = () => true,
): Promise<SetupSeen> {
  const { host, config, signal } = run
  const done = new Set<string>()
  const answers = new Map<string, boolean>()
  const mayDo = async (step: Step): Promise<boolean> => {
    if (step.elsewhere === undefined) return true
    const question = `${step.title}: ${step.shown} writes to the database on ${step.elsewhere}, which is another machine. Do it?`
    const answer = answers.get(step.shown) ?? (!config.json && (await ask(host, question, { signal })))
    if (!answer && !answers.has(step.shown)) tell.refused(step)
    answers.set(step.shown, answer)
    return answer
  }
  let seen = first
  return kept(run, first.checkout, tell, async (backup) => {
    for (;;) {
      const standing: Step[] = []
      for (const step of planSetup(seen)) if (only(step) && !done.has(step.shown) && (await mayDo(step))) standing.push(step)
      const forecast = standing.findIndex(({ certain }) => !certain)
      const certain = forecast === -1 ? standing : standing.slice(0, forecast)
      const isRepeated = planSetup(seen).some((step) => isOfPackages(step) && done.has(step.shown))
      const left = isRepeated && certain.length === 0 ? leftOut(seen) : undefined
      if (left !== undefined) throw left
      // settings that can't be imported all the same: what a launch says of them is judged
      if (certain.length === 0 || signal.aborted) return seen
      await doSteps(run, seen, backup, certain, tell)
      if (signal.aborted) return seen
      for (const { shown } of certain) done.add(shown)
      seen = await askVariables(run, await lookForSetup(run, await readCheckout(host, config), true))
    }
  })
}

/** Does something with a backup, and says where that is if anything was kept in it. */
export async function kept<T>(
  { host }: SetupHost,
  { project }: Checkout,
  tell: SetupTeller,
  work: (backup: Backup) => Promise<T>,
): Promise<T> {
  const backup = makeBackup(host, project.root)
  try {
    return await work(backup)
  } finally {
    const folder = backup.shown()
    if (folder !== undefined) tell.kept(folder)
  }
}

/** Does the steps, each told before. Throws LauncherError where one fails; what that one changed is put back. */
export async function doSteps(
  { host, signal }: SetupHost,
  seen: Pick<SetupSeen, 'checkout' | 'choice'>,
  backup: Backup,
  steps: readonly Step[],
  tell: SetupTeller,
): Promise<void> {
  const attempt = async (step: Step, canRetry: boolean): Promise<void> => {
    let isLost = false
    const onLine = (line: string) => {
      isLost ||= isBacktracking(line)
      tell.line(line)
    }
    // of each its own: one may give variables to those after it
    const context = stepContext(host, seen, { backup, signal, onLine })
    tell.step(step)
    const mark = backup.mark()
    const began = host.now()
    try {
      const user = await runStep(host, step, context)
      tell.done(step, host.now() - began)
      if (user !== undefined) tell.user(user)
    } catch (error) {
      // one that was told to end has not failed
      if (!signal.aborted) tell.failed(step, host.now() - began)
      await backup.putBack(mark)
      const newer = canRetry && isLost && !signal.aborted ? newerPip(step, backup, host.platform) : undefined
      if (newer === undefined) throw error
      await attempt(newer, false).catch(() => {
        throw error
      })
      await attempt(step, false)
    }
  }
  for (const step of steps) if (!signal.aborted) await attempt(step, true)
}

/** Brings pip up to date in an environment that this run has made: an old one may end at a release that nobody needs. Undefined for any other step. */
function newerPip(step: Step, backup: Backup, platform: NodeJS.Platform): Step | undefined {
  const { action } = step
  if (action.kind !== 'command' || action.installs === undefined) return undefined
  const [python, ...rest] = action.argv
  if (rest.slice(0, 3).join(' ') !== '-m pip install' || !backup.hasMade(python)) return undefined
  const [[typed = python] = []] = action.typed
  const upgrade = [typed, '-m', 'pip', 'install', '--upgrade', 'pip']
  return {
    ...step,
    title: 'a newer pip',
    shown: typedInOrder([upgrade], platform),
    evidence: 'the one that came with the environment tried one release after another, and came to one that it could not install',
    action: {
      kind: 'command',
      argv: [python, '-m', 'pip', 'install', '--disable-pip-version-check', '--upgrade', 'pip'],
      cwd: action.cwd,
      typed: [upgrade],
    },
  }
}
