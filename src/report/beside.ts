import type { Beside } from '../checks/beside.ts'
import { dotOf, type Style } from './style.ts'

/** A WebSocket beside the first, as a line for people. */
export function besideLine({ path, state, why, diagnosis }: Beside, style: Style): string {
  if (state === 'not-proven') return `${style.cyan(path)}   ${style.dim(`not proven: ${why ?? ''}`)}`
  const cause = diagnosis === undefined ? '' : `   ${diagnosis.title}   ${style.dim(diagnosis.id)}`
  return `${style.cyan(path)}   ${dotOf(style, state, diagnosis?.id)}${cause}`
}

/** `2 of 3 WebSockets`, of the first and those beside it; nothing where there is but one. */
export function besideWords(isFirst: boolean, beside: readonly Beside[]): string {
  if (beside.length === 0) return ''
  const connected = beside.filter(({ state }) => state === 'connected').length + (isFirst ? 1 : 0)
  return `${connected} of ${beside.length + 1} WebSockets`
}
