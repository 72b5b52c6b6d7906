import { cwdOf, flagsOf } from '../config/flags.ts'
import { takeBackgroundOrder } from '../host/background-process.ts'
import { nodeHost } from '../host/node-host.ts'
import { keepHeapSmall } from '../host/small-heap.ts'
import { registrar } from './run-registrar.ts'
import { start } from './start.ts'

/** `election-dev start` from the command line. Gives the exit status. */
export async function startCommand(options: Readonly<Record<string, unknown>>, version: string): Promise<number> {
  keepHeapSmall()
  const order = takeBackgroundOrder()
  if (order !== undefined) return (await import('./start-background.ts')).startInBackground(options, version, order)
  if (options['detach'] === true) return (await import('./detach.ts')).detach(options)
  return start(nodeHost({ cwd: cwdOf(options) }), flagsOf(options), { version, onControl: registrar(version) })
}
