import type { Config } from '../config/config.ts'
import type { Host } from '../host/host.ts'
import type { Sink } from '../host/terminal.ts'
import type { RunEvent } from '../report/run-event.ts'
import type { StackControl } from '../report/stack-control.ts'
import type { StartConsole } from './start-console.ts'

/** What is on the terminal by and by: a word on what is decided, or waited for. */
const unhurried: ReadonlySet<RunEvent['event']> = new Set(['note', 'phase'])

/**
 * The console of `start`, of some twenty files: they are loaded while the server starts,
 * unless there is something to be told before it is launched. What is reported until then is kept.
 */
export function lateConsole(host: Host, config: Config) {
  let kept: RunEvent[] = []
  let opened: StartConsole | undefined
  let opening: Promise<StartConsole> | undefined
  const open = async () => {
    const { openConsole } = await import('./start-console.ts')
    opened = openConsole(host, config)
    for (const event of kept) opened.report(event)
    kept = []
    return opened
  }
  const load = () => (opening ??= open())
  return {
    report: (event: RunEvent) => {
      if (opened !== undefined) return opened.report(event)
      kept.push(event)
      if (!unhurried.has(event.event)) void load()
    },
    sinks: (): readonly Sink[] => opened?.sinks ?? [],
    /** Resolves when what was reported stands on the terminal: a question is to come after it. */
    told: async () => void (await load()),
    attach: (control: StackControl) => {
      const release = load().then((console) => console.attach(control))
      return async () => (await release)()
    },
    close: async () => (await load()).close(),
  }
}
