import { judgeChannels, judgePython } from '../checks/python-environment.ts'
import { judgeVariables } from '../checks/variables.ts'
import { startAgain } from '../config/again.ts'
import { ExitCode, LauncherError } from '../errors.ts'
import type { Checkout } from '../facts/checkout.ts'
import { askVariables } from '../fix/ask-variables.ts'
import { setUp, type SetupTeller } from '../fix/set-up.ts'
import { lookForSetup, type SetupHost } from '../fix/setup-look.ts'
import { gatingSteps, isOfPackages, planSetup, type SetupSeen } from '../fix/setup.ts'
import type { Step } from '../fix/step.ts'
import { evidenceOfFiles } from '../look/files.ts'
import type { Report, TimedStep } from '../report/run-event.ts'

/** What the setup works with. */
export interface SetupRun extends SetupHost {
  readonly report: Report
  /** Resolves when what was reported stands on the terminal; undefined where it does at once. */
  readonly told?: (() => Promise<void>) | undefined
  /** What was done of a setup since it began, whatever found it. */
  readonly steps?: TimedStep[]
}

/**
 * Looks for what a fresh checkout lacks, and makes it with the user's word; `look`: its tables, too.
 * `again`: looks at what is still missing once packages were installed, which is seen only then.
 */
export async function completeCheckout(
  run: SetupRun,
  checkout: Checkout,
  { look, again }: { readonly look: boolean; readonly again: (run: SetupRun, checkout: Checkout) => Promise<Checkout> },
): Promise<Checkout> {
  const { config } = run
  const looked = await lookForSetup(run, checkout, true)
  const seen = config.setup ? await askVariables(run, looked) : looked
  const steps = planSetup(seen)
  const packages = config.install && !config.setup ? steps.filter(isOfPackages) : []
  if (packages.length > 0) {
    const installed = await ensureSetup({ ...run, config: { ...config, setup: true } }, seen, packages, isOfPackages)
    return again({ ...run, config: { ...config, install: false } }, installed)
  }
  return ensureSetup(run, seen, config.setup ? steps : gatingSteps(steps, seen, { needsTables: look }))
}

/** Throws LauncherError where what is installed or asked for can't be served: `channels-unsupported`, or `missing-dep` where a setup would help. */
export async function refuseUnsupported({ host, config }: SetupRun, checkout: Checkout): Promise<void> {
  const found = judgeChannels(await evidenceOfFiles(host, config, checkout))
  if (found === undefined || (found.id === 'missing-dep' && config.setup)) return
  const { text, commands } = found.remedy
  throw new LauncherError(found.id, found.title, { evidence: found.evidence, hint: text, commands })
}

/**
 * Sees to it that the checkout can run. Says what is missing; with `--setup`, or
 * yes at the prompt, makes it. Gives the checkout as it is then. Throws
 * LauncherError with the cause of the first step where something is missing and nothing was asked for.
 */
async function ensureSetup(run: SetupRun, seen: SetupSeen, steps: readonly Step[], only?: (step: Step) => boolean): Promise<Checkout> {
  const { host, config, report } = run
  const [first] = steps
  if (first === undefined) return managedFirst(run, seen)
  if (!config.setup && !(await agreed(run, steps))) {
    // what an environment lacks has several causes, and one step
    const [cause] = seen.choice.kind === 'ready' ? [] : judgePython(await evidenceOfFiles(host, config, seen.checkout))
    const variables = steps.some(({ id }) => id === 'env-variables-missing')
      ? judgeVariables({ ...seen, examination: seen.failed }, [first.evidence])?.evidence
      : undefined
    throw new LauncherError(cause?.id ?? first.id, "This checkout isn't ready to run", {
      evidence: [...(variables ?? []), ...steps.map(({ title, shown }, index) => `${index + 1}. ${title}:  ${shown}`)],
      hint: 'One command does all of it, in this order.',
      commands: [startAgain(config, '--setup')],
      exitCode: ExitCode.finding,
    })
  }
  // what can only be forecast is looked at by the launch
  if (config.setup && steps.some(({ certain }) => certain)) report({ event: 'setup', steps })
  const timed = run.steps ?? []
  const after = await setUp(run, seen, tellerOf(report, timed), only)
  const isDone = config.setup && !run.signal.aborted && after.failed === undefined
  const spare = isDone ? unneeded(steps, timed, planSetup(after)) : []
  if (spare.length > 0) report({ event: 'note', always: true, text: `not needed after all: ${spare.map(({ title }) => title).join(', ')}` })
  return managedFirst(run, after)
}

/** Of the steps that were listed those that were neither done nor stand any more: the next look found it there. Pure. */
function unneeded(listed: readonly Step[], done: readonly TimedStep[], standing: readonly Step[]): readonly Step[] {
  const accounted = new Set([...done, ...standing].map(({ id }) => id))
  // a whole file, or each variable by itself
  if (accounted.has('env-variables-missing')) accounted.add('env-not-loaded')
  return listed.filter(({ id }) => !accounted.has(id))
}

/** Nothing is made in a database that can't be opened: where a run can have one of its own, the setup begins there. Throws LauncherError then. */
async function managedFirst({ host, config }: SetupRun, { checkout, choice, inspected, examination }: SetupSeen): Promise<Checkout> {
  if (!config.setup || inspected?.database !== 'unreachable') return checkout
  const { outlookOf } = await import('../look/database.ts')
  const outlook = await outlookOf(host, config, checkout, choice.environment?.python, examination)
  if (outlook?.by === undefined) return checkout
  const { name, message } = examination?.get('database') ?? {}
  const { databaseRefusal } = await import('../checks/database-refusal.ts')
  const refusal = databaseRefusal(message)
  throw new LauncherError(
    refusal?.id ?? 'database-unreachable',
    refusal?.title ?? `The database can't be opened: ${name ?? outlook.where}`,
    {
      evidence: [message ?? `nothing answers at ${outlook.where}`],
      hint: `${refusal === undefined ? 'Start it, or' : `${refusal.remedy} Or`} let the run use ${outlook.by}.`,
      commands: [startAgain(config, '--managed')],
    },
  )
}

/** Tells a setup to the report; `steps`: what was done before. */
export function tellerOf(report: Report, steps: TimedStep[] = []): SetupTeller {
  return {
    step: (step) => report({ event: 'setup-step', step }),
    done: (step, elapsedMs) => {
      steps.push({ id: step.id, title: step.title, elapsedMs })
      report({ event: 'setup-done', step, elapsedMs })
    },
    failed: ({ id, title }, elapsedMs) => void steps.push({ id, title, elapsedMs, failed: true }),
    line: (line) => report({ event: 'setup-log', line }),
    user: (user) => report({ event: 'setup-user', ...user }),
    refused: ({ id, title, shown, elsewhere }) =>
      report({
        event: 'warning',
        id,
        text: `${title}: not made, since the database is on ${elsewhere ?? ''}, which is another machine. ${shown} does it`,
      }),
    kept: (backup) => {
      const elapsedMs = steps.reduce((sum, step) => sum + step.elapsedMs, 0)
      report({ event: 'setup-end', steps: [...steps], elapsedMs, backup })
    },
  }
}

async function agreed({ host, config, report, signal, told }: SetupRun, steps: readonly Step[]): Promise<boolean> {
  if (!host.terminal.interactive || config.json) return false
  report({ event: 'setup', steps })
  await told?.()
  const { ask } = await import('../host/ask.ts')
  return ask(host, 'Make all of it now?', { enter: true, signal })
}
