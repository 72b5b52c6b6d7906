import { relativeTo, quoted, typed, type Place } from '../plan/install.ts'
import type { Action, Fix, Step } from './step.ts'

/** What a step takes over from the cause that it fixes. */
export type StepCause = Pick<Step, 'id' | 'title' | 'evidence' | 'automatic'>

/** The actions of a plan with what they are for. */
export function stepsOf(plan: Fix, cause: StepCause, place: Place, certain = true): Step[] {
  const automatic = plan.asks ? 'ask' : cause.automatic
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
    default:
      return undefined
  }
}

/** An action as one line: the command that does it, where there is one. */
function shownOf(action: Action, place: Place): string {
  const isWindows = place.platform === 'win32'
  switch (action.kind) {
    case 'command': {
      const commands = action.typed.map((words) => words.map((word) => quoted(word, place.platform)).join(' '))
      // PowerShell 5 knows no &&
      return commands.join(isWindows ? '; ' : ' && ')
    }
    case 'create-user':
      return action.shown
    case 'edit':
      return `edit ${relativeTo(place, action.file)}${action.names === undefined ? '' : `: ${action.names.join(', ')}`}`
    case 'make-folder':
      return `${isWindows ? 'mkdir' : 'mkdir -p'} ${typed(place, action.path)}`
    case 'copy':
      return `${isWindows ? 'copy' : 'cp'} ${typed(place, action.from)} ${typed(place, action.to)}`
    case 'rename':
      return `${isWindows ? 'move' : 'mv'} ${typed(place, action.from)} ${typed(place, action.to)}`
    case 'remove':
      return `move ${relativeTo(place, action.path)} into the backup`
    case 'signal':
      return `kill ${action.signal === 'SIGTERM' ? '' : '-CONT '}${action.pid}   (${action.why})`
    case 'restart':
      return 'election-dev restart backend'
    case 'wait':
      return 'wait until Redis has read its data'
    case 'hand-over':
      return action.command.map((word) => quoted(word, place.platform)).join(' ')
  }
}
