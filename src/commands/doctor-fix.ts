import { planFix } from '../causes/causes.ts'
import { judgeLayer } from '../checks/channel-layer.ts'
import type { Judged } from '../checks/diagnosis.ts'
import { judgeRedis } from '../checks/redis-layer.ts'
import type { Config } from '../config/config.ts'
import { ExitCode } from '../errors.ts'
import { fixLoop, type Seen } from '../fix/loop.ts'
import { stillRefused } from '../fix/planners/hosts.ts'
import type { StartFlags } from '../fix/step.ts'
import type { Host } from '../host/host.ts'
import { exitStatusOf } from '../host/stop-signals.ts'
import { doctorJson, doctorText, type DoctorRun } from '../report/doctor.ts'
import { fixText, stepJson } from '../report/fix.ts'
import { ask } from '../host/ask.ts'
import { exitOf, look, targetsOf } from './doctor-look.ts'

/** What `doctor --fix` was asked. */
export interface FixOptions {
  readonly wanted: ReadonlySet<string>
  readonly urls: readonly string[]
  readonly yes: boolean
  /** Goes over to `start`, which stays up in this process. `without`: variables of the shell that it doesn't get. */
  readonly start: (flags: StartFlags, without: readonly string[]) => Promise<number>
}

/**
 * `doctor --fix`: fixes the cause, looks again, and fixes the next one, up to
 * five different ones. Gives the exit status of what it came to.
 */
export async function fixCommand(host: Host, config: Config, options: FixOptions): Promise<number> {
  const { urls, yes, wanted } = options
  const fixes: Readonly<Record<string, unknown>>[] = []
  const say = (lines: readonly string[]) => {
    if (!config.json) for (const line of lines) host.terminal.out(line)
  }
  const looked = async (right: string | undefined): Promise<Seen<Judged> & { readonly run: DoctorRun }> => {
    const targets = await targetsOf(host, config, urls)
    const url = new URL(right ?? targets.main.url)
    url.search = targets.main.url.search
    const { run, evidence } = await look(host, config, { ...targets, main: { ...targets.main, url } }, { wanted })
    const { root, explained, notes } = run.judgement
    // what keeps no socket from working is fixed where nobody has to be asked
    const cause = root ?? notes.find(({ remedy }) => remedy.automatic === 'yes')
    const ids: ReadonlySet<string | undefined> = new Set(
      [cause, ...explained, judgeLayer(evidence), ...judgeRedis(evidence)].map((cause) => cause?.id),
    )
    return { run, cause, evidence, names: (id) => ids.has(id) || stillRefused(id, evidence) }
  }
  const end = await fixLoop({
    host,
    look: looked,
    plan: planFix,
    automatic: ({ remedy }) => (remedy.automatic === 'yes' ? 'yes' : 'ask'),
    agrees: async (question) => yes || (!config.json && (await ask(host, question))),
    say: (event) => say(fixText(host, event)),
    record: (step, outcome, more) => void fixes.push(stepJson(step, outcome, { root: host.cwd, ...more })),
    recordOf: (id, what) => void fixes.push({ id, ...what }),
    // it stays up: a script would wait for its end for ever
    starts: !config.json && host.terminal.interactive,
  })
  if (end.kind === 'stopped') return exitStatusOf[end.reason]
  if (end.kind === 'start') return options.start(end.action.flags, end.action.without)
  const { run } = end.seen
  if (config.json) host.terminal.json(doctorJson({ ...run, fixes }))
  else if (!end.told) say(doctorText(host, run, { verbose: config.verbose }))
  return end.told ? ExitCode.finding : exitOf(run)
}
