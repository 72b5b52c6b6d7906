import { isOwn, listenerOf, named, type Evidence } from '../checks/evidence.ts'
import { LauncherError } from '../errors.ts'
import { runOf } from '../facts/run-state.ts'
import type { Host } from '../host/host.ts'
import { stopSignal, type StopReason } from '../host/stop-signals.ts'
import { makeBackup, type PutBack } from '../run/backup.ts'
import { gatherFixFacts } from './gather-facts.ts'
import { endStep, startStep } from './planners/serving.ts'
import { runStep, stepContext } from './run-step.ts'
import { fix, isNoFix, type Action, type Fix, type NoFix, type Step, type FixFacts } from './step.ts'
import { stepsOf } from './steps.ts'

/** How many causes are fixed one after another. */
export const mostCauses = 5

/** What of a diagnosis decides about its fix. */
export interface FixableCause {
  readonly id: string
  readonly title: string
  readonly evidence: readonly string[]
}

/** What a look came to. */
export interface Seen<Cause> {
  readonly cause: Cause | undefined
  readonly evidence: Evidence
  /** Whether the cause is there all the same, also where it is only one of those that follow: nothing serves while a server is started anew. */
  readonly names: (id: string) => boolean
}

/** What became of a step. `needs-word`: it is made after a yes only, and there was none. */
export type StepOutcome = 'done' | 'failed' | 'needs-word' | 'handed-over'

/** What is told as it goes on. */
export type FixEvent<Cause> =
  | { readonly kind: 'cause'; readonly cause: Cause }
  | { readonly kind: 'steps'; readonly steps: readonly Step[]; readonly notes: readonly string[] }
  | { readonly kind: 'text'; readonly lines: readonly string[] }
  | { readonly kind: 'line'; readonly line: string }
  | { readonly kind: 'failed'; readonly error: LauncherError }
  | { readonly kind: 'put-back'; readonly done: readonly PutBack[] }

/** What the loop is run with. */
export interface FixPorts<Cause, S extends Seen<Cause>> {
  readonly host: Host
  /** Looks and judges; the URL is the right one, where the one that was asked for was wrong. */
  readonly look: (url: string | undefined) => Promise<S>
  readonly plan: (cause: Cause, evidence: Evidence, facts: FixFacts) => Fix | NoFix
  readonly automatic: (cause: Cause) => 'yes' | 'ask'
  /** Asks a person. */
  readonly agrees: (question: string) => Promise<boolean>
  readonly say: (event: FixEvent<Cause>) => void
  readonly record: (step: Step, outcome: StepOutcome, more: { backup: string | undefined; problem: string | undefined }) => void
  /** Recorded of a cause without a step. */
  readonly recordOf: (id: string, what: Readonly<Record<string, unknown>>) => void
  /** False where no start can follow, which stays up until somebody ends it: then no server is ended either. */
  readonly starts: boolean
}

type HandOver = Extract<Action, { kind: 'hand-over' }>

/** How the loop ended. `told`: the cause was told already. */
export type FixEnd<S> =
  | { readonly kind: 'looked'; readonly seen: S; readonly told: boolean }
  | { readonly kind: 'start'; readonly action: HandOver }
  | { readonly kind: 'stopped'; readonly reason: StopReason }

/** How the fixing of one cause ended; undefined: look again. */
type Ending<S> = FixEnd<S> | 'last-look' | undefined

/**
 * Looks, judges, fixes the cause, and looks again, up to five different causes.
 * What doesn't help is put back.
 */
export async function fixLoop<Cause extends FixableCause, S extends Seen<Cause>>(ports: FixPorts<Cause, S>): Promise<FixEnd<S>> {
  const { host, say } = ports
  const backup = makeBackup(host, host.cwd)
  /** Causes that were fixed, with where their entries begin in the backup. */
  const tried = new Map<string, number>()
  const text = (...lines: readonly string[]) => say({ kind: 'text', lines })
  const kept = () => {
    const shown = backup.shown()
    if (shown !== undefined && backup.restores()) text(`As it was: ${shown}   (election-dev doctor --undo puts it back)`)
  }
  const putBack = async (mark: number): Promise<readonly PutBack[]> => {
    const done = await backup.putBack(mark)
    say({ kind: 'put-back', done })
    return done
  }

  /** Does the steps; what was done before one that fails is put back. */
  const run = async (steps: readonly Step[], seen: S): Promise<FixEnd<S> | undefined> => {
    const mark = backup.mark()
    const stop = stopSignal({ watchParent: false })
    const context = stepContext(host, seen.evidence, { backup, signal: stop.signal, onLine: (line) => say({ kind: 'line', line }) })
    try {
      for (const step of steps) {
        if (step.action.kind === 'hand-over') continue
        try {
          await runStep(host, step, context)
          ports.record(step, 'done', { backup: backup.shown(), problem: undefined })
        } catch (error) {
          if (!(error instanceof LauncherError)) throw error
          const reason = stop.reason()
          ports.record(step, 'failed', { backup: undefined, problem: error.message })
          if (reason === undefined) say({ kind: 'failed', error })
          await putBack(mark)
          return reason === undefined ? { kind: 'looked', seen, told: true } : { kind: 'stopped', reason }
        }
      }
      return undefined
    } finally {
      stop.end()
    }
  }
  const leave = (steps: readonly Step[], outcome: 'needs-word' | 'handed-over') => {
    for (const step of steps) ports.record(step, outcome, { backup: undefined, problem: undefined })
  }
  let url: string | undefined

  /** What is fixed on the disk shows once the server is started anew: after a yes it is ended, and `start` follows. */
  const restart = async (step: Omit<Step, 'action'>, seen: S, facts: FixFacts): Promise<Ending<S>> => {
    const { evidence } = seen
    const server = listenerOf(evidence)
    if (server === undefined || !isOwn(server)) return undefined
    const ours = await runOf(host, server.pid)
    const name = server.command?.host
    const actions: readonly Action[] =
      ours === undefined
        ? [
            endStep(server, facts, 'it has read the old state'),
            startStep(evidence, name === undefined || name === '127.0.0.1' ? {} : { host: name }, []),
          ]
        : [{ kind: 'restart', server: server.pid }]
    const steps = stepsOf(fix(actions, { asks: true }), step, placeOf(host))
    text(`${named(server)} has read the old state, and has to be started anew:`, '')
    say({ kind: 'steps', steps, notes: [] })
    const may = ports.starts || ours !== undefined
    if (may && (await ports.agrees(ours === undefined ? 'End it, and start it here?' : 'Start it anew?'))) return run(steps, seen)
    leave(steps, may ? 'needs-word' : 'handed-over')
    text('It goes on with the old state until then.')
    return 'last-look'
  }

  const fixOne = async (cause: Cause, seen: S): Promise<Ending<S>> => {
    const { evidence } = seen
    const end: FixEnd<S> = { kind: 'looked', seen, told: true }
    say({ kind: 'cause', cause })
    const facts = await gatherFixFacts(host, evidence, cause.id)
    const plan = ports.plan(cause, evidence, facts)
    if (isNoFix(plan)) {
      text(`Not fixed: ${plan.noFix}.`)
      ports.recordOf(cause.id, { kind: 'none', outcome: 'refused', problem: plan.noFix })
      return end
    }
    const about = { id: cause.id, title: cause.title, evidence: cause.evidence[0] ?? '', automatic: ports.automatic(cause) }
    const steps = stepsOf(plan, about, placeOf(host))
    say({ kind: 'steps', steps, notes: plan.notes })
    if (steps.some(({ automatic }) => automatic === 'ask') && !(await ports.agrees('Do it?'))) {
      leave(steps, 'needs-word')
      text(`${host.terminal.interactive ? '' : 'Needs confirmation; rerun with --yes. '}Nothing was changed.`)
      return end
    }
    tried.set(cause.id, backup.mark())
    const handOver = plan.actions.find((action) => action.kind === 'hand-over')
    // nobody is to end a server for a start that won't come
    if (handOver !== undefined && !ports.starts) {
      leave(steps, 'handed-over')
      text('Not done here: it runs until Ctrl+C, and there is no terminal. Run it yourself.')
      return end
    }
    const failed = await run(steps, seen)
    if (failed !== undefined) return failed
    if (handOver !== undefined) return { kind: 'start', action: handOver }
    url = plan.url ?? url
    const [step] = steps
    return plan.restart && step !== undefined ? restart({ ...step, ...about }, seen, facts) : undefined
  }

  let seen = await ports.look(url)
  const finished = (): FixEnd<S> => {
    kept()
    return { kind: 'looked', seen, told: false }
  }
  const stalled = async (id: string): Promise<FixEnd<S>> => {
    text(`${id} is named all the same: the fix has not helped.`)
    const done = await putBack(tried.get(id) ?? backup.mark())
    if (done.length > 0) ports.recordOf(id, { kind: 'put-back', outcome: 'put-back', files: done.map(({ path }) => path) })
    return finished()
  }
  for (;;) {
    const { cause } = seen
    if (cause === undefined || (tried.size >= mostCauses && !tried.has(cause.id))) return finished()
    if (tried.has(cause.id)) return stalled(cause.id)
    const ending = await fixOne(cause, seen)
    if (typeof ending === 'object') {
      if (ending.kind !== 'stopped') kept()
      return ending
    }
    seen = await ports.look(url)
    if (ending === 'last-look') return finished()
    const still = [...tried.keys()].find((id) => seen.names(id))
    if (still !== undefined) return stalled(still)
    const now = seen.cause
    text(`was: ${cause.title}   ${cause.id}`, `is:  ${now === undefined ? 'nothing against it' : `${now.title}   ${now.id}`}`, '')
  }
}

function placeOf({ cwd, platform }: Host) {
  return { root: cwd, platform }
}
