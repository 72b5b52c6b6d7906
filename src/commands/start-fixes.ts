import { planFix, diagnosisOf, isCauseId } from '../causes/causes.ts'
import type { Judged } from '../checks/diagnosis.ts'
import type { LauncherError } from '../errors.ts'
import { readCheckout, type Checkout } from '../facts/checkout.ts'
import { gatherFixFacts } from '../fix/gather-facts.ts'
import { mostCauses } from '../fix/loop.ts'
import { StepFailed } from '../fix/run-step.ts'
import { doSteps, kept } from '../fix/set-up.ts'
import { isNoFix, type Step } from '../fix/step.ts'
import { stepsOf } from '../fix/steps.ts'
import type { Host } from '../host/host.ts'
import { gather } from '../look/gather.ts'
import { endpointAt } from '../look/target.ts'
import type { PythonChoice } from '../plan/environment.ts'
import { untried } from '../verify/prove.ts'
import { tellerOf, type SetupRun } from './start-setup.ts'

/** A cause with the steps that fix it. */
export interface SetupFix {
  readonly cause: Judged<string>
  readonly steps: readonly Step[]
  /** What is to be done besides, which no program does. */
  readonly notes: readonly string[]
  readonly checkout: Checkout
  readonly choice: PythonChoice
  /** The host that it was planned for: with what leads to the services of the run. */
  readonly host: Host
  /** Done by the run itself, once it begins anew: it starts what isn't there. */
  readonly managed: Managing | undefined
}

/** What a run starts beside the backend when it is told to. */
type Managing = 'managed' | 'managedRedis'

/** How the setup fixes a cause of the WebSocket at a path; undefined where no program can, where it was tried, and where that would end what runs elsewhere. */
export type FixOf = (cause: Judged<string>, path?: string, host?: Host) => Promise<SetupFix | undefined>

/** What `start --setup` fixes in one run, once the checkout has what it needs and something keeps it from being green all the same. */
export function setupFixes(run: SetupRun) {
  const { report } = run
  const tried = new Set<string>()
  const managing: { [Key in Managing]?: true } = {}
  const fixOf: FixOf = async (cause, path, host = run.host) => {
    // one that is named again for another reason, such as the next package that is missing, is another one
    const key = `${cause.id} ${cause.title}`
    if (cause.remedy.automatic === 'no' || tried.size >= mostCauses || tried.has(key)) return undefined
    tried.add(key)
    return planned({ ...run, host }, cause, path)
  }
  /** Does it, while no backend runs. Throws LauncherError where a step fails. */
  const apply = async ({ cause, steps, notes, host, managed, ...around }: SetupFix) => {
    report({ event: 'setup', steps, cause })
    const tell = tellerOf(report, run.steps)
    await kept(run, around.checkout, tell, (backup) => doSteps({ ...run, host }, around, backup, steps, tell))
    for (const text of notes) report({ event: 'note', always: true, text })
    if (managed !== undefined) managing[managed] = true
  }
  return {
    fixOf,
    apply,
    /** What the configuration says from now on. */
    managing,
    /** Both, of an error before the launch. False where there is no fix. */
    fixError: async (error: LauncherError): Promise<boolean> => {
      const cause = error instanceof StepFailed ? undefined : diagnosisOf(error)
      const fix = cause && (await fixOf(cause))
      if (fix !== undefined) await apply(fix)
      return fix !== undefined
    },
  }
}

/** What fixes the cause in the checkout and its environment, from a look at what is there now. */
async function planned({ host, config, signal }: SetupRun, cause: Judged<string>, path: string | undefined): Promise<SetupFix | undefined> {
  const { id } = cause
  if (!isCauseId(id)) return undefined
  const checkout = await readCheckout(host, config)
  const main = endpointAt(config, checkout.project, config.port, path)
  const proof = { state: 'failed', facts: untried(main, { ours: true }) } as const
  const evidence = await gather(host, config, { main, others: [], proof, signal })
  const plan = planFix({ ...cause, id }, evidence, await gatherFixFacts(host, evidence, id))
  const { choice } = evidence
  if (isNoFix(plan) || choice === undefined) return undefined
  // its title is said above its steps
  const about = { id, title: id, evidence: cause.evidence[0] ?? '', automatic: 'yes' } as const
  const common = { cause, checkout, choice, host, notes: plan.notes }
  const place = { root: host.cwd, platform: host.platform }
  const { flags = {} } = plan.actions.find((action) => action.kind === 'hand-over') ?? {}
  const managed = flags.managed === true ? 'managed' : flags.managedRedis === true ? 'managedRedis' : undefined
  // one's own database has data that another would hide: only who says so gets another, at once or once there are packages to look with
  if (managed === 'managed' && !config.managed && evidence.databaseOutlook?.isHere === true) return undefined
  if (managed !== undefined) {
    const step = {
      title: managed === 'managed' ? 'a database of this run' : 'a Redis of this run',
      shown: 'election-dev starts it with this run',
    }
    const actions = plan.actions.filter(({ kind }) => kind === 'hand-over')
    return { ...common, managed, steps: stepsOf({ ...plan, actions, asks: false }, about, place).map((each) => ({ ...each, ...step })) }
  }
  if (plan.asks || plan.actions.some(({ kind }) => kind === 'hand-over' || kind === 'signal')) return undefined
  return { ...common, managed, steps: stepsOf(plan, about, place) }
}
