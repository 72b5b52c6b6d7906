import { withoutEscapes } from '../host/escape-codes.ts'
import type { Host } from '../host/host.ts'
import { fitted } from './display-width.ts'

/** Says what is being waited for, in a line that turns. */
export interface Spinner {
  /** Whether anything is shown at all. */
  readonly shows: boolean
  readonly say: (text: string) => void
  /** What it is at, behind what was said last: a line of a program that is run. */
  readonly add: (line: string) => void
  readonly stop: () => void
}

const everyMs = 80

/**
 * A spinner on a terminal that draws, nothing anywhere else: a log has no use
 * for it. ora makes its frames, which are shown in the terminal's bottom line:
 * lines that are written meanwhile stand above it. Loaded late, so that it
 * never delays the launch.
 */
export function spinnerFor(host: Pick<Host, 'terminal' | 'secrets'>): Spinner {
  const { terminal, secrets } = host
  const show = terminal.interactive ? terminal.screen?.bottomLine() : undefined
  if (show === undefined) return { shows: false, say: () => {}, add: () => {}, stop: () => {} }
  let text = ''
  let added = ''
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
    frames.text = fitted(added === '' ? text : `${text} · ${added}`, Math.max(0, terminal.columns - 6))
    show(`  ${frames.frame()}`)
  }
  return {
    shows: true,
    say: (next) => {
      text = next
      added = ''
      loading ??= load()
      draw()
      timer ??= setInterval(draw, everyMs).unref()
    },
    add: (line) => {
      // before it is cut: half a secret is not known as one
      added = secrets.mask(withoutEscapes(line)).replaceAll(/\s+/g, ' ').trim()
    },
    stop: () => {
      clearInterval(timer)
      timer = undefined
      show(undefined)
    },
  }
}
