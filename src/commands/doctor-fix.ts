import { judgeLayer } from '../checks/channel-layer.ts'
import type { Diagnosis } from '../checks/diagnosis.ts'
import { listenerOf, isOwn, named, type Evidence } from '../checks/evidence.ts'
import { judgeRedis } from '../checks/redis-layer.ts'
import { isNoFix, type Step } from '../fix/step.ts'
import { stillRefused } from '../fix/planners/hosts.ts'
import { planFix } from '../checks/fixes.ts'
import type { FixFacts } from '../fix/fix-facts.ts'
import { endStep, startStep } from '../fix/planners/serving.ts'
import { causeOf, isCauseId } from '../causes/causes.ts'
import type { Config } from '../config/config.ts'
import type { Flags } from '../config/resolve.ts'
import { ExitCode, LauncherError } from '../errors.ts'
import { redisNow, redisProtocol } from '../facts/redis-now.ts'
import type { Host } from '../host/host.ts'
import { exitStatusOf, onStopRequest, type StopReason } from '../host/stop-signals.ts'
import { withoutOurs } from '../host/secret-names.ts'
import { doctorJson, doctorText, type DoctorRun } from '../report/doctor.ts'
import { diagnosisPage, errorPage } from '../report/failure.ts'
import { stepJson, stepText, type StepOutcome } from '../report/fix.ts'
import { styleFor } from '../report/style.ts'
import { makeBackup } from '../run/backup.ts'
import { doStep } from '../fix/run-step.ts'
import { ask } from './ask.ts'
import { gatherFixFacts } from '../fix/gather-facts.ts'
import { exitOf, look, targetsOf } from './doctor.ts'

/** How many causes are fixed one after another. */
const mostCauses = 5

/** What `doctor --fix` was asked. */
export interface FixOptions {
  readonly version: string
  readonly wanted: ReadonlySet<string>
  readonly urls: readonly string[]
  readonly yes: boolean
  readonly flags: Flags
}

type HandOver = Extract<Step, { kind: 'hand-over' }>
type Looked = Awaited<ReturnType<typeof look>>
/** How the fixing of one cause ended. */
type Ending = 'again' | 'stop' | 'look' | { readonly handOver: HandOver } | { readonly stopped: StopReason }

/**
 * `doctor --fix`: fixes the cause, looks again, and fixes the next one, up to
 * five different ones. Gives the exit status of what it came to; where it ends
 * in `start`, that stays up in this process.
 */
export async function fixCommand(host: Host, config: Config, options: FixOptions): Promise<number> {
  const session = new FixSession(host, config, options)
  return session.run()
}

/** One run of `--fix`. */
class FixSession {
  readonly #host: Host
  readonly #config: Config
  readonly #options: FixOptions
  readonly #backup
  readonly #fixes: Readonly<Record<string, unknown>>[] = []
  /** Causes that were fixed, with where their entries begin in the backup. */
  readonly #tried = new Map<string, number>()
  #url: string | undefined

  constructor(host: Host, config: Config, options: FixOptions) {
    this.#host = host
    this.#config = config
    this.#options = options
    this.#backup = makeBackup(host.cwd)
  }

  async run(): Promise<number> {
    let looked = await this.#look()
    for (;;) {
      const cause = looked.run.judgement.root
      if (cause === undefined) return this.#end(looked.run)
      if (this.#tried.has(cause.id)) return this.#end(await this.#stalled(cause.id, looked.run))
      if (this.#tried.size >= mostCauses) return this.#end(looked.run)
      const ending = await this.#fix(cause, looked.evidence)
      if (ending === 'stop') return this.#end(looked.run, { told: true })
      if (typeof ending === 'object' && 'stopped' in ending) return exitStatusOf[ending.stopped]
      if (typeof ending === 'object') return this.#start(ending.handOver, looked.run)
      const before = cause
      looked = await this.#look()
      if (ending === 'look') return this.#end(looked.run)
      const still = this.#stillNamed(looked)
      if (still !== undefined) return this.#end(await this.#stalled(still, looked.run))
      const { root } = looked.run.judgement
      this.#say(
        `  was: ${before.title}   ${before.id}`,
        `  is:  ${root === undefined ? 'nothing against it' : `${root.title}   ${root.id}`}`,
        '',
      )
    }
  }

  async #look(): Promise<Looked> {
    const { urls, version, wanted } = this.#options
    const targets = await targetsOf(this.#host, this.#config, urls)
    const url = this.#url === undefined ? undefined : new URL(this.#url)
    if (url !== undefined) url.search = targets.main.url.search
    const main = url === undefined ? targets.main : { ...targets.main, url }
    return look(this.#host, this.#config, { ...targets, main }, { version, wanted })
  }

  /** What was fixed and is named all the same, also where it is only one of those that follow: nothing serves while a server is started anew. */
  #stillNamed({ run, evidence }: Looked): string | undefined {
    const { root, explained } = run.judgement
    const now = [root, ...explained, ...judgeLayer(evidence), ...judgeRedis(evidence)].map((cause) => cause?.id)
    return [...this.#tried.keys()].find((id) => now.includes(id) || stillRefused(id, evidence))
  }

  async #fix(cause: Diagnosis, evidence: Evidence): Promise<Ending> {
    this.#say(...diagnosisPage(cause, styleFor(this.#host), this.#host.terminal.columns))
    const facts = await gatherFixFacts(this.#host, evidence, cause.id)
    const plan = planFix(cause, evidence, facts)
    if (isNoFix(plan)) {
      this.#say(`  Not fixed: ${plan.noFix}.`)
      this.#fixes.push({ id: cause.id, kind: 'none', outcome: 'refused', problem: plan.noFix })
      return 'stop'
    }
    for (const step of plan.steps) this.#say(...stepText(this.#host, step, this.#host.cwd))
    for (const note of plan.notes) this.#say(`    ${note}`)
    this.#say('')
    const asks = plan.needsWord || !isCauseId(cause.id) || causeOf(cause.id).automatic === 'ask'
    if (asks && !(await this.#hasWord('Do it?'))) {
      for (const step of plan.steps) this.#record(cause.id, step, 'needs-word')
      this.#say(this.#host.terminal.interactive ? '  Nothing was changed.' : '  Needs confirmation; rerun with --yes. Nothing was changed.')
      return 'stop'
    }
    const mark = this.#backup.mark()
    this.#tried.set(cause.id, mark)
    const handOver = plan.steps.find((step) => step.kind === 'hand-over')
    // nobody is to end a server for a start that won't come
    if (handOver !== undefined && this.#config.json) {
      for (const step of plan.steps) this.#record(cause.id, step, 'handed-over')
      return 'stop'
    }
    const failed = await this.#do(cause.id, plan.steps, evidence)
    if (failed !== undefined) return failed
    if (handOver !== undefined) return { handOver }
    if (plan.url !== undefined) this.#url = plan.url
    return plan.restart ? this.#restart(cause.id, evidence, facts) : 'again'
  }

  /** Does the steps; what was done before one that fails is put back. */
  async #do(id: string, steps: readonly Step[], evidence: Evidence): Promise<Ending | undefined> {
    const mark = this.#backup.mark()
    const abort = new AbortController()
    let reason: StopReason | undefined
    const takeAway = onStopRequest(
      (why) => {
        reason ??= why
        abort.abort()
      },
      { watchParent: false },
    )
    const { checkout, choice } = evidence
    const context = {
      id,
      backup: this.#backup,
      env: this.#environment(evidence),
      python: choice !== undefined && 'environment' in choice ? choice.environment.python : undefined,
      reader: checkout?.project.dotenvReader ?? ('decouple' as const),
      onLine: (line: string) => this.#say(`      ${line}`),
      signal: abort.signal,
      redisLoads: async () => (await redisStill(evidence)) === 'redis-loading',
    }
    try {
      for (const step of steps) {
        if (step.kind === 'hand-over') continue
        try {
          await doStep(this.#host, step, context)
          this.#record(id, step, 'done')
        } catch (error) {
          if (!(error instanceof LauncherError)) throw error
          this.#record(id, step, 'failed', error.message)
          if (reason === undefined) this.#say(...errorPage(error, styleFor(this.#host), this.#host.terminal.columns))
          await this.#putBack(mark)
          return reason === undefined ? 'stop' : { stopped: reason }
        }
      }
      await this.#backup.settle()
      return undefined
    } finally {
      takeAway()
    }
  }

  /** manage.py needs the settings that the project names; an active environment is none of this one's business. */
  #environment({ checkout }: Evidence): Record<string, string | undefined> {
    const env = withoutOurs(this.#host.env)
    return checkout === undefined ? env : { ...env, DJANGO_SETTINGS_MODULE: checkout.project.settingsModule }
  }

  /** What is fixed on the disk shows once the server is started anew: with the user's word it is ended, and `start` follows. */
  async #restart(id: string, evidence: Evidence, facts: FixFacts): Promise<Ending> {
    const server = listenerOf(evidence)
    if (server === undefined || !isOwn(server)) return 'again'
    const end = endStep(server, facts, 'it has read the old state')
    const host = server.command?.host
    const step = startStep(evidence, host === undefined || host === '127.0.0.1' ? {} : { host }, [])
    if (step.kind !== 'hand-over') return 'again'
    this.#say(`  ${named(server)} has read the old state, and has to be started anew:`, '')
    for (const each of [end, step]) this.#say(...stepText(this.#host, each, this.#host.cwd))
    this.#say('')
    if (this.#config.json || !(await this.#hasWord('End it, and start it here?'))) {
      for (const each of [end, step]) this.#record(id, each, this.#config.json ? 'handed-over' : 'needs-word')
      if (!this.#config.json) this.#say('  It goes on with the old state until then.')
      return 'look'
    }
    const failed = await this.#do(id, [end], evidence)
    return failed ?? 'again'
  }

  async #hasWord(question: string): Promise<boolean> {
    return this.#options.yes || (!this.#config.json && (await ask(this.#host, question)))
  }

  /** The fix has not helped: what it changed is put back. */
  async #stalled(id: string, run: DoctorRun): Promise<DoctorRun> {
    const mark = this.#tried.get(id)
    this.#say(`  ${id} is named all the same: the fix has not helped.`)
    if (mark !== undefined) await this.#putBack(mark, id)
    return run
  }

  async #putBack(mark: number, id?: string): Promise<void> {
    const done = await this.#backup.putBack(mark)
    for (const { path, outcome, why } of done) this.#say(`    ${path}   ${outcome}${why === undefined ? '' : `: ${why}`}`)
    if (id !== undefined && done.length > 0)
      this.#fixes.push({ id, kind: 'put-back', outcome: 'put-back', files: done.map(({ path }) => path) })
  }

  /** Goes over to `start`, which stays up in this process. */
  async #start(step: HandOver, run: DoctorRun): Promise<number> {
    this.#tellBackup()
    const env = { ...this.#host.env }
    for (const name of step.without) delete env[name]
    const { start } = await import('./start.ts')
    const { version, flags } = this.#options
    void run
    return start({ ...this.#host, env }, { ...flags, ...step.flags }, { version })
  }

  /** `told`: the cause is on the screen already. */
  #end(run: DoctorRun, { told }: { told: boolean } = { told: false }): number {
    const { json, verbose } = this.#config
    if (json) this.#host.terminal.json(doctorJson({ ...run, fixes: this.#fixes }))
    else {
      this.#tellBackup()
      if (!told) for (const line of doctorText(this.#host, run, { verbose })) this.#host.terminal.out(line)
    }
    return told ? ExitCode.finding : exitOf(run)
  }

  #tellBackup(): void {
    const shown = this.#backup.shown()
    if (shown !== undefined) this.#say(`  As it was: ${shown}   (election-dev doctor --undo puts it back)`)
  }

  #record(id: string, step: Step, outcome: StepOutcome, problem?: string): void {
    const details = { root: this.#host.cwd, backup: outcome === 'done' ? this.#backup.shown() : undefined }
    this.#fixes.push(stepJson(id, step, outcome, problem === undefined ? details : { ...details, problem }))
  }

  #say(...lines: readonly string[]): void {
    if (!this.#config.json) for (const line of lines) this.#host.terminal.out(line)
  }
}

/** What Redis says now, where it can't be used. */
async function redisStill({ checkout, choice }: Evidence): Promise<string | undefined> {
  if (checkout === undefined) return undefined
  const protocol = choice !== undefined && 'environment' in choice ? redisProtocol(choice.environment.packages) : 2
  const { fact } = await redisNow(checkout.redis, protocol)
  return fact?.usable === false ? fact.id : undefined
}
