import type { Host } from '../host/host.ts'
import { liveLine } from './live-line.ts'
import type { ServiceLog } from './service-log.ts'
import type { StackControl } from './stack-control.ts'
import { styleFor } from './style.ts'

/** The status line while it is shown. */
export interface Live {
  /** Draws what has changed beside the status, such as the filter of the log. */
  readonly update: () => void
  /** Takes the line away, for good. */
  readonly detach: () => void
}

/** The line is drawn no more often than this, in milliseconds. */
const everyMs = 100

/**
 * Keeps the status line below the log. Does nothing where standard output is no
 * terminal that draws: never in CI, on a dumb terminal, or beside `--json`,
 * for which it isn't called.
 */
export function attachLive(
  host: Pick<Host, 'terminal' | 'now'>,
  source: Pick<StackControl, 'status' | 'listen'>,
  options: { readonly keys: boolean; readonly log?: ServiceLog },
): Live {
  const { terminal } = host
  const screen = terminal.outIsTerminal ? terminal.screen : undefined
  if (screen === undefined) return { update: () => {}, detach: () => {} }
  const style = styleFor(host)
  const show = screen.bottomLine()
  let drawnAt = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  const draw = () => {
    clearTimeout(timer)
    timer = undefined
    drawnAt = host.now()
    const filter = options.log?.filter() ?? 'all'
    show(liveLine(source.status(), { columns: terminal.columns, style, keys: options.keys, filter }))
  }
  const update = () => {
    if (timer !== undefined) return
    const wait = drawnAt + everyMs - host.now()
    if (wait <= 0) draw()
    else timer = setTimeout(draw, wait).unref()
  }
  const unheard = source.listen(update)
  const unsized = screen.resized(() => {
    draw()
    // the same text may stand broken into two rows now
    screen.redraw()
  })
  draw()
  return {
    update,
    detach: () => {
      unheard()
      unsized()
      clearTimeout(timer)
      // what comes late draws nothing
      timer = undefined
      show(undefined)
    },
  }
}
