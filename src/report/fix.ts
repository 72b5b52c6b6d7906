import type { Step } from '../fix/step.ts'
import type { Host } from '../host/host.ts'
import { shown } from '../facts/project.ts'
import { renderDotenvDiff, renderSourceDiff } from './diff.ts'
import { styleFor } from './style.ts'
import { typed } from './words.ts'

/** What became of a step. `needs-word`: it is made with the user's word only, and there was none. */
export type StepOutcome = 'done' | 'refused' | 'failed' | 'needs-word' | 'handed-over' | 'put-back'

/** A step as one line for people, as a command where there is one; an edit is told by its diff. */
export function stepLine(step: Step, root: string): string {
  const path = (file: string) => shown({ root }, file)
  switch (step.kind) {
    case 'command':
      return step.shown
    case 'edit':
      return `edit ${path(step.file)}`
    case 'make-folder':
      return typed(['mkdir', '-p', path(step.path)])
    case 'copy':
      return `${typed(['cp', path(step.from), path(step.to)])}${step.fresh ? '   (with signing keys of its own)' : ''}`
    case 'rename':
      return step.to === undefined ? `move ${path(step.from)} into the backup` : typed(['mv', path(step.from), path(step.to)])
    case 'remove':
      return `move ${path(step.path)} into the backup`
    case 'signal':
      return `kill ${step.signal === 'SIGTERM' ? '' : '-CONT '}${step.pid}   (${step.why})`
    case 'wait':
      return 'wait until Redis has read its data'
    case 'hand-over':
      return typed(step.command)
  }
}

/** The diff of an edit; no line for anything else. Values of `.env` and secrets are hidden. */
export function stepDiff(step: Step, root: string): string[] {
  if (step.kind !== 'edit') return []
  const path = shown({ root }, step.file)
  const before = step.before instanceof Uint8Array ? new TextDecoder().decode(step.before) : step.before
  return step.language === 'dotenv' ? renderDotenvDiff(path, before, step.after) : renderSourceDiff(path, before, step.after)
}

/** A step for people before it is done: the command, or the diff. */
export function stepText(host: Host, step: Step, root: string): string[] {
  const style = styleFor(host)
  const diff = stepDiff(step, root)
  if (diff.length > 0)
    return diff.map((line) => `    ${line.startsWith('+') ? style.green(line) : line.startsWith('-') ? style.red(line) : style.dim(line)}`)
  return [`    ${style.dim('$')} ${style.cyan(stepLine(step, root))}`]
}

/** A step for `fixes` of `--json`. */
export function stepJson(
  id: string,
  step: Step,
  outcome: StepOutcome,
  details: { root: string; backup: string | undefined; problem?: string },
): Readonly<Record<string, unknown>> {
  const { root, backup, problem } = details
  const path = (file: string) => shown({ root }, file)
  return {
    id,
    kind: step.kind,
    ...fields(),
    outcome,
    ...(problem === undefined ? {} : { problem }),
    ...(backup === undefined ? {} : { backup }),
  }

  function fields(): Readonly<Record<string, unknown>> {
    switch (step.kind) {
      case 'command':
        return { command: step.argv, cwd: path(step.cwd) }
      case 'edit':
        return { file: path(step.file), diff: stepDiff(step, root) }
      case 'make-folder':
      case 'remove':
        return { path: path(step.path) }
      case 'copy':
        return { from: path(step.from), to: path(step.to) }
      case 'rename':
        return { from: path(step.from), ...(step.to === undefined ? {} : { to: path(step.to) }) }
      case 'signal':
        return { pid: step.pid, signal: step.signal, why: step.why }
      case 'wait':
        return { what: step.what }
      case 'hand-over':
        return { command: step.command }
    }
  }
}
