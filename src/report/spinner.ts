import type { Host } from '../host/host.ts'
import { styleFor } from './style.ts'

/** Says what is being waited for, in a line that turns. */
export interface Spinner {
  readonly say: (text: string) => void
  readonly stop: () => void
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const everyMs = 80

/** A spinner on a terminal that draws, nothing anywhere else: a log has no use for it. Lines that are written meanwhile stand above it. */
export function spinnerFor(host: Pick<Host, 'terminal'>): Spinner {
  const { terminal } = host
  const line = terminal.interactive ? terminal.screen?.bottomLine() : undefined
  if (line === undefined) return { say: () => {}, stop: () => {} }
  const style = styleFor(host)
  let text = ''
  let frame = 0
  let timer: NodeJS.Timeout | undefined
  // a text of ours is never wider than it has characters
  const draw = () => line.show(`  ${style.cyan(frames[frame++ % frames.length] ?? '')} ${text.slice(0, Math.max(0, terminal.columns - 6))}`)
  return {
    say: (next) => {
      text = next
      draw()
      timer ??= setInterval(draw, everyMs).unref()
    },
    stop: () => {
      clearInterval(timer)
      timer = undefined
      line.show(undefined)
    },
  }
}
