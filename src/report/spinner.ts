import type { Host } from '../host/host.ts'

/** Says what is being waited for, in a line that turns. */
export interface Spinner {
  readonly say: (text: string) => void
  readonly stop: () => void
}

const everyMs = 80

/**
 * A spinner on a terminal that draws, nothing anywhere else: a log has no use
 * for it. ora makes its frames, which are shown in the terminal's bottom line:
 * lines that are written meanwhile stand above it. Loaded late, so that it
 * never delays the launch.
 */
export function spinnerFor(host: Pick<Host, 'terminal'>): Spinner {
  const { terminal } = host
  const show = terminal.interactive ? terminal.screen?.bottomLine() : undefined
  if (show === undefined) return { say: () => {}, stop: () => {} }
  let text = ''
  let loading: Promise<void> | undefined
  let frames: { text: string; frame: () => string } | undefined
  let timer: NodeJS.Timeout | undefined
  const load = async () => {
    const { default: ora } = await import('ora')
    // never started: it would draw by itself, and take the keyboard
    frames = ora({ text, discardStdin: false, color: terminal.color ? 'cyan' : false })
  }
  const draw = () => {
    if (frames === undefined) return
    // a text of ours is never wider than it has characters
    frames.text = text.slice(0, Math.max(0, terminal.columns - 6))
    show(`  ${frames.frame()}`)
  }
  return {
    say: (next) => {
      text = next
      loading ??= load()
      draw()
      timer ??= setInterval(draw, everyMs).unref()
    },
    stop: () => {
      clearInterval(timer)
      timer = undefined
      show(undefined)
    },
  }
}
