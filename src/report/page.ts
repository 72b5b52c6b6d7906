import { judged } from '../causes/causes.ts'
import type { PageVerdict } from '../checks/page.ts'
import type { PageLook } from '../facts/page-seen.ts'
import type { PageSummary } from './run-event.ts'
import type { Style } from './style.ts'

/** What is told of a page that a browser has looked at. */
export function pageSummary(verdict: PageVerdict, look: PageLook): Omit<PageSummary, 'url'> {
  const picture = look.result === 'seen' ? look.screenshot : undefined
  return {
    state: verdict.state,
    text: `${verdict.text}${picture !== undefined && 'why' in picture ? ` · no picture: ${picture.why}` : ''}`,
    sockets: look.result === 'seen' ? look.sockets.map(({ url, state }) => ({ url, state })) : [],
    ...(picture !== undefined && 'file' in picture ? { screenshot: picture.file } : {}),
    ...(verdict.diagnosis === undefined ? {} : { diagnosis: judged(verdict.diagnosis) }),
  }
}

/** Its row, without its name. */
export function pageWords({ url, state, text }: PageSummary, style: Style): string {
  if (state === 'unseen') return `${style.cyan(url)}   ${style.dim(text)}`
  const colour = state === 'failed' ? style.red : state === 'yellow' || state === 'looking' ? style.yellow : style.green
  return `${style.cyan(url)}   ${colour('●')} ${text}`
}
