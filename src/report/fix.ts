import { isUndoable, type Step } from '../fix/step.ts'
import type { FixEvent, StepOutcome } from '../fix/loop.ts'
import type { Judged } from '../checks/diagnosis.ts'
import { shown } from '../facts/project.ts'
import type { Host } from '../host/host.ts'
import { renderDotenvDiff, renderSourceDiff } from './diff.ts'
import { diagnosisPage, errorPage } from './failure.ts'
import { styleFor, type Style } from './style.ts'

/** What `--fix` says as it goes on. */
export function fixText(host: Host, event: FixEvent<Judged>): string[] {
  const { columns } = host.terminal
  switch (event.kind) {
    case 'cause':
      return diagnosisPage(event.cause, styleFor(host), columns)
    case 'steps':
      return [...event.steps.flatMap((step) => stepText(host, step)), ...event.notes.map((note) => `    ${note}`), '']
    case 'text':
      return event.lines.map((line) => (line === '' ? '' : `  ${line}`))
    case 'line':
      return [`      ${event.line}`]
    case 'failed':
      return errorPage(event.error, styleFor(host), columns)
    case 'put-back':
      return event.done.map(({ path, outcome, why }) => `    ${path}   ${outcome}${why === undefined ? '' : `: ${why}`}`)
  }
}

/** The diff of an edit; no line for anything else. Values of `.env` and secrets are hidden. */
function stepDiff({ action }: Step, root: string): string[] {
  return action.kind === 'edit' ? diffOf(action, shown({ root }, action.file)) : []
}

function diffOf(action: Extract<Step['action'], { kind: 'edit' }>, path: string): string[] {
  const before = action.before instanceof Uint8Array ? new TextDecoder().decode(action.before) : action.before
  return action.language === 'dotenv' ? renderDotenvDiff(path, before, action.after) : renderSourceDiff(path, before, action.after)
}

/** A step before it is done: the diff, else the command and what can't be undone of it. */
function stepText(host: Host, step: Step): string[] {
  const style = styleFor(host)
  const diff = stepDiff(step, host.cwd)
  if (diff.length > 0) return coloured(diff, style)
  const note = noteOf(step)
  return [`    ${style.dim('$')} ${style.cyan(step.shown)}${note === undefined ? '' : style.dim(`   (${note})`)}`]
}

const coloured = (diff: readonly string[], style: Style): string[] =>
  diff.map((line) => `    ${line.startsWith('+') ? style.green(line) : line.startsWith('-') ? style.red(line) : style.dim(line)}`)

/** What an edit of a source changes, under the line that names it; of an `.env` that line has the names. */
export function sourceDiff({ action, shown }: Step, style: Style): string[] {
  return action.kind === 'edit' && action.language !== 'dotenv' ? coloured(diffOf(action, shown.replace(/^edit /, '')), style) : []
}

function noteOf({ action }: Step): string | undefined {
  if (action.kind === 'copy' && action.fresh) return 'with signing keys of its own'
  if (action.kind === 'hand-over') return 'which stays up here until Ctrl+C'
  return isUndoable(action) ? undefined : stays
}

/** Said of a step that `--undo` doesn't take back. */
export const stays = "can't be undone"

/** A step for `fixes` of `--json`. */
export function stepJson(
  step: Step,
  outcome: StepOutcome,
  { root, backup, problem }: { root: string; backup: string | undefined; problem: string | undefined },
): Readonly<Record<string, unknown>> {
  return {
    id: step.id,
    kind: step.action.kind,
    ...fieldsOf(step, root),
    outcome,
    ...(problem === undefined ? {} : { problem }),
    ...(backup === undefined ? {} : { backup }),
  }
}

function fieldsOf(step: Step, root: string): Readonly<Record<string, unknown>> {
  const { action } = step
  const path = (file: string) => shown({ root }, file)
  switch (action.kind) {
    case 'command':
      return { command: action.argv, cwd: path(action.cwd) }
    case 'edit':
      return { file: path(action.file), diff: stepDiff(step, root) }
    case 'make-folder':
    case 'remove':
      return { path: path(action.path) }
    case 'copy':
    case 'rename':
      return { from: path(action.from), to: path(action.to) }
    case 'signal':
      return { pid: action.pid, signal: action.signal, why: action.why }
    case 'wait':
      return { what: action.what }
    case 'restart':
      return { command: ['election-dev', 'restart', 'backend'] }
    case 'create-user':
      return {}
    case 'create-row':
      return { model: action.row.model }
    case 'hand-over':
      return { command: action.command }
  }
}
