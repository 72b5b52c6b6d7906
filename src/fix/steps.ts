import { inShell, typedInOrder } from '../host/shell.ts'
import { relativeTo, type Place } from '../plan/install.ts'
import type { Action, Fix, Step } from './step.ts'

/** What a step takes over from the cause that it fixes. */
export type StepCause = Pick<Step, 'id' | 'title' | 'evidence' | 'automatic'>

/** The actions of a plan with what they are for. */
export function stepsOf(plan: Fix, cause: StepCause, place: Place, certain = true): Step[] {
  const automatic = plan.asks || plan.replaces ? 'ask' : cause.automatic
  return plan.actions.map((action) => ({
    ...cause,
    automatic,
    certain,
    title: titleOf(action, place) ?? cause.title,
    shown: shownOf(action, place),
    action,
  }))
}

function titleOf(action: Action, place: Place): string | undefined {
  switch (action.kind) {
    case 'command':
      return action.what
    case 'edit':
      return action.names === undefined
        ? undefined
        : `${action.names.length === 1 ? 'a variable' : `${action.names.length} variables`} in ${relativeTo(place, action.file)}`
    case 'make-folder':
      return `the folder ${relativeTo(place, action.path)}`
    case 'copy':
      return relativeTo(place, action.to)
    case 'create-user':
      return 'a user to log in as'
    case 'create-row':
      return `a row of ${action.row.model}`
    default:
      return undefined
  }
}

/** An action as one line: the command that does it, where there is one. */
function shownOf(action: Action, place: Place): string {
  const { platform } = place
  const path = (file: string): string => relativeTo(place, file)
  const line = (...command: readonly string[]): string => typedInOrder(inShell(command, platform), platform)
  switch (action.kind) {
    case 'command':
      return typedInOrder(action.typed, platform)
    case 'create-user':
      return action.shown
    case 'create-row':
      return `election-dev makes it${action.row.value === undefined ? '' : `: ${action.row.field} ${action.row.value}`}`
    case 'edit':
      return `edit ${path(action.file)}${action.names === undefined ? '' : `: ${action.names.join(', ')}`}`
    case 'make-folder':
      return line('mkdir', '-p', path(action.path))
    case 'copy':
      return line('cp', path(action.from), path(action.to))
    case 'rename':
      return line('mv', path(action.from), path(action.to))
    case 'remove':
      return `move ${path(action.path)} into the backup`
    case 'signal':
      return `${line('kill', ...(action.signal === 'SIGTERM' ? [] : ['-CONT']), String(action.pid))}   (${action.why})`
    case 'restart':
      return 'election-dev restart backend'
    case 'wait':
      return 'wait until Redis has read its data'
    case 'hand-over':
      return line(...action.command)
  }
}
