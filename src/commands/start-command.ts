import { flagsOf } from '../config/flags.ts'
import type { OptionsOf } from '../config/options/call.ts'
import { isInBackground } from '../host/background-order.ts'
import { nodeHost } from '../host/node-host.ts'
import { keepHeapSmall } from '../host/small-heap.ts'
import { registrar } from './run-registrar.ts'
import { start } from './start.ts'

/** `election-dev start` from the command line. Gives the exit status. */
export async function startCommand(options: OptionsOf<'start'>): Promise<number> {
  const order = isInBackground() ? (await import('../host/background-process.ts')).takeBackgroundOrder() : undefined
  if (order !== undefined) {
    keepHeapSmall()
    return (await import('./start-background.ts')).startInBackground(options, order)
  }
  if (options.detach === true) return (await import('./detach.ts')).detach(options)
  const tellOthers = registrar()
  return start(nodeHost({ cwd: options.cwd }), flagsOf(options), {
    onControl: (control, run) => {
      // once the server is launched: a small heap is collected more often, some 3 ms of what comes before
      keepHeapSmall()
      return tellOthers(control, run)
    },
  })
}
